"""What this app does: seal, gate, release.

Sealing and the gate load the media libraries: import them by their own modules, in the seal
worker only. What is here is light enough for the web process.
"""
