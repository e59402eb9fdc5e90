"""How the networks of `portraittalk` are trained: data, its card, and the loops."""
