"""Who may import whom: the contracts, and what a process really loads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

MODELS = {"torch", "diffusers", "ai_edge_litert", "hama", "imwatermark", "generation"}
SETTINGS = "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'rakkan.config.settings'\n"
REPORT = "\nimport json, sys; print(json.dumps(list(sys.modules)))"


def loaded_by(code: str, checkout: Path) -> set[str]:
    """Modules that a fresh process has loaded after running `code`."""
    environment = {**os.environ, "PYTHONPATH": f"{checkout / 'platform'}:{checkout}"}
    result = subprocess.run(
        [sys.executable, "-c", code + REPORT],
        cwd=checkout, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return set(json.loads(result.stdout.splitlines()[-1]))


def test_layer_contracts_hold(checkout: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{checkout / 'platform'}:{checkout}"}
    code = "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-cache'])"
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=checkout, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_web_process_loads_no_model(checkout: Path) -> None:
    assert loaded_by(SETTINGS + "import rakkan.config.wsgi", checkout) & MODELS == set()


def test_the_sealing_worker_loads_no_model(checkout: Path) -> None:
    code = "from rakkan.config.celery import app\napp.loader.import_default_modules()"
    assert loaded_by(SETTINGS + code, checkout) & MODELS == set()


def test_the_render_worker_loads_no_database(checkout: Path) -> None:
    # Where Django is installed, kombu looks at django.utils for its JSON: that is no Django yet.
    database = {"django.conf", "django.db", "psycopg", "rakkan", "boto3"}
    assert loaded_by("import generation.worker", checkout) & database == set()


@pytest.mark.parametrize("module", ["compliance.__main__", "compliance.verify"])
def test_the_verifier_needs_no_platform_and_no_model(checkout: Path, module: str) -> None:
    loaded = loaded_by(f"import {module}", checkout)
    assert loaded & {"django", "torch", "celery", "psycopg", "asn1crypto"} == set()
