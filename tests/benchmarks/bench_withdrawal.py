"""A consent is withdrawn under 1,000 releases and 50 leased jobs, two of them being drawn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from compliance.development.keys import development_keys
from deploy.local.processes import Child, stop_all
from deploy.local.testing import TestServers, test_servers
from tests.benchmarks.harness import Figure
from tests.stack import Site, running_site

RELEASES, LEASED, DRAWN = 1_000, 48, 2


def measure() -> list[Figure]:
    """Starts a site of real processes and withdraws in the middle of its work."""
    with test_servers() as servers, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keys = development_keys(folder / "keys")
        os.environ |= {
            "BROKER_URL": servers.broker,
            "TSA_URL": "http://127.0.0.1:9/",  # nothing is sealed here
            "RAKKAN_ENV": "development",
            "RAKKAN_KEYS": str(keys.keys),
            "RAKKAN_TRUST": str(keys.trust),
            "RAKKAN_SECRET_KEY": "of a measurement and nothing else, fifty characters or more",
            "RAKKAN_WORKER_TOKEN": "the token of the workers in a measurement",
            "NO_PROXY": "127.0.0.1,localhost",
            "DJANGO_SETTINGS_MODULE": "rakkan.config.settings",
        }
        (folder / "site").mkdir()
        with running_site(servers, folder / "site") as site:
            return _figures(withdrawn(site, servers, folder / "site", (RELEASES, LEASED, DRAWN)))


def withdrawn(
    site: Site, servers: TestServers, folder: Path, counts: tuple[int, int, int]
) -> dict[str, float]:
    """Builds the rows, has as many workers draw as there are jobs for them, and withdraws.

    Args:
        site: running; its own render worker is stopped meanwhile.
        servers: of the site.
        folder: of the site.
        counts: releases, jobs leased by nobody real, and jobs that real workers draw.
    """
    site.kill("render")
    site.kill("clerk")  # its reconciler would do the same work at the same time
    owner = urlunsplit(urlsplit(servers.owner)._replace(path=urlsplit(site.database).path))
    ids = _step(site, ["build", *map(str, counts)], DATABASE_URL=owner)
    render = site.children["render"].program
    extra = []
    try:
        for number in range(counts[2]):
            command = [*render.command, "-n", f"drawing{number}@%h"]
            extra.append(Child(replace(render, name=f"render-{number}", command=command), folder))
            extra[-1].start()
        return _step(site, ["withdraw", ids, str(folder)], as_text=False)
    finally:
        stop_all(extra)
        site.start("render")
        site.start("clerk")


def _step(site: Site, arguments: list[str], *, as_text: bool = True, **more: str):
    command = [sys.executable, "-m", "tests.benchmarks.withdrawing", *arguments]
    settings = {**site.environment, "RAKKAN_LEASE_SECONDS": "3600", **more}
    settings.pop("RAKKAN_MIGRATE_DATABASE_URL", None)
    done = subprocess.run(command, env=settings, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    last = done.stdout.strip().splitlines()[-1]
    return last if as_text else json.loads(last)


def _figures(found: dict[str, float]) -> list[Figure]:
    both = found["blocked"] + found["flipped"]
    rows = f"{RELEASES} releases, {LEASED + DRAWN} leased jobs"
    return [
        Figure("blocked", found["blocked"], "s", "the first transaction: dispatch is blocked"),
        Figure("flipped", found["flipped"], "s", f"every status and lease ended: {rows}"),
        Figure("stopped", found["stopped"], "s", "after that, until both drawers deleted all"),
        Figure("plain_update", found["plain"], "s", "plain UPDATE of the same rows, rolled back"),
        Figure("ratio", both / found["plain"], "ratio", "withdrawal to plain UPDATE"),
        Figure("ended", found["ended"], "productions", "ended, of all under the consent"),
    ]
