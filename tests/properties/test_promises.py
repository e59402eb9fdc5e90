"""The three promises under random commands: see walk.py for the commands, invariants.py for them.

The short walk runs everywhere; the long one, ten thousand commands and more, with
``make test-long``. Both are derandomised: a failure comes back with the same commands, and
Hypothesis prints them.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator

import pytest
from django.test import override_settings
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from rakkan.audit.models import Event
from rakkan.productions.models import new_asset_id
from rakkan.productions.states import State
from tests.integration import oidc_provider
from tests.integration.clips import marked_clip, speech_cut, usual_label
from tests.integration.world import own_settings
from tests.properties.keeping import Receiver
from tests.properties.proving import Proving
from tests.properties.sql import ATTEMPTS
from tests.properties.walk import PRODUCTIONS, SECONDS, Walk

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def own_files_and_clips(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """One marked clip for each production a walk may have, made before it."""
    folder = tmp_path_factory.mktemp("clips")
    sound = speech_cut(folder / "speech.wav", SECONDS)
    Walk.speech, Walk.assets = sound.read_bytes(), {}
    for _ in range(PRODUCTIONS):
        asset_id = new_asset_id()
        options = {"sound": sound, "seconds": SECONDS, "label": usual_label()}
        Walk.assets[asset_id] = marked_clip(folder, asset_id, **options)
    hosts = override_settings(RAKKAN_WEBHOOK_PRIVATE_HOSTS=frozenset({"127.0.0.1"}))
    blobs, provider = own_settings(tmp_path_factory.mktemp("blobs")), oidc_provider.running()
    with blobs, hosts, Receiver.listening(), provider as Proving.oidc:
        yield


def walk(*, walks: int, commands: int, finishes: int) -> Counter[str]:
    """Walk, print what was done, and return how often each command was accepted or refused."""
    Walk.tally, Walk.reached, Walk.finishes = Counter(), Counter(), finishes
    options = settings(
        max_examples=walks,
        stateful_step_count=commands,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[
            Phase.generate
        ],  # a walk of fifty commands can be read; to shorten it takes minutes
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(Proving, settings=options)
    finally:
        sys.stdout.write(report(Walk.tally, Walk.reached))  # shown with -s, and on failure
    return Walk.tally


def report(tally: Counter[str], reached: Counter[str]) -> str:
    """The figures of a walk."""
    refused = sum(n for name, n in tally.items() if name.endswith("refused"))
    lines = [f"{sum(tally.values())} commands, {refused} of them refused by a service"]
    lines += [f"{n:7} {name}" for name, n in sorted(tally.items())]
    names = {name.removesuffix(" accepted").removesuffix(" refused") for name in tally}
    never = sorted(n for n in names if not tally[f"{n} accepted"] and not n.startswith("sql "))
    lines += [f"never accepted: {', '.join(never)}"]
    lines += [f"{n:7} times a production came to be {state}" for state, n in reached.items()]
    return "\n".join(lines) + "\n"


def assert_it_got_somewhere(tally: Counter[str]) -> None:
    """A walk on which nothing is ever rendered or delivered would keep every promise."""
    for name in ("claim", "heartbeat", "result", "failure", "decide", "withdraw", "deliver"):
        assert tally[f"{name} accepted"], f"no {name} was ever accepted"
        assert tally[f"{name} refused"], f"no {name} was ever refused"
    tries = {f"sql {attempt.__name__} refused" for attempt in ATTEMPTS}
    assert tries <= set(tally), "not every try by SQL was made"


def test_the_promises_hold_on_a_short_walk() -> None:
    tally = walk(walks=8, commands=40, finishes=2)

    assert sum(tally.values()) >= 300
    assert Walk.reached["rendered"]
    assert Walk.reached["sealed"]  # all states: only on the long one
    assert tally["watch preview accepted"]
    assert not Event.objects.exists(), "a walk leaves nothing behind"


@pytest.mark.long
def test_the_promises_hold_on_a_long_walk() -> None:
    tally = walk(walks=72, commands=120, finishes=2)

    assert sum(tally.values()) >= 10_000
    assert set(Walk.reached) == {state.value for state in State}
    assert_it_got_somewhere(tally)
    for name in ("ask for preview", "watch preview"):
        assert tally[f"{name} accepted"]
        assert tally[f"{name} refused"]
