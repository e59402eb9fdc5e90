"""Folders: what lies where, so that nobody has to guess and nothing is shadowed."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

WEIGHTS = {".task", ".tflite", ".onnx", ".safetensors", ".npz"}
SOURCE_FOLDERS = ["compliance", "generation", "platform/rakkan", "deploy", "tests"]


def python_files(checkout: Path, *folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((checkout / folder).rglob("*.py"))]


def test_platform_is_a_source_folder_and_never_a_package(checkout: Path) -> None:
    assert list((checkout / "platform").glob("*.py")) == []
    assert [path.name for path in (checkout / "platform").iterdir() if path.is_dir()] == ["rakkan"]


def test_the_standard_library_keeps_its_platform_module() -> None:
    assert Path(str(platform.__file__)).parent == Path(sysconfig.get_paths()["stdlib"])


def test_no_test_lies_under_platform_and_no_test_folder_is_called_so(checkout: Path) -> None:
    found = [*checkout.glob("platform/**/test_*.py"), *checkout.glob("platform/**/conftest.py")]
    found += [path for path in (checkout / "tests").rglob("platform") if path.is_dir()]
    assert found == []


def test_every_package_folder_says_what_it_is_for(checkout: Path) -> None:
    for top in ("compliance", "generation", "platform/rakkan", "deploy/local"):
        for folder in {path.parent for path in python_files(checkout, top)}:
            if folder.name in {"migrations", "commands", "management"}:
                continue
            init = folder / "__init__.py"
            assert init.exists(), f"{folder} has no __init__.py"
            assert init.read_text(encoding="utf-8").startswith('"""'), f"{init} has no docstring"


def test_every_weight_file_has_a_model_card(checkout: Path) -> None:
    weights = checkout / "generation" / "weights"
    files = [path for path in weights.iterdir() if path.suffix in WEIGHTS]
    assert files
    for path in files:
        card = path.with_suffix(".md")
        assert card.exists(), f"{path.name} has no model card"
        text = card.read_text(encoding="utf-8").lower()
        assert "licen" in text, f"{card.name} names no licence"
        assert "comes from" in text, f"{card.name} does not say where this copy comes from"


def test_every_sample_file_has_a_source_and_a_licence(checkout: Path) -> None:
    listed = (checkout / "tests/fixtures/README.md").read_text(encoding="utf-8")
    for path in (checkout / "tests" / "fixtures").rglob("*"):
        if path.is_file() and path.name != "README.md":
            assert path.name in listed, f"tests/fixtures/README.md is silent on {path.name}"


def test_nothing_is_left_for_later(checkout: Path) -> None:
    """A marker in the source is work that nobody tracks."""
    marker = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
    found = []
    for path in python_files(checkout, *SOURCE_FOLDERS):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if marker.search(line):
                found.append(f"{path.relative_to(checkout)}:{number}: {line.strip()}")
    assert found == []


@pytest.mark.parametrize("folder", ["docs", "."])
def test_links_between_pages_lead_somewhere(checkout: Path, folder: str) -> None:
    pages = (checkout / folder).rglob("*.md") if folder != "." else checkout.glob("*.md")
    for page in pages:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.relative_to(checkout)}: {target}"


def test_every_page_is_in_the_index(checkout: Path) -> None:
    index = (checkout / "docs" / "README.md").read_text(encoding="utf-8")
    pages = {path.name for path in (checkout / "docs").glob("*.md")} - {"README.md"}
    assert [name for name in sorted(pages) if f"({name})" not in index] == []


def test_the_bootstrap_runs_on_the_standard_library_alone(checkout: Path) -> None:
    """`make setup` starts where nothing is installed: -S leaves out every installed package."""
    command = [sys.executable, "-S", "-m", "deploy.local"]
    result = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "setup" in result.stdout
    code = "import deploy.local.install, deploy.local.control, deploy.local.commands"
    subprocess.run([sys.executable, "-S", "-c", code], cwd=checkout, check=True)
