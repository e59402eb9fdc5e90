"""The `mesh` engine: a talking portrait from one photo on a CPU, without learnt generators."""

from generation.mesh.engine import MeshEngine

__all__ = ["MeshEngine"]
