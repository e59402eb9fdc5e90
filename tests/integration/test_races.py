"""What two connections do at the same moment, with real commits."""

from __future__ import annotations

import json
import subprocess
import sys

from deploy.local.testing import TestServers
from tests.databases import ROOT, environment_now, prepared_database


def test_a_submission_that_races_a_narrowing_does_not_get_through(servers: TestServers) -> None:
    environment = {**environment_now(), "DJANGO_SETTINGS_MODULE": "rakkan.config.settings"}
    with prepared_database(servers, environment) as database:
        done = subprocess.run(
            [sys.executable, "-m", "tests.integration.racing"],
            cwd=ROOT,
            env={**environment, "DATABASE_URL": database.application},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    came = json.loads(done.stdout.strip().splitlines()[-1])

    assert came["narrowing"] == {"submit": "consent-superseded", "state": "draft", "code": ""}
    assert came["submission"] == {"state": "stopped", "code": "consent-superseded"}
