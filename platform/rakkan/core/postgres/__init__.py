"""Django's PostgreSQL backend, which tells each session whose rows it may see."""
