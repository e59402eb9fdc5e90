"""Bring the database up to date and give the application role what it needs, and no more."""

from argparse import ArgumentParser
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection, transaction
from django.db.models import Model
from psycopg import sql

from rakkan.config.row_security import row_security_apply
from rakkan.core.tenancy import as_system

# Append-only tables whose rows are locked (SELECT ... FOR UPDATE) while something depends on them:
# PostgreSQL asks for the right to update a column for that. The trigger still refuses an update.
_LOCKED = frozenset(
    {
        "accounts_invitation",
        "approvals_workflow",
        "consents_consent",
        "identity_biometricconsent",
        "likenesses_guardianship",
        "previews_preview",
    }
)

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
            if options["grant_to"]:
                self._grant(options["grant_to"])
        call_command("check", databases=["default"])

    def _grant(self, role: str) -> None:
        """Give the role what it works with; it owns nothing, so it can drop no trigger either."""
        name = sql.Identifier(role)
        with connection.cursor() as cursor:
            for statement in (
                "GRANT USAGE ON SCHEMA public TO {role}",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
                "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
                "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}",
            ):
                cursor.execute(sql.SQL(statement).format(role=name))
            for model in apps.get_models():
                for statement in _restrictions(model):
                    table = sql.Identifier(model._meta.db_table)
                    cursor.execute(sql.SQL(statement).format(table=table, role=name))
        self.stdout.write(f"Rights granted to {role}.")


def _restrictions(model: type[Model]) -> list[str]:
    """Return what the application may not do with a table, as its triggers say it."""
    names = [trigger.name for trigger in getattr(model._meta, "triggers", [])]
    if any(name.endswith("_no_change") for name in names):
        statements = ["REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {role}"]
        if model._meta.db_table in _LOCKED:
            statements.append("GRANT UPDATE (id) ON {table} TO {role}")
        return statements
    if any(name.endswith("_no_delete") for name in names):
        return ["REVOKE DELETE, TRUNCATE ON {table} FROM {role}"]
    return []
