"""Bring the database up to date and give the application role what it needs, and no more."""

import os
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection
from psycopg import sql

from rakkan.config.environment import database_of, required

# What the application may do with the log: write it and read it. It owns none of the tables, so
# it can neither change a row nor drop the triggers that refuse to.
_LOG_TABLES = ("audit_event", "audit_leaf")


class Command(BaseCommand):
    """Idempotent. RAKKAN_MIGRATE_DATABASE_URL names the owner, DATABASE_URL the application."""

    help = "Migrate as the owner of the tables and grant the application role its rights."

    def handle(self, *_: Any, **options: Any) -> None:
        """Migrate, grant, check."""
        call_command("migrate", interactive=False, verbosity=options["verbosity"])
        role = database_of(required("DATABASE_URL")).get("USER", "")
        if os.environ.get("RAKKAN_MIGRATE_DATABASE_URL") and role:
            self._grant(role)
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
