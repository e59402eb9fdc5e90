"""Where real and default parts are wired together."""
