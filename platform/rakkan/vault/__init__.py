"""A key for each person: what is sealed under it is gone when the key is destroyed."""
