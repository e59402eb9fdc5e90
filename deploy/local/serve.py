"""The site and its workers in the foreground, until Ctrl-C."""

from __future__ import annotations

import json
import time

from deploy.local.codes import PERIOD, code, step_now
from deploy.local.console import note, step
from deploy.local.control import Running
from deploy.local.environment import Secrets
from deploy.local.stack import Stack, manage


def serve() -> None:
    """Runs the whole program, tells the demo accounts, stops cleanly on Ctrl-C.

    Raises:
        LocalError: It runs already, its port is taken, or a process did not come up.
    """
    Stack(any_port=False).run(_tell)


def accounts() -> dict[str, dict[str, str]]:
    """Makes the demo accounts if they are not there, and returns them by role."""
    password = Secrets.load_or_make().demo_password
    seeded = json.loads(manage(*seeding(password)).splitlines()[-1])
    return dict(seeded["accounts"])


def seeding(password: str) -> list[str]:
    """Returns the command that makes the accounts; one word, as a password may begin with `-`."""
    return ["seed_demo", f"--password={password}"]


def tell_codes() -> None:
    """Prints a fresh code for each demo account that confirms what it decides.

    Raises:
        LocalError: The demo accounts cannot be made or read.
    """
    for role, account in accounts().items():
        if "totp_secret" in account:
            left = PERIOD - int(time.time()) % PERIOD
            note(f"{role:20} {code(account['totp_secret'], step_now())}  ({left} s left)")


def _tell(running: Running) -> None:
    step("demo accounts (development only):")
    for role, account in accounts().items():
        note(f"{role:20} {account['email']:32} password: {account['password']}")
        if "totp_secret" in account:
            note(f"{'':20} codes for this account: make code")
    step(f"open {running.site}/ in a browser; Ctrl-C stops everything")
