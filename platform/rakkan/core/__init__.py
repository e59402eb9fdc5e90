"""What every app stands on: errors, ids, storage, uploads and the state-machine check."""
