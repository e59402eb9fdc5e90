"""Bring the database up to date and give the application role what it needs, and no more."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from rakkan.audit.services import months_make, months_mend
from rakkan.config.rights import rights_apply
from rakkan.config.row_security import row_security_apply
from rakkan.config.self_check import self_check
from rakkan.core.tenancy import as_system

# django-pgtrigger lets a session switch triggers off by a variable that anybody may set. Nothing
# here ever needs that, so the function that asks the variable answers no.
_NEVER_IGNORE = """
CREATE OR REPLACE FUNCTION _pgtrigger_should_ignore(trigger_name name) RETURNS boolean
LANGUAGE sql IMMUTABLE AS 'SELECT false'
"""


class Command(BaseCommand):
    """Idempotent; run with RAKKAN_MIGRATE_DATABASE_URL naming the owner of the tables."""

    help = "As the owner of the tables: migrate, set row security, grant the application's rights."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the role."""
        parser.add_argument("--grant-to", default="", help="the application's database role")

    def handle(self, *_: Any, **options: Any) -> None:
        """Migrate, grant, check."""
        with as_system():  # policies hold for the owner too
            call_command("migrate", interactive=False, verbosity=options["verbosity"])
            call_command("createcachetable", verbosity=options["verbosity"])
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(_NEVER_IGNORE)
                row_security_apply(cursor)
                months_make(cursor)
                if queued := months_mend(cursor):
                    self.stdout.write(f"{queued} events that nothing had queued now wait.")
                if options["grant_to"]:
                    rights_apply(cursor, options["grant_to"])
                    self.stdout.write(f"Rights granted to {options['grant_to']}.")
        self._check(options["grant_to"])
        call_command("check", databases=["default"])

    def _check(self, role: str) -> None:
        """Look at what was made; in production, end with what is not as declared."""
        findings = self_check(role)
        if findings and settings.RAKKAN_ENV == "production":
            raise CommandError(f"The self-check found: {' '.join(findings)}")
