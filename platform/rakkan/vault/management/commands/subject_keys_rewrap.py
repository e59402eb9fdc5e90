"""Rotate the key-encryption key: wrap every subject's key with the first line of subjects.key."""

from typing import Any

from django.core.management.base import BaseCommand

from rakkan.vault.services import subject_keys_rewrap


class Command(BaseCommand):
    """Restartable, in batches; sealed data is not touched."""

    help = "Wrap the subjects' keys with the first key of subjects.key."

    def handle(self, *_: Any, **__: Any) -> None:
        """Go on until nothing is left."""
        total = 0
        while count := subject_keys_rewrap():
            total += count
        self.stdout.write(f"{total} keys wrapped anew; older lines of subjects.key can go.")
