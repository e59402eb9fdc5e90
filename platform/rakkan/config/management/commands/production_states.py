"""Print the page docs/production-states.md."""

from typing import Any

from django.core.management.base import BaseCommand

from rakkan.productions.diagram import document


class Command(BaseCommand):
    """``python manage.py production_states > docs/production-states.md``."""

    help = "Print the life of a production as Markdown."
    requires_system_checks = ()

    def handle(self, *_: Any, **__: Any) -> None:
        """Print."""
        self.stdout.write(document(), ending="")
