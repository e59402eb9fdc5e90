"""How good a finished video is, whatever drew it: measured from pixels, sound and the photo."""
