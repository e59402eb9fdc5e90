"""One prepared database to copy from, made once a session and kept as a dump for the next ones.

A dump is found by a digest of what a prepared database is made from: schema, settings, pinned
packages and the month (tables are partitioned ahead by month). It lies in ``.rakkan/prepared``.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from psycopg import sql

from deploy.local import postgres
from deploy.local.layout import DATA, ROOT

DUMPS = DATA / "prepared"
KEPT = 4
TEMPLATE = "rakkan_template"
# What people call and see: no table, trigger, policy or right comes from there.
_NO_SCHEMA = {"services", "views", "api", "pages", "selectors.py", "tasks.py"}


def template_of(cluster: postgres.Cluster, prepare: Callable[[str], None]) -> str:
    """Return the name of the prepared database of a server; make it if there is none.

    Args:
        cluster: The session's own server.
        prepare: Prepares the empty database of this name.
    """
    if _execute(cluster, "SELECT 1 FROM pg_database WHERE datname = {}", sql.Literal(TEMPLATE)):
        return TEMPLATE
    names = (sql.Identifier(TEMPLATE), sql.Identifier(postgres.OWNER))
    _execute(cluster, "CREATE DATABASE {} OWNER {}", *names)
    dump = DUMPS / f"{_digest()}.dump"
    if dump.exists():
        _run(cluster, "pg_restore", "--exit-on-error", "--single-transaction", str(dump))
    else:
        prepare(TEMPLATE)
        _keep(cluster, dump)
    return TEMPLATE


def _keep(cluster: postgres.Cluster, dump: Path) -> None:
    DUMPS.mkdir(parents=True, exist_ok=True)
    scratch = dump.with_suffix(f".{os.getpid()}")
    _run(cluster, "pg_dump", "--format=custom", f"--file={scratch}")
    scratch.replace(dump)
    for old in sorted(DUMPS.glob("*.dump"), key=lambda path: path.stat().st_mtime)[:-KEPT]:
        old.unlink(missing_ok=True)


def _run(cluster: postgres.Cluster, program: str, *arguments: str) -> None:
    url = cluster.url(postgres.SUPERUSER, TEMPLATE)
    result = subprocess.run(
        [str(cluster.binaries / program), f"--dbname={url}", *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr


def _execute(cluster: postgres.Cluster, statement: str, *parts: sql.Composable) -> bool:
    """Run a statement as the superuser and say whether it found a row."""
    url = cluster.url(postgres.SUPERUSER, "postgres")
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        answer = connection.execute(sql.SQL(statement).format(*parts))
        return answer.description is not None and answer.fetchone() is not None


def _digest() -> str:
    state = hashlib.sha256(f"{datetime.now(UTC):%Y-%m}".encode())
    for path in _sources():
        state.update(f"{path.relative_to(ROOT)}\0".encode())
        state.update(hashlib.sha256(path.read_bytes()).digest())
    return state.hexdigest()[:24]


def _sources() -> Iterator[Path]:
    yield ROOT / "requirements" / "dev.txt"
    yield ROOT / "deploy" / "local" / "postgres.py"
    platform = ROOT / "platform"
    for path in sorted(platform.rglob("*.py")):
        if not _NO_SCHEMA & set(path.relative_to(platform).parts):
            yield path
