"""A platform that speaks the worker protocol over loopback, and inputs to send through it."""

import base64
import hashlib
import json
import threading
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from compliance.carrier import Carrier
from compliance.label import plan_label
from compliance.label.drawing import draw_label
from compliance.permit import InputFile, JobKind, JobSpec, Permit, permit_issue
from compliance.signing import KeyRole, StatementSigner
from compliance.watermark import WatermarkKey
from generation.worker.runner import JobRunner
from generation.worker.settings import WorkerSettings

FIXTURES = Path(__file__).parents[2] / "fixtures"
TOKEN = "a-worker-token"  # noqa: S105  of this test's own server
JOB = "job-1"
ASSET = "00c0ffee00c0ffee"
LABEL = draw_label(plan_label(["JP"], "en", "Made with AI"), "en", 512, 512, 25)


@dataclass
class PlatformServer:
    """What the server knows and what it was told."""

    url: str
    permit: str = ""
    fence: int = 1
    inputs: dict[str, bytes] = field(default_factory=dict)  # announced SHA-256 -> bytes served
    watermark: bytes | None = None
    claim_problem: tuple[int, str] | None = None
    on_heartbeat: Callable[[dict[str, Any]], tuple[int, dict[str, Any]]] = lambda body: (
        200,
        {"cancel": False},
    )
    heartbeats: list[dict[str, Any]] = field(default_factory=list)
    uploads: dict[str, bytes] = field(default_factory=dict)
    results: list[dict[str, Any]] = field(default_factory=list)
    failures: list[dict[str, Any]] = field(default_factory=list)
    unauthorised: int = 0

    def claim(self) -> tuple[int, dict[str, Any]]:
        if self.claim_problem:
            status, code = self.claim_problem
            return status, {"type": "about:blank", "code": code, "detail": f"No: {code}."}
        lease = {"token": "lease", "fence": self.fence, "seconds": 30, "heartbeat_seconds": 0.02}
        inputs = [
            {
                "role": "",
                "sha256": sha,
                "size": len(data),
                "media_type": "",
                "url": self._input(sha),
            }
            for sha, data in self.inputs.items()
        ]
        mark = self.watermark and base64.b64encode(self.watermark).decode()
        return 200, {
            "permit": self.permit,
            "lease": lease,
            "inputs": inputs,
            "watermark": mark,
            "output_url": f"/worker/v1/jobs/{JOB}/output/",
        }

    def _input(self, sha: str) -> str:
        return f"/worker/v1/jobs/{JOB}/inputs/{sha}"


def _handler(state: PlatformServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self, status: int, body: bytes, kind: str = "application/json") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _allowed(self, *, leased: bool) -> bool:
            good = self.headers["Authorization"] == f"Bearer {TOKEN}"
            good &= not leased or self.headers["X-Rakkan-Lease"] == "lease"
            if not good:
                state.unauthorised += 1
                self._answer(401, b'{"code": "unauthorised"}')
            return good

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers["Content-Length"]))

        def do_POST(self) -> None:
            action = self.path.rsplit("/", 1)[1]
            body = json.loads(self._body())
            if not self._allowed(leased=action != "claim"):
                return
            if action == "claim":
                status, answer = state.claim()
            elif action == "heartbeat":
                state.heartbeats.append(body)
                status, answer = state.on_heartbeat(body)
            else:
                {"result": state.results, "failure": state.failures}[action].append(body)
                status, answer = 200, {}
            self._answer(status, json.dumps(answer).encode())

        def do_GET(self) -> None:
            if self._allowed(leased=True):
                data = state.inputs[self.path.rsplit("/", 1)[1]]
                self._answer(200, data, "application/octet-stream")

        def do_PUT(self) -> None:
            data = self._body()
            if self._allowed(leased=True):
                state.uploads[self.path.rsplit("/", 1)[1]] = data
                self._answer(201, b"{}")

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def handle_error(self, *_: Any) -> None:
        """A worker that hangs up is what some tests are about."""


@pytest.fixture
def platform() -> Iterator[PlatformServer]:
    server = _Server(("127.0.0.1", 0), BaseHTTPRequestHandler)
    state = PlatformServer(url=f"http://127.0.0.1:{server.server_port}")
    server.RequestHandlerClass = _handler(state)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def signer() -> StatementSigner:
    return StatementSigner.generate(KeyRole.PERMIT)


@pytest.fixture(scope="session")
def watermark_key() -> WatermarkKey:
    return WatermarkKey(bytes(range(32)))


@pytest.fixture(scope="session")
def portrait() -> Path:
    return FIXTURES / "portrait.png"


@pytest.fixture(scope="session")
def voice() -> Path:
    return FIXTURES / "speech.wav"


@pytest.fixture(scope="session")
def short_voice(voice: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first 1.3 s: "Please leave your"."""
    path = tmp_path_factory.mktemp("voice") / "short.wav"
    with wave.open(str(voice)) as source, wave.open(str(path), "wb") as target:
        target.setparams(source.getparams())
        target.writeframes(source.readframes(int(1.3 * source.getframerate())))
    return path


@dataclass
class Desk:
    """Puts jobs on the server and runs them."""

    platform: PlatformServer
    signer: StatementSigner
    watermark_key: WatermarkKey
    runner: JobRunner
    stopping: threading.Event
    work_dir: Path

    def offer(
        self,
        kind: JobKind,
        files: dict[str, Path],
        /,
        *,
        signer: StatementSigner | None = None,
        spec: dict[str, Any] | None = None,
        **changes: Any,
    ) -> Permit:
        """Announce a job with a permit that is good, but for ``changes``."""
        inputs = []
        contents = {role: path.read_bytes() for role, path in files.items()}
        if kind is not JobKind.MEASURE:
            contents["label"] = LABEL.png
            spec = {"label": LABEL.place, **(spec or {})}
        for role, data in contents.items():
            sha = hashlib.sha256(data).hexdigest()
            self.platform.inputs[sha] = data
            inputs.append(InputFile(role, sha, len(data), "application/octet-stream"))
        fields = {"engine": "gate" if kind is JobKind.MEASURE else "mesh", "prompt": "calm"}
        job = JobSpec(kind=kind, inputs=tuple(inputs), **(fields | (spec or {})))
        if kind is not JobKind.MEASURE:
            self.platform.watermark = Carrier.of(self.watermark_key, ASSET).to_bytes()
        now = datetime.now(UTC)
        permit = Permit(
            permit_id="permit-1",
            kind=kind,
            job_id=JOB,
            subject_id="production-1",
            request_digest=job.digest(),
            spec=job,
            spec_digest=job.digest(),
            asset_id="" if kind is JobKind.MEASURE else ASSET,
            fence=1,
            max_seconds=60.0,
            issued_at=now,
            expires_at=now + timedelta(minutes=5),
        )
        permit = replace(permit, **changes)
        self.platform.permit = permit_issue(permit, signer or self.signer)
        return permit

    def leftovers(self) -> list[Path]:
        return sorted(self.work_dir.glob("job-*"))


@pytest.fixture
def desk(
    platform: PlatformServer,
    signer: StatementSigner,
    watermark_key: WatermarkKey,
    tmp_path: Path,
) -> Iterator[Desk]:
    keys = tmp_path / "permit.pub.pem"
    keys.write_bytes(signer.public_pem())
    stopping = threading.Event()
    settings = WorkerSettings(platform.url, TOKEN, keys, tmp_path / "work", threads=2)
    runner = JobRunner(settings, stopping)
    yield Desk(platform, signer, watermark_key, runner, stopping, settings.work_dir)
    runner.close()
