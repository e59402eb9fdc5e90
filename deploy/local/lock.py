"""Resolves every dependency once and exports the pinned files in ``requirements/``.

One resolution for all of them: what the verifier, the web, the workers and the tests run is the
same set of versions, and each file is a cut-out of it. The files hold names and versions only (no
download addresses, no hashes, no local versions), so that the same file serves a machine with a
CPU build of torch and one with a CUDA build.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.local.errors import LocalError
from deploy.local.layout import ROOT

REQUIREMENTS = ROOT / "requirements"
HEADER = """\
# Written by `make lock` from pyproject.toml: do not edit.
# {purpose}
# Install with: pip install torch==... (if listed) first, then pip install --no-deps -r {name}.txt
"""
PURPOSES = {
    "verifier": "The auditor's verifier: `python -m compliance verify`.",
    "web": "The web process, the clerk and the sealing worker. No torch in here.",
    "worker": "The CPU worker: measures and the mesh engine.",
    "worker-gpu": "The GPU worker.",
    "dev": "Everything: tests, linters and the embedded servers.",
}


@dataclass(frozen=True)
class Package:
    """One resolved distribution."""

    name: str
    version: str
    requires: tuple[Requirement, ...]


@dataclass
class Selection:
    """What one file holds: each package with those that asked for it."""

    wanted_by: dict[str, set[str]] = field(default_factory=dict)
    seen: set[tuple[str, str]] = field(default_factory=set)

    def add(self, requirement: Requirement, parent: str, resolved: dict[str, Package]) -> None:
        """Adds `requirement` and, with its extras, all that it needs in turn.

        Raises:
            LocalError: The resolution does not hold a package that is needed.
        """
        name = canonicalize_name(requirement.name)
        if name not in resolved:
            raise LocalError(
                "lock-incomplete",
                f"{parent} needs {name}, which the resolution left out.",
                "Run `make lock` again; a name in pyproject.toml may be spelled wrong.",
            )
        self.wanted_by.setdefault(name, set()).add(parent)
        for extra in ("", *sorted(requirement.extras)):
            if (name, extra) in self.seen:
                continue
            self.seen.add((name, extra))
            for child in resolved[name].requires:
                if applies(child, extra):
                    self.add(child, name, resolved)


def applies(requirement: Requirement, extra: str) -> bool:
    """Tells whether a dependency holds here when its package is installed with `extra`."""
    if requirement.marker is None:
        return extra == ""
    if "extra" not in str(requirement.marker):
        return extra == "" and requirement.marker.evaluate()
    return extra != "" and requirement.marker.evaluate({"extra": extra})


def project() -> dict[str, Any]:
    """Reads pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def direct(extras: list[str]) -> list[Requirement]:
    """Lists the base dependencies and those of `extras`, references to itself followed."""
    table = project()["project"]
    found = [Requirement(line) for line in table["dependencies"]]
    waiting, done = list(extras), set()
    while waiting:
        extra = waiting.pop()
        if extra in done:
            continue
        done.add(extra)
        for line in table["optional-dependencies"][extra]:
            requirement = Requirement(line)
            if requirement.name == table["name"]:
                waiting.extend(requirement.extras)
            else:
                found.append(requirement)
    return found


def resolve(requirements: list[Requirement]) -> dict[str, Package]:
    """Asks pip for one set of versions that satisfies all of `requirements` on this machine."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        wanted = Path(folder) / "wanted.txt"
        wanted.write_text("\n".join(sorted({str(line) for line in requirements})), encoding="utf-8")
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed",
             "--report", str(report), "--requirement", str(wanted)],
            check=True,
        )  # fmt: skip
        items = json.loads(report.read_text(encoding="utf-8"))["install"]
    packages = [package_of(item["metadata"]) for item in items]
    return {package.name: package for package in packages}


def package_of(metadata: dict[str, Any]) -> Package:
    """Reads a package's name, public version and dependencies from pip's report."""
    return Package(
        name=canonicalize_name(metadata["name"]),
        version=metadata["version"].partition("+")[0],
        requires=tuple(Requirement(line) for line in metadata.get("requires_dist", ())),
    )


def export(name: str, extras: list[str], resolved: dict[str, Package]) -> str:
    """Writes one requirements file as text: the cut-out of the resolution that `extras` need."""
    selection = Selection()
    for requirement in direct(extras):
        selection.add(requirement, "rakkan", resolved)
    lines = [HEADER.format(purpose=PURPOSES[name], name=name)]
    for package, parents in sorted(selection.wanted_by.items()):
        lines.append(
            f"{package}=={resolved[package].version}  # via {', '.join(sorted(parents))}\n"
        )
    if name in ("worker-gpu", "dev"):
        for pinned in project()["tool"]["rakkan"]["lock"]["without-dependencies"]:
            lines.append(f"{pinned}  # via rakkan, its own dependencies left out on purpose\n")
    return "".join(lines)


def lock() -> None:
    """Resolves once and rewrites every file in ``requirements/``."""
    resolved = resolve(direct(["dev"]))
    for name, extras in project()["tool"]["rakkan"]["lock"]["files"].items():
        text = export(name, extras, resolved)
        (REQUIREMENTS / f"{name}.txt").write_text(text, encoding="utf-8")
        print(f"requirements/{name}.txt: {text.count('  # via ')} packages")
