"""Print the page docs/approval-policies.md."""

from typing import Any

from django.core.management.base import BaseCommand

from rakkan.approvals.document import document


class Command(BaseCommand):
    """``python manage.py approval_policies > docs/approval-policies.md``."""

    help = "Print how approval policies work as Markdown."
    requires_system_checks = ()

    def handle(self, *_: Any, **__: Any) -> None:
        """Print."""
        self.stdout.write(document(), ending="")
