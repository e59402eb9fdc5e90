"""The `portraittalk` engine: latent diffusion steered by a portrait, a voice and a text."""
