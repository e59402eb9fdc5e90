"""The lock: one resolution, cut into files."""

from __future__ import annotations

import pytest
from packaging.requirements import Requirement

from deploy.local.errors import LocalError
from deploy.local.lock import Package, Selection


def package(name: str, *requires: str) -> Package:
    return Package(name, "1", tuple(Requirement(line) for line in requires))


RESOLVED = {
    each.name: each
    for each in (
        package("driver", "wire", "pool; extra == 'fast'", "docs-tool; extra == 'docs'"),
        package("wire", "driver"),
        package("pool", "backport; python_version < '3.8'"),
    )
}


def selected(line: str) -> dict[str, set[str]]:
    selection = Selection()
    selection.add(Requirement(line), "rakkan", RESOLVED)
    return selection.wanted_by


def test_a_file_holds_what_is_needed_and_who_needs_it_even_in_a_circle() -> None:
    assert selected("driver") == {"driver": {"rakkan", "wire"}, "wire": {"driver"}}


def test_an_extra_brings_its_own_dependencies_and_no_other_extra() -> None:
    assert selected("driver[fast]").keys() == {"driver", "wire", "pool"}


def test_a_package_that_the_resolution_left_out_is_an_error_and_not_a_gap() -> None:
    with pytest.raises(LocalError, match="docs-tool"):
        selected("driver[docs]")
