"""Row-level security, made from what each model declares (``tenant``); idempotent.

A row of an ``Own`` table is seen by its organisation; a row ``Through`` another one by whoever sees
that one, so that rules stand at the top of each path only. The system sees every row. The same
expression decides what may be written.
"""

from collections.abc import Iterator
from typing import Any, cast

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import models
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from rakkan.core.tenancy import SETTING, SYSTEM, Own, Through

POLICY = "rakkan_tenant"

# Tables of packages, which cannot carry the declaration themselves.
OF_PACKAGES: dict[str, Own | Through] = {
    "account.EmailAddress": Through("user"),
    "account.EmailConfirmation": Through("email_address"),
    "knox.AuthToken": Through("user"),
    "mfa.Authenticator": Through("user"),
    "socialaccount.SocialAccount": Through("user"),
    "socialaccount.SocialToken": Through("account"),
    "usersessions.UserSession": Through("user"),
}

# Tables that belong to no organisation, each with the reason.
SHARED: dict[str, str] = {
    "audit_checkpoint": "of the whole log, and public",
    "audit_cosignature": "of the whole log, and public",
    "audit_selfcheck": "about the log and its walls, which are everybody's",
    "audit_timestamp": "of the whole log, and public",
    "audit_voucher": "how it stands with an authority or witness",
    "audit_waiting": "ids and times of events that have no number yet; the events have a policy",
    "core_cache": "counts attempts by keys that are hashes with a secret",
    "auth_group": "a table of Django that nothing here uses; roles are memberships",
    "auth_group_permissions": "as auth_group",
    "auth_permission": "as auth_group",
    "django_content_type": "names of models",
    "django_migrations": "names of migrations",
    "inspection_posting": "nobody reads it but functions that answer for the organisation at work; "
    "an index of arrays is not used behind a policy (0072)",
    "vault_subjectkey": "a wrapped key under a random id; it opens nothing without the row of the "
    "subject, which has a policy, and the key-encryption key",
    "socialaccount_socialapp": "nothing uses it: providers come from the operator's file",
    "django_session": "found by its secret key alone, before it is known whose it is",
}

# Each part is asked once a statement, not once a row.
_SETTING = f"current_setting('{SETTING}', true)"
_IS_SYSTEM = f"(SELECT {_SETTING} = '{SYSTEM}')"
_ORGANISATION = f"(SELECT CASE WHEN {_SETTING} ~ '^[0-9a-f-]+$' THEN {_SETTING}::uuid END)"
_OWN = f"({_IS_SYSTEM} OR {{column}} = {_ORGANISATION}{{cast}})"
_THROUGH = (
    f"({_IS_SYSTEM} OR EXISTS"  # noqa: S608  made of constants
    " (SELECT 1 FROM {parent} p WHERE p.{key} = {table}.{column}))"
)
_STATEMENTS = (
    "DROP POLICY IF EXISTS {policy} ON {table}",
    "CREATE POLICY {policy} ON {table} USING {rule} WITH CHECK {rule}",
    "ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
)


def tenant_models() -> list[tuple[type[models.Model], Own | Through]]:
    """Return the models whose rows belong to organisations, and how."""
    found = [(model, _declaration(model)) for model in _models()]
    return [(model, declaration) for model, declaration in found if declaration is not None]


def undeclared() -> list[str]:
    """Return the tables of which nobody said whose rows they hold."""
    return [
        model._meta.db_table
        for model in _models()
        if _declaration(model) is None and model._meta.db_table not in SHARED
    ]


def row_security_apply(cursor: CursorWrapper) -> None:
    """Give every table the policy that its declaration says.

    Raises:
        ImproperlyConfigured: a table has no declaration.
    """
    if missing := undeclared():
        raise ImproperlyConfigured(how_to_declare(missing))
    for model, declaration in tenant_models():
        parts = {
            "policy": sql.Identifier(POLICY),
            "table": sql.Identifier(model._meta.db_table),
            "rule": _rule(model, declaration),
        }
        for statement in _STATEMENTS:
            cursor.execute(sql.SQL(statement).format(**parts))


def how_to_declare(tables: list[str]) -> str:
    """Return what the author of a new table has to do."""
    return (
        f"Nobody said which organisation the rows of {', '.join(tables)} belong to. Give the "
        "model `tenant: ClassVar = Own()` (a column names the organisation) or "
        '`Through("field")` (a foreign key leads to a row of the organisation), both from '
        "rakkan.core.tenancy. For the table of a package add it to OF_PACKAGES in "
        "rakkan/config/row_security.py, or to SHARED there, with the reason, if it holds nothing "
        "of any organisation."
    )


def parent_of(model: type[models.Model], declaration: Through) -> type[models.Model]:
    """Return the model whose row a row belongs to."""
    if declaration.model:
        return apps.get_model(declaration.model)
    return cast("type[models.Model]", model._meta.get_field(declaration.field).related_model)


def _models() -> Iterator[type[models.Model]]:
    for model in apps.get_models(include_auto_created=True):
        if model._meta.managed and not model._meta.proxy:
            yield model


def _declaration(model: type[models.Model]) -> Own | Through | None:
    declared: Own | Through | None = vars(model).get("tenant")
    return declared or OF_PACKAGES.get(model._meta.label)


def _rule(model: type[models.Model], declaration: Own | Through) -> sql.Composed:
    table = sql.Identifier(model._meta.db_table)
    if isinstance(declaration, Own):
        field = next(f for f in model._meta.concrete_fields if f.column == declaration.column)
        text = isinstance(field, models.CharField)
        return sql.SQL(_OWN).format(
            column=sql.Identifier(declaration.column), cast=sql.SQL("::text" if text else "")
        )
    hanging = cast("models.Field[Any, Any]", model._meta.get_field(declaration.field))
    parent = parent_of(model, declaration)
    return sql.SQL(_THROUGH).format(
        parent=sql.Identifier(parent._meta.db_table),
        key=sql.Identifier(str(parent._meta.pk.column)),
        table=table,
        column=sql.Identifier(str(hanging.column)),
    )
