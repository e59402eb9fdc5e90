"""No service is left out of the walk unless somebody has said why."""

from __future__ import annotations

from tests.properties.reach import reached, services, tasks

_BROWSER = "takes a browser's request; the walk asks for it by `sign in`, over HTTP"
_FACTOR = "takes a browser's session, in which allauth keeps its challenge or secret"
_SETUP = "sets a demo organisation up; the walk's rules are proposed and confirmed by people"
_OWNER = "works as the owner of the tables, which no process that serves people is"
_SEALED = "behind every sealed column: each command that writes or reads one comes to it"
_RELYING = "called by allauth while somebody comes back from their organisation's provider"
_READS = "reads what anybody hands in and changes nothing; tests/integration/test_asking.py asks"
_BEFORE = "takes what releases from before lack; the walk's are all of now and lack nothing"
_HERE = "keeps in the cache, for a minute and a half, that a worker is here; it writes no row"
_STARTS = "starts a server of processes when the seal worker starts; the walk is one process"
WITHOUT = {
    "accounts.services.factor.factor_remove": _FACTOR,
    "accounts.services.factor.passkey_add": _FACTOR,
    "accounts.services.factor.passkey_confirm": _FACTOR,
    "accounts.services.factor.recovery_codes_renew": _FACTOR,
    "accounts.services.factor.totp_add": _FACTOR,
    "accounts.services.federation.account_of": _RELYING,
    "accounts.services.session.password_confirm": _FACTOR,
    "accounts.services.session.session_confirmed": _FACTOR,
    "accounts.services.session.session_refusal_record": _BROWSER,
    "accounts.services.session.session_start": _BROWSER,
    "accounts.services.session.session_start_record": _BROWSER,
    "accounts.services.session.token_start": _BROWSER,
    "approvals.services.policy.forbidden_use_ensure": _SETUP,
    "audit.services.months.months_mend": _OWNER,
    "dispatch.services.presence.worker_announce": _HERE,
    "releases.services.apart.get_ready": _STARTS,
    "releases.services.asking.release_ask": _READS,
    "releases.services.catch_up.releases_catch_up": _BEFORE,
    "vault.services.is_sealed": _SEALED,
    "vault.services.subject_seal": _SEALED,
}


def test_every_service_has_a_command_in_the_walk_or_a_reason_why_not() -> None:
    known, seen = services(), reached()
    left = {name for name, function in known.items() if function not in seen}

    missing = sorted(left - WITHOUT.keys())
    assert not missing, (
        f"No command of the walk comes to {', '.join(missing)}. Add a rule to tests/properties,"
        " or a line with the reason to WITHOUT."
    )
    assert len(known) > 300, "the services were not found"


def test_no_reason_stands_for_what_has_a_command_or_is_gone() -> None:
    known, seen = services(), reached()

    stale = [name for name in WITHOUT if name not in known or known[name] in seen]

    assert not stale, f"take these lines out of WITHOUT: {stale}"


def test_every_task_is_run_by_the_walk() -> None:
    seen = reached()

    assert not [name for name, task in tasks().items() if task not in seen]
    assert len(tasks()) > 10, "the tasks were not found"
