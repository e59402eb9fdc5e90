"""Let somebody in who has lost every second factor: they set one up anew."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from rakkan.accounts.models import User
from rakkan.accounts.services import factors_drop


class Command(BaseCommand):
    """Run by whoever runs the machine, who has made sure who is asking; it is in the log."""

    help = "Remove every second factor and recovery code of an account."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the address."""
        parser.add_argument("email")

    def handle(self, *_: Any, **options: Any) -> None:
        """Remove them."""
        user = User.objects.filter(email=options["email"].strip().lower()).first()
        if user is None:
            raise CommandError("There is no account with this address.")
        factors_drop(user=user)
        self.stdout.write("Removed. They sign in with their password and set up a new one.")
