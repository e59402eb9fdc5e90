"""Who somebody is, as checked by a reviewer."""
