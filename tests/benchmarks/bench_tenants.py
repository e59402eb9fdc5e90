"""Row-level security: the same page of a list with PostgreSQL's policies and without them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import psycopg

from tests.benchmarks.database import platform_at_work
from tests.benchmarks.harness import Figure, repeated

ROWS = 100_000  # productions, half of them another organisation's
PAGE = 50
ROUNDS = 7


def measure() -> list[Figure]:
    """Read a page and count the list, in turn with the policies and without."""
    with platform_at_work() as here:
        return _measure(here.owner)


def _measure(owner: psycopg.Connection[Any]) -> list[Figure]:
    from django.db import connection  # noqa: PLC0415  as above

    from rakkan.core.tenancy import as_organisation, as_system  # noqa: PLC0415  as above
    from rakkan.productions.selectors import productions_visible  # noqa: PLC0415  as above
    from tests.integration import people  # noqa: PLC0415  as above

    with as_system():
        drafts = []
        for _ in range(2):
            team = people.team_make()
            drafts.append((team, people.draft_make(team, people.likeness_make(team))))
    for _, draft in drafts:
        _multiply(owner, draft.pk)
    user = drafts[0][0].requester
    with as_organisation(user.organisation_id):
        rows = productions_visible(user)
        sides = {"page": lambda: list(rows[:PAGE]), "count": rows.count}
        assert len(sides["page"]()) == PAGE
        times = _in_turn(owner, sides)
    connection.close()
    return _figures(times)


def _multiply(owner: psycopg.Connection[Any], pk: object) -> None:
    """Insert copies of a production, each with an id of its own and a second apart."""
    found = owner.execute(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_name = 'productions_production' ORDER BY ordinal_position"
    )
    new = {
        "id": "gen_random_uuid()",
        "asset_id": "substr(md5(random()::text), 1, 16)",
        "created_at": "created_at - n * interval '1 second'",
    }
    columns = [name for (name,) in found]
    values = ", ".join(new.get(name, name) for name in columns)
    owner.execute(
        f"INSERT INTO productions_production ({', '.join(columns)}) SELECT {values}"  # noqa: S608
        f" FROM productions_production, generate_series(1, {ROWS // 2}) n WHERE id = %s",
        [pk],
    )
    owner.execute("VACUUM ANALYZE productions_production")


def _in_turn(
    owner: psycopg.Connection[Any], sides: dict[str, Callable[[], object]]
) -> dict[tuple[str, bool], list[float]]:
    tables = owner.execute("SELECT polrelid::regclass::text FROM pg_policy").fetchall()
    times: dict[tuple[str, bool], list[float]] = {}
    for number in range(ROUNDS + 1):
        for behind in (True, False):
            for (table,) in tables:
                word = "ENABLE" if behind else "DISABLE"
                owner.execute(f"ALTER TABLE {table} {word} ROW LEVEL SECURITY")
            for name, side in sides.items():
                side()  # plans and caches follow the change
                began = time.perf_counter()
                side()
                if number:
                    times.setdefault((name, behind), []).append(time.perf_counter() - began)
    return times


def _figures(times: dict[tuple[str, bool], list[float]]) -> list[Figure]:
    figures = []
    for name, what in (("page", f"first {PAGE} rows"), ("count", "count of the list")):
        within, without = times[name, True], times[name, False]
        ratios = [a / b for a, b in zip(within, without, strict=True)]
        figures += [
            repeated(
                f"tenants_{name}_with_ms", "ms", f"{what} of {ROWS}, policies on",
                [1000 * seconds for seconds in within],
            ),
            repeated(
                f"tenants_{name}_without_ms", "ms", "the same, policies off",
                [1000 * seconds for seconds in without],
            ),
            repeated(f"tenants_{name}_ratio", "ratio", "with / without, round by round", ratios),
        ]  # fmt: skip
    return figures
