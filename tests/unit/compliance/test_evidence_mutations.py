"""Every kind of change to a pack, a proof, a manifest, a receipt or the video is refused.

Each with its own reason: the table below, which docs/evidence-pack.md repeats.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from compliance.development import DevelopmentKeys
from compliance.errors import RakkanDevelopmentWarning
from compliance.evidence.signers import EvidenceSigner
from compliance.provenance import DevelopmentSigner, Signer
from compliance.provenance.certificates import PACKS
from tests.unit.compliance.pack_insiders import INSIDER, VIDEO
from tests.unit.compliance.pack_outsiders import OUTSIDER, Lab
from tests.unit.compliance.packs import (
    Made,
    Publisher,
    Scenario,
    failures,
    honest,
    report_on,
)
from tests.unit.compliance.productions import (
    Inputs,
)

PAGE = Path(__file__).parents[3] / "docs" / "evidence-pack.md"


@pytest.fixture(scope="module")
def publisher(
    keys: DevelopmentKeys,
    inputs: Inputs,
    video: Path,
    signer: Signer,
    evidence_signer: EvidenceSigner,
    tsa_url: str,
) -> Publisher:
    return Publisher(keys, inputs, video, signer, evidence_signer, tsa_url)


@pytest.fixture(scope="module")
def stranger(publisher: Publisher, other_keys: DevelopmentKeys) -> Publisher:
    """Somebody with keys and a time-stamp authority of their own."""
    keys = other_keys
    chain, key = keys.evidence_chain, keys.evidence_key
    with pytest.warns(RakkanDevelopmentWarning):
        claims = DevelopmentSigner(keys.release_chain, keys.release_key)
    with pytest.warns(RakkanDevelopmentWarning):
        packs = DevelopmentSigner(chain, key, PACKS)
    evidence = EvidenceSigner(packs, publisher.tsa_url)
    return replace(publisher, keys=keys, claims=claims, evidence=evidence)


@pytest.fixture(scope="module")
def made(publisher: Publisher, tmp_path_factory: pytest.TempPathFactory) -> tuple[Made, Made]:
    steps = (("legal", 1), ("brand", 2))
    full, lean = Scenario(steps), Scenario(steps, with_video=False, reviewers=1)
    return (
        honest(publisher, full, tmp_path_factory.mktemp("full")),
        honest(publisher, lean, tmp_path_factory.mktemp("lean")),
    )


@pytest.fixture
def lab(publisher: Publisher, stranger: Publisher, made: tuple[Made, Made], tmp_path: Path) -> Lab:
    return Lab(publisher, stranger, *made, tmp_path)


@pytest.mark.parametrize("name", OUTSIDER)
def test_whoever_holds_a_pack_cannot_change_it(lab: Lab, name: str) -> None:
    check, code, mutate = OUTSIDER[name]
    report = report_on(mutate(lab), lab.publisher.keys)
    assert failures(report).get(check) == code, report.to_dict()
    assert report.exit_status == (2 if check == "structure" else 1)


@pytest.mark.parametrize("name", INSIDER)
def test_whoever_signs_packs_cannot_make_up_what_others_signed(lab: Lab, name: str) -> None:
    check, code, mutate = INSIDER[name]
    report = report_on(mutate(lab), lab.publisher.keys)
    failed = failures(report)
    assert failed.get(check) == code, report.to_dict()
    assert not failed.keys() & {"structure", "signature", "digests"}
    assert report.exit_status == 1


@pytest.mark.parametrize("name", VIDEO)
def test_another_video_is_refused_beside_an_honest_pack(lab: Lab, name: str) -> None:
    check, code, mutate = VIDEO[name]
    report = report_on(lab.lean.path, lab.publisher.keys, video=mutate(lab))
    assert failures(report).get(check) == code, report.to_dict()
    assert report.exit_status == 1


def test_the_documentation_lists_every_mutation_and_what_finds_it() -> None:
    rows = re.findall(
        r"^\| (.+?) \| `(.+?)` \| `(.+?)` \|$", PAGE.read_text(encoding="utf-8"), re.M
    )
    table = OUTSIDER | INSIDER | VIDEO
    assert rows == [(name, check, code) for name, (check, code, _) in table.items()]
