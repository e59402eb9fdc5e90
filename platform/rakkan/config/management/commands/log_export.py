"""Export the whole log, of every organisation: for whoever runs the installation."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from compliance.errors import ComplianceError
from rakkan.core.errors import RakkanError
from rakkan.inspection.services import whole_log_stream


class Command(BaseCommand):
    """A zip that ``python -m compliance log verify`` checks; that it was made is in the log."""

    requires_system_checks = ()  # they would load the code of every page

    help = "Export every event with checkpoint and tiles as a zip for `compliance log verify`."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the file."""
        parser.add_argument("file", type=Path, help="the zip; it must not exist")

    def handle(self, *_: Any, **options: Any) -> None:
        """Write it beside, then give it its name."""
        target: Path = options["file"]
        scratch = target.with_name(f".{target.name}.part")
        if target.exists():
            raise CommandError(f"{target} exists. Name another file, or move it away.")
        try:
            with scratch.open("wb") as stream:
                for piece in whole_log_stream():
                    stream.write(piece)
            scratch.rename(target)
        except (RakkanError, ComplianceError, OSError) as error:
            raise CommandError(f"Nothing was exported: {error}") from error
        finally:
            scratch.unlink(missing_ok=True)
        self.stdout.write(f"{target}: check it with `python -m compliance log verify {target}`.")
