"""One file a transition: it checks, calls the apps below, writes the event."""
