"""Write docs/personal-data.md."""

from typing import Any

from django.core.management.base import BaseCommand

from rakkan.lifecycle.inventory import document


class Command(BaseCommand):
    """Prints; whoever calls it says where to."""

    help = "Print the page about where personal data lies."

    def handle(self, *_: Any, **__: Any) -> None:
        """Print it."""
        self.stdout.write(document(), ending="")
