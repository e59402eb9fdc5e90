"""Look whether the walls in the database are as declared: triggers, rights, row-level security.

Whoever may change the database's structure could take a wall away, change what it kept out, and put
it back; so this is asked at every start and by the clock, and the answer is kept in the log's own
tables (:class:`rakkan.audit.models.SelfCheck`).
"""

import logging
import re
from collections.abc import Iterator

import pgtrigger
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.backends.utils import CursorWrapper

from rakkan.audit.services import log_findings, self_check_record
from rakkan.config.rights import ALL as EVERY
from rakkan.config.rights import NEVER, Rights, declared_rights
from rakkan.config.row_security import POLICY, tenant_models
from rakkan.core.tenancy import as_system

log = logging.getLogger(__name__)

# Triggers that Django does not know: table, name, and words of what they do.
_OF_MIGRATIONS = (("audit_event", "event_waits", "INSERT INTO public.audit_waiting"),)
_NEVER_IGNORE = "SELECT false"  # see the command `prepare`

_TRIGGERS = """
SELECT c.relname, t.tgname, t.tgenabled IN ('O', 'A'), p.prosrc, c.relispartition
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
JOIN pg_proc p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace
"""
_MONTHS = """
SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'public.audit_event'::regclass
"""
_POLICIES = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relrowsecurity AND c.relforcerowsecurity
  AND 1 = (SELECT count(*) FROM pg_policy p WHERE p.polrelid = c.oid)
  AND EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = %s)
"""
_HAS_ALL = """
SELECT rolname, rolsuper OR EXISTS (
    SELECT 1 FROM pg_class c
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
      AND pg_has_role(rolname, c.relowner, 'MEMBER')
) FROM pg_roles WHERE rolname = COALESCE(%s, current_user)
"""
_RIGHTS = """
SELECT c.relname,
       ARRAY(SELECT r FROM unnest(%s::text[]) r WHERE has_table_privilege(%s, c.oid, r)),
       ARRAY(SELECT a.attname::text FROM pg_attribute a
             WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
               AND has_column_privilege(%s, c.oid, a.attnum, 'UPDATE'))
FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace
"""


def self_check(role: str = "") -> list[str]:
    """Look at the walls and at the log, keep what was found, say it loudly and return it.

    Args:
        role: whose rights are looked at; whoever asks, if none is named.
    """
    with as_system():  # the log is of every organisation
        findings = [*walls_findings(role), *log_findings()]
        self_check_record(findings)
    for finding in findings:
        log.critical("self-check: %s", finding)
    return findings


def refuse_an_unsound_log() -> None:
    """Make the self-check; in production, refuse to start where it finds something.

    Raises:
        ImproperlyConfigured: it did; the message names all of it.
    """
    try:
        findings = self_check()
    except DatabaseError as error:
        findings = [f"The database cannot be asked: {error}".strip()]
        log.critical("self-check: %s", findings[0])
    connection.close()  # a server may fork now
    if findings and settings.RAKKAN_ENV == "production":
        raise ImproperlyConfigured(
            f"The self-check found: {' '.join(findings)} Find out who changed it, then run "
            "`manage.py pgtrigger install` and `manage.py prepare`, which put the walls back."
        )


def walls_findings(role: str = "") -> list[str]:
    """Return what is not as declared, a sentence each; nothing if all is well."""
    with connection.cursor() as cursor:
        return [*_triggers(cursor), *_row_security(cursor), *_rights(cursor, role)]


def _triggers(cursor: CursorWrapper) -> Iterator[str]:
    cursor.execute(_TRIGGERS)
    found = {(table, name): (enabled, body) for table, name, enabled, body, _ in cursor.fetchall()}
    for table, name, words in _declared_triggers():
        enabled, body = found.get((table, name), (None, ""))
        if enabled is None:
            yield f"The trigger {name} on {table} is gone."
        elif not enabled:
            yield f"The trigger {name} on {table} is switched off."
        elif _plain(words) not in _plain(body):
            yield f"The trigger {name} on {table} does something else."
    cursor.execute(_MONTHS)
    names = [name for table, name, _ in _declared_triggers() if table == "audit_event"]
    for month, walled in cursor.fetchall():
        if not walled:
            yield f"{month} has no row-level security."
        for name in names:
            if not found.get((month, name), (False, ""))[0]:
                yield f"The trigger {name} on {month} is gone or switched off."
    cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = '_pgtrigger_should_ignore'")
    if [body for (body,) in cursor.fetchall()] != [_NEVER_IGNORE]:
        yield "A session may switch triggers off."


def _declared_triggers() -> Iterator[tuple[str, str, str]]:
    for model, trigger in pgtrigger.registered():
        compiled = trigger.compile(model)
        yield model._meta.db_table, trigger.get_pgid(model), compiled.sql.kwargs["func"]
    yield from _OF_MIGRATIONS


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _row_security(cursor: CursorWrapper) -> Iterator[str]:
    cursor.execute(_POLICIES, [POLICY])
    behind = {table for (table,) in cursor.fetchall()}
    for model, _ in tenant_models():
        if model._meta.db_table not in behind:
            yield f"{model._meta.db_table} is not behind its row-level security."


def _rights(cursor: CursorWrapper, role: str) -> Iterator[str]:
    """Compare the rights of a role; the owner of the tables has all, and is asked nothing."""
    cursor.execute(_HAS_ALL, [role or None])
    role, has_all = cursor.fetchone()
    if has_all:  # in production refused before: refuse_a_powerful_database_role
        return
    declared = declared_rights()
    cursor.execute(_RIGHTS, [sorted(EVERY | NEVER), role, role])
    for table, rights, columns in cursor.fetchall():
        said = declared.get(table, Rights(frozenset()))
        wider = sorted(set(rights) - said.table)
        if "UPDATE" not in {*said.table, *wider}:
            wider += [f"UPDATE ({column})" for column in sorted(set(columns) - said.update)]
        if wider:
            yield f"The application may {', '.join(wider)} on {table}."
