"""What the application's role may do with each table: granted by `prepare`, asked again later.

The model says it: a table that only grows (its triggers are named ``_no_change``) gives no right
to change or delete, one whose rows stay (``_no_delete``) none to delete, and ``rights`` on a model
says it outright.
"""

from dataclasses import dataclass, field

from django.apps import apps
from django.conf import settings
from django.db import connection, models
from django.db.backends.utils import CursorWrapper
from psycopg import sql

ALL = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
# Rights that nobody is given: whoever has TRUNCATE or TRIGGER needs no other.
NEVER = frozenset({"TRUNCATE", "REFERENCES", "TRIGGER"})
FUNCTIONS = (  # which work with the owner's rights
    "audit_months_make(integer)",
    "inspection_indexed()",
    "inspection_look_up(text, bigint[], timestamptz, timestamptz, timestamptz, bigint, boolean,"
    " integer)",
    "inspection_range(text, bigint[], timestamptz, timestamptz, bigint, bigint)",
    "inspection_walk(text, bigint[], timestamptz, timestamptz, timestamptz, bigint, boolean,"
    " integer, integer)",
)

# Append-only tables whose rows are locked (SELECT ... FOR UPDATE) while something depends on them:
# PostgreSQL asks for the right to update a column for that. The trigger still refuses an update.
_LOCKED = frozenset(
    {
        "accounts_invitation",
        "approvals_workflow",
        "consents_consent",
        "evidence_pack",
        "identity_biometricconsent",
        "likenesses_guardianship",
        "previews_preview",
    }
)


@dataclass(frozen=True, slots=True)
class Rights:
    """On one table.

    Attributes:
        table: on all of its columns.
        update: columns that may be updated although the table may not.
    """

    table: frozenset[str]
    update: frozenset[str] = field(default_factory=frozenset)


def declared_rights() -> dict[str, Rights]:
    """Return what the application's role may do, by table."""
    found = {model._meta.db_table: _rights_of(model) for model in _models()}
    cache = str(settings.CACHES["default"]["LOCATION"])
    return {**found, cache: Rights(ALL), "django_migrations": Rights(frozenset({"SELECT"}))}


def rights_apply(cursor: CursorWrapper, role: str) -> None:
    """Give ``role`` exactly the declared rights; it owns nothing, so it can drop no trigger."""
    name = sql.Identifier(role)
    database = sql.Identifier(str(connection.settings_dict["NAME"]))
    for statement in (
        # A temporary table would stand before the one of that name which a trigger asks.
        "REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC, {role}",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC, {role}",
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
        "GRANT USAGE ON SCHEMA public TO {role}",
        "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
    ):
        cursor.execute(sql.SQL(statement).format(role=name, database=database))
    for table, rights in declared_rights().items():
        given = sql.SQL(", ").join(sql.SQL(right) for right in sorted(rights.table))
        parts = {"table": sql.Identifier(table), "role": name, "rights": given}
        cursor.execute(sql.SQL("GRANT {rights} ON {table} TO {role}").format(**parts))
        for column in rights.update:
            cursor.execute(
                sql.SQL("GRANT UPDATE ({column}) ON {table} TO {role}").format(
                    column=sql.Identifier(column), **parts
                )
            )
    for function in FUNCTIONS:
        execute = sql.SQL("GRANT EXECUTE ON FUNCTION {function} TO {role}")
        cursor.execute(execute.format(function=sql.SQL(function), role=name))


def _models() -> list[type[models.Model]]:
    every = apps.get_models(include_auto_created=True)
    return [model for model in every if model._meta.managed and not model._meta.proxy]


def _rights_of(model: type[models.Model]) -> Rights:
    said: frozenset[str] | None = vars(model).get("rights")
    if said is not None:
        return Rights(said)
    names = [trigger.name for trigger in getattr(model._meta, "triggers", [])]
    if any(name.endswith("_no_change") for name in names):
        locked = model._meta.db_table in _LOCKED
        return Rights(frozenset({"SELECT", "INSERT"}), frozenset({"id"} if locked else ()))
    if any(name.endswith("_no_delete") for name in names):
        return Rights(ALL - {"DELETE"})
    return Rights(ALL)
