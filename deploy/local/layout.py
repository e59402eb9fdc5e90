"""Where things lie: the checkout, its virtual environment and the data folder."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
DATA = ROOT / ".rakkan"
LOG = DATA / "log"
KEYS = DATA / "keys"
TRUST = DATA / "trust"
BLOBS = DATA / "blobs"
MAIL = DATA / "mail"  # what would have been sent
WORK = DATA / "work"
WITNESS = DATA / "witness"  # key and memory of the development witness
SECRETS = DATA / "secrets.json"
LOCK = DATA / "stack.lock"
STATE = DATA / "stack.json"


def keys_of(process: str) -> Path:
    """Returns the folder with the keys of one process (see compliance.development)."""
    return DATA / f"keys-{process}"
