"""Set up an organisation and invite its first administrator, who invites everybody else."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from rakkan.accounts.roles import Role
from rakkan.accounts.services import Ask, invitation_add, organisation_ensure
from rakkan.audit.services import system
from rakkan.core.errors import RakkanError


class Command(BaseCommand):
    """The message goes out as every invitation does; nobody but its reader learns the link."""

    help = "Make an organisation (or take the one of that name) and invite an administrator."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the name and the address."""
        parser.add_argument("name")
        parser.add_argument("administrator", help="e-mail address of the first administrator")
        languages = [code for code, _ in settings.LANGUAGES]
        parser.add_argument("--language", default="en", choices=languages)

    def handle(self, *_: Any, **options: Any) -> None:
        """Make, invite, say until when."""
        organisation = organisation_ensure(name=options["name"])
        ask = Ask(options["administrator"], Role.ADMINISTRATOR, language=options["language"])
        try:
            invitation = invitation_add(
                organisation=organisation,
                ask=ask,
                invited_by=None,
                actor=system("accounts", organisation.pk),
            )
        except RakkanError as error:
            raise CommandError(f"{error} {error.remedy}") from error
        self.stdout.write(f"Invited; the link works until {invitation.expires_at:%Y-%m-%d %H:%M}.")
