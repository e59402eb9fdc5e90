"""One video on its way from request to release."""
