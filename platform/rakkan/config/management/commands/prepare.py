"""Bring the database up to date and give the application role what it needs, and no more."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from psycopg import sql

# What the application may do with the log: write it and read it. It owns none of the tables, so
# it can neither change a row nor drop the triggers that refuse to.
_LOG_TABLES = ("audit_event", "audit_leaf")


class Command(BaseCommand):
    """Idempotent; run with RAKKAN_MIGRATE_DATABASE_URL naming the owner of the tables."""

    help = "Migrate as the owner of the tables and grant the application role its rights."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Name the role."""
        parser.add_argument("--grant-to", default="", help="the application's database role")

    def handle(self, *_: Any, **options: Any) -> None:
        """Migrate, grant, check."""
        call_command("migrate", interactive=False, verbosity=options["verbosity"])
        if options["grant_to"]:
            self._grant(options["grant_to"])
        call_command("check", databases=["default"])

    def _grant(self, role: str) -> None:
        name = sql.Identifier(role)
        with connection.cursor() as cursor:
            for statement in (
                "GRANT USAGE ON SCHEMA public TO {role}",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
                "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
            ):
                cursor.execute(sql.SQL(statement).format(role=name))
            for table in _LOG_TABLES:
                revoke = sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}")
                cursor.execute(revoke.format(table=sql.Identifier(table), role=name))
        self.stdout.write(f"Rights granted to {role}.")
