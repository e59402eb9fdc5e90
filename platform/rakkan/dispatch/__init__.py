"""Jobs, leases and permits."""
