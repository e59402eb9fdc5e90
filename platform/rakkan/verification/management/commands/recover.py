"""Give a stripped copy its manifest back."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from compliance.errors import ComplianceError
from rakkan.core.errors import RakkanError
from rakkan.verification.services.recovering import Recovered, recovered, recovery_write


class Command(BaseCommand):
    """Needs the keys of the sealing worker for --out; a sidecar needs none."""

    requires_system_checks = ()  # they would load the code of every page

    help = "Find the manifest of a copy that lost it, and write it back as recovered."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say which file, and where to."""
        parser.add_argument("file", type=Path)
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--out", type=Path, help="the copy with a manifest of its own")
        where.add_argument("--sidecar", type=Path, help="the release's manifest by itself (.c2pa)")

    def handle(self, *_: Any, **options: Any) -> None:
        """Find it and write it."""
        target: Path = options["out"] or options["sidecar"]
        try:
            found = self._write(options, target)
        except (ComplianceError, RakkanError, OSError) as error:
            raise CommandError(f"{error} {getattr(error, 'remedy', '')}".strip()) from error
        second = "" if found.second is None else f", from second {found.second:.1f} on"
        asset_id = found.fingerprint.release.asset_id
        self.stdout.write(f"A copy of {asset_id}{second}, found by its {found.found_by}.")
        self.stdout.write(f"{target}: recovered, not intact.")

    def _write(self, options: dict[str, Any], target: Path) -> Recovered:
        if options["out"]:
            return recovery_write(options["file"], target)
        found = recovered(options["file"])
        target.write_bytes(found.store)
        return found
