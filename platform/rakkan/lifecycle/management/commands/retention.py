"""Show what retention would dispose of, or dispose of it."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from rakkan.lifecycle.services import retention_report, retention_run


class Command(BaseCommand):
    """The beat runs the same once a day."""

    help = "Dispose of what has been kept long enough; with --dry-run, only say what and why."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Let people look first."""
        parser.add_argument("--dry-run", action="store_true", help="change nothing")

    def handle(self, *_: Any, **options: Any) -> None:
        """Report or act."""
        if not options["dry_run"]:
            self.stdout.write(f"{retention_run()} things disposed of.")
            return
        for item in retention_report():
            why = "kept by a legal hold" if item.held else "to be disposed of"
            self.stdout.write(
                f"{item.kind.value}\t{item.object_id}\t{item.organisation_id}"
                f"\tover since {item.since:%Y-%m-%d}\t{why}"
            )
