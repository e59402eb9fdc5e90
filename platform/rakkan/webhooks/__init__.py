"""Tell an organisation's own systems what happened to its releases."""
