"""Pictures and films as files: `photo` reads a portrait, `encoder` writes a marked video."""
