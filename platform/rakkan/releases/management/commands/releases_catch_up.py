"""Take fingerprint and small pictures of releases from before they were taken with a release."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from rakkan.core.tenancy import as_system


class Command(BaseCommand):
    """Runs where the sealing worker does; may be stopped and started again at any time."""

    requires_system_checks = ()  # they would load the code of every page

    help = "Take fingerprint and small pictures of releases that have none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say how many at most."""
        parser.add_argument("--most", type=int, default=100, help="releases looked at (100)")

    def handle(self, *_: Any, **options: Any) -> None:
        """Take them and say what came of it."""
        from rakkan.releases.services.catch_up import releases_catch_up  # noqa: PLC0415  loads media

        with as_system():  # whosever releases they are
            done = releases_catch_up(most=options["most"])
        for asset_id, reason in done.left.items():
            self.stdout.write(f"{asset_id}: left as it is. {reason}")
        self.stdout.write(f"{done.taken} releases taken of, {len(done.left)} left.")
