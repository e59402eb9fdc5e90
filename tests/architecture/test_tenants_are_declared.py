"""Whose rows a table holds is said at its model; who may look beyond one organisation, here."""

from __future__ import annotations

import re
from pathlib import Path

from rakkan.config import row_security

# Code that works for the system inside a request, with the reason. Look twice before adding one:
# behind each of these PostgreSQL's wall between organisations is open.
LOOKS_BEYOND = {
    "rakkan/pages/answers.py": "pages that find out who somebody is: sign-in, second factor, reset",
    "rakkan/accounts/middleware.py": "the account of a session, among all accounts",
    "rakkan/accounts/services/session.py": "sign-in: the account of an e-mail address",
    "rakkan/api/authentication.py": "the owner of a token, among all tokens",
    "rakkan/api/workers.py": "a worker serves every organisation",
    "rakkan/pages/views/invitations.py": "whoever holds an invitation's link is nobody's yet",
    "rakkan/verification/services/asking.py": "whosever release a stranger's file is",
    "rakkan/releases/management/commands/releases_catch_up.py": "those from before are anybody's",
    "rakkan/verification/bindings.py": "whosever manifest a soft binding leads to",
    "rakkan/verification/binding_views.py": "as bindings.py",
    "rakkan/verification/selectors.py": "the public status of an asset names no organisation",
    "rakkan/lifecycle/services/certificate.py": "whoever was erased has no account left",
    "rakkan/config/management/commands/prepare.py": "migrations touch every row",
    "rakkan/config/self_check.py": "the log is of every organisation",
    "rakkan/config/celery.py": "tasks: whose row one is about is known once it was read",
}
_CALL = re.compile(r"\b(as_system|serve_system|process_is_system)\(\)")


def test_every_table_says_whose_rows_it_holds() -> None:
    missing = row_security.undeclared()
    assert not missing, row_security.how_to_declare(missing)


def test_whoever_looks_beyond_one_organisation_is_listed_with_the_reason(checkout: Path) -> None:
    platform = checkout / "platform"
    found = {
        str(file.relative_to(platform))
        for file in platform.rglob("*.py")
        if _CALL.search(file.read_text(encoding="utf-8"))
    }
    assert found - {"rakkan/core/tenancy.py"} == LOOKS_BEYOND.keys()
