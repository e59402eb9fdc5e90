"""Whatever sealing needs may be away: no file leaves, the reason is said, and then it goes on."""

from __future__ import annotations

import base64
import json
import resource
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.conf import settings as configured
from django.core.files.storage import storages
from pytest_django import Settings

from compliance.development import pki
from compliance.provenance import DevelopmentSigner
from deploy.local.probes import free_port
from rakkan.audit.models import Event
from rakkan.core.errors import Unavailable
from rakkan.productions.services import finish
from rakkan.productions.services.finish import production_finish
from rakkan.releases.models import Release, Sealing
from rakkan.releases.signers import signer_forget
from tests.integration.test_seal_and_gate import Rendered, handed_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def a_signer_of_its_own(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """A copy of the key folder that a test may spoil; nothing of it stays in the process."""
    keys = tmp_path / "keys"
    shutil.copytree(configured.RAKKAN_KEYS, keys)
    settings.RAKKAN_KEYS = str(keys)
    signer_forget()
    yield keys
    signer_forget()


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where whatever is being worked at lies; and the first crash would be the last."""
    monkeypatch.setattr(finish, "MAX_CRASHES", 1)
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def files_stored() -> set[str]:
    """Everything that the storage holds."""
    store, found, folders = storages["blobs"], set(), [""]
    while folders:
        folder = folders.pop()
        below, files = store.listdir(folder)
        folders += [f"{folder}{name}/" for name in below if not (folder == "" and name == "log")]
        found |= {f"{folder}{name}" for name in files}
    return found


def assert_waits(rendered: Rendered, work: Path, code: str) -> None:
    """Nothing leaves, nothing is left, and the reason is said; no crash was counted."""
    before = files_stored()
    for _ in range(2):  # once more than a crash would be tried
        with pytest.raises(Unavailable) as told:
            production_finish(rendered.production.pk)
        assert told.value.code == code
    rendered.production.refresh_from_db()
    assert rendered.production.state == "rendered"
    assert not Sealing.objects.filter(subject_id=rendered.production.pk).exists()
    assert not Release.objects.filter(subject_id=rendered.production.pk).exists()
    assert files_stored() == before
    assert list(work.iterdir()) == []
    said = Event.objects.get(name="releases.seal.refused", object_id=rendered.production.pk)
    assert said.data["code"] == code


def assert_released(rendered: Rendered) -> None:
    production_finish(rendered.production.pk)
    rendered.production.refresh_from_db()
    assert rendered.production.state == "released"


def test_time_stamps_are_away(tmp_path: Path, work: Path, settings: Settings) -> None:
    rendered, working = handed_in(tmp_path), settings.TSA_URL
    settings.TSA_URL = f"http://127.0.0.1:{free_port()}/"
    assert_waits(rendered, work, "signing-unavailable")
    settings.TSA_URL = working
    assert_released(rendered)


def test_the_certificate_ends_while_the_worker_runs(
    tmp_path: Path, work: Path, a_signer_of_its_own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same process that has sealed with it before notices, and takes the renewed one."""
    assert_released(handed_in(tmp_path))
    rendered, chain = handed_in(tmp_path), a_signer_of_its_own / "release_chain.pem"
    renewed = chain.read_bytes()
    hierarchy = pki.claim_hierarchy()
    monkeypatch.setattr(pki, "_LEAF_DAYS", 0)  # it began an hour ago
    over = pki._leaf("over", hierarchy.leaf.key, hierarchy.intermediate, pki.CLAIM_SIGNING)
    chain.write_bytes(over.certificate_pem() + hierarchy.intermediate.certificate_pem())
    key = (a_signer_of_its_own / "release_key.pem").read_bytes()
    (a_signer_of_its_own / "release_key.pem").write_bytes(hierarchy.leaf.key_pem())
    assert over.certificate.not_valid_after_utc < datetime.now(UTC) - timedelta(minutes=50)
    signer_forget()
    assert_waits(rendered, work, "key-expired")
    chain.write_bytes(renewed)
    (a_signer_of_its_own / "release_key.pem").write_bytes(key)
    assert_released(rendered)


@contextmanager
def no_room_for(size: int) -> Iterator[None]:
    """The kernel refuses to let any file grow beyond ``size`` bytes, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)


@pytest.mark.parametrize("share", [0.1, 1.005], ids=["for what was rendered", "for what is signed"])
def test_the_disk_is_full(share: float, tmp_path: Path, work: Path) -> None:
    rendered = handed_in(tmp_path)
    size = rendered.production.rendering.size
    with no_room_for(int(size * share)):
        assert_waits(rendered, work, "disk-unavailable")
    assert_released(rendered)


def test_the_storage_takes_nothing(
    tmp_path: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered = handed_in(tmp_path)

    def full(*given: Any, **options: Any) -> str:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(storages["blobs"], "save", full)
        assert_waits(rendered, work, "storage-unavailable")
    assert_released(rendered)


def broken_function(data: bytes, algorithm: str) -> bytes:
    """A client of a key service that breaks off."""
    raise TimeoutError("the key service is away")


def test_the_operators_function_breaks_off(tmp_path: Path, work: Path, settings: Settings) -> None:
    rendered = handed_in(tmp_path)
    settings.RAKKAN_SIGNER = f"python:{__name__}.broken_function"
    assert_waits(rendered, work, "signing-unavailable")
    settings.RAKKAN_SIGNER = ""
    signer_forget()
    assert_released(rendered)


class Transit(BaseHTTPRequestHandler):
    """What Vault's documentation says of its transit engine, with the release key behind it."""

    signer: DevelopmentSigner
    answer: Callable[[bytes], tuple[int, dict[str, Any]]]

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, answer = 403, {"errors": ["permission denied"]}
        right = self.path == "/v1/transit/sign/claims/sha2-256"
        if right and self.headers["X-Vault-Token"] == "s.right":
            assert asked["marshaling_algorithm"] == "jws"
            status, answer = type(self).answer(base64.b64decode(asked["input"]))
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Keep the tests' output to themselves."""


@contextmanager
def transit(port: int, keys: Path) -> Iterator[None]:
    with pytest.warns(UserWarning, match="development key"):
        signer = DevelopmentSigner(keys / "release_chain.pem", keys / "release_key.pem")

    def answer(data: bytes) -> tuple[int, dict[str, Any]]:
        signature = base64.urlsafe_b64encode(signer.sign(data)).decode().rstrip("=")
        return 200, {"data": {"signature": f"vault:v1:{signature}"}}

    Transit.answer = staticmethod(answer)
    with ThreadingHTTPServer(("127.0.0.1", port), Transit) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()


def test_the_key_service_is_away_or_refuses(
    tmp_path: Path, work: Path, settings: Settings, a_signer_of_its_own: Path
) -> None:
    rendered, port = handed_in(tmp_path), free_port()
    settings.RAKKAN_SIGNER = f"vault+http://127.0.0.1:{port}/transit/claims"
    token = a_signer_of_its_own / "signer.token"
    token.write_text("s.right\n")
    assert_waits(rendered, work, "signing-unavailable")
    with transit(port, a_signer_of_its_own):
        token.write_text("s.wrong\n")
        with pytest.raises(Unavailable) as told:
            production_finish(rendered.production.pk)
        assert told.value.code == "signing-refused"
        token.write_text("s.right\n")
        Transit.answer = staticmethod(lambda data: (200, {"data": {}}))
        with pytest.raises(Unavailable, match="holds no signature"):
            production_finish(rendered.production.pk)
    with transit(port, a_signer_of_its_own):
        assert_released(rendered)


@pytest.mark.parametrize(
    "address",
    ["carrier-pigeon:roof", "python:no.such.function", "vault+https://host/key", "pkcs11:token=T"],
)
def test_an_address_that_names_no_signer_waits_for_a_better_one(
    address: str, tmp_path: Path, work: Path, settings: Settings
) -> None:
    rendered = handed_in(tmp_path)
    settings.RAKKAN_SIGNER = address
    assert_waits(rendered, work, "signer-address")
    settings.RAKKAN_SIGNER = ""
    assert_released(rendered)
