"""A worker that draws with PortraitTalk, on networks that know nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from compliance.permit import JobKind, RenderResult
from generation import engines
from generation.portraittalk import weights
from generation.portraittalk.artist import artist
from generation.worker.runner import JobRunner, Outcome
from generation.worker.tasks import EXHAUSTED
from tests.unit.generation_portraittalk import tiny

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tiny.saved(tmp_path_factory.mktemp("weights") / "portraittalk", steps=1)


@pytest.fixture
def drawn_with(folder, monkeypatch):
    monkeypatch.setenv(weights.SETTING, str(folder))
    return engines.get("portraittalk").weights


@pytest.fixture
def files(portrait, short_voice):
    return {"portrait": portrait, "voice": short_voice}


@pytest.fixture
def gpu_desk(desk, drawn_with):
    """The desk, with a worker for this engine alone."""
    settings = replace(desk.runner._settings, engines=("portraittalk",))
    desk.runner = JobRunner(settings, desk.stopping)
    yield desk
    desk.runner.close()


def spec(digest: str, **more: object) -> dict[str, object]:
    return {"engine": "portraittalk", "weights": digest, "prompt": "calm, red shirt", **more}


def test_a_permitted_job_is_drawn_and_names_the_weights(gpu_desk, files, drawn_with):
    gpu_desk.offer(JobKind.RENDER, files, spec=spec(drawn_with, permitted_changes=("clothing",)))
    assert gpu_desk.runner.run("job-1") is Outcome.DONE
    [body] = gpu_desk.platform.results
    result = RenderResult.from_dict(body["result"])
    assert (result.engine, result.engine_version) == ("portraittalk", weights.VERSION)
    assert result.models["portraittalk"] == drawn_with
    assert "face_recognition_model.bin" in result.models
    assert result.frames == 33
    assert [line["words"] for line in result.prompt_report] == ["calm", "red shirt"]
    stages = [beat["progress"] for beat in gpu_desk.platform.heartbeats]
    assert stages == sorted(stages)


def test_other_weights_than_permitted_draw_nothing(gpu_desk, files):
    for digest in ("", "0" * 64):
        gpu_desk.platform.failures.clear()
        gpu_desk.offer(JobKind.RENDER, files, spec=spec(digest))
        assert gpu_desk.runner.run("job-1") is Outcome.FAILED
        [failure] = gpu_desk.platform.failures
        assert (failure["code"], failure["fault"]) == ("weights-not-permitted", "system")
    assert not gpu_desk.platform.uploads


def test_a_video_too_small_for_its_mark_is_refused(gpu_desk, files, drawn_with):
    gpu_desk.offer(JobKind.RENDER, files, spec=spec(drawn_with, width=256, height=256))
    assert gpu_desk.runner.run("job-1") is Outcome.FAILED
    [failure] = gpu_desk.platform.failures
    assert (failure["code"], failure["fault"]) == ("engine-frame-size", "input")


def test_a_cancelled_job_ends_between_two_steps(gpu_desk, portrait, voice, drawn_with):
    gpu_desk.platform.on_heartbeat = lambda body: (200, {"cancel": body["stage"] == "drawing"})
    gpu_desk.offer(JobKind.RENDER, {"portrait": portrait, "voice": voice}, spec=spec(drawn_with))
    assert gpu_desk.runner.run("job-1") is Outcome.FAILED
    [failure] = gpu_desk.platform.failures
    assert failure["code"] == "job-cancelled"


def test_without_gpu_memory_nothing_is_said_and_the_lease_gives_the_job_back(
    gpu_desk, files, drawn_with
):
    def exhausted(*_):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    net = artist(weights.find()).pipeline.animate_net
    hook = net.register_forward_pre_hook(exhausted)
    gpu_desk.offer(JobKind.RENDER, files, spec=spec(drawn_with))
    try:
        assert gpu_desk.runner.run("job-1") is Outcome.EXHAUSTED
    finally:
        hook.remove()
    assert not gpu_desk.platform.failures
    assert not gpu_desk.platform.results
    assert not gpu_desk.leftovers()


WORKER = """
import sys
from celery import __main__ as celery
from generation.worker import app
from generation.worker.runner import JobRunner, Outcome
if sys.argv[1] == "exhausted":
    JobRunner.run = lambda self, job_id: Outcome.EXHAUSTED
app.conf.update(broker_url="memory://", worker_enable_remote_control=False)
app.send_task("generation.run", ["job-1"], queue="gpu")
options = "celery -A generation.worker worker -Q gpu -P solo -c 1 --without-gossip"
options += " --without-mingle --without-heartbeat"
sys.argv = options.split()
celery.main()
"""


def worker(environment: dict[str, str], how: str) -> subprocess.CompletedProcess[str]:
    told = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", WORKER, how],
        cwd=ROOT, env=told | environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_a_process_without_gpu_memory_ends_so_that_it_is_started_again(tmp_path, signer):
    (tmp_path / "permit.pub.pem").write_bytes(signer.public_pem())
    told = {"RAKKAN_WORKER_TOKEN": "t", "RAKKAN_TRUST": str(tmp_path)}
    told |= {"RAKKAN_WORK_DIR": str(tmp_path / "work"), "RAKKAN_PLATFORM_URL": "http://127.0.0.1:1"}
    ended = worker(told, "exhausted")
    assert ended.returncode == EXHAUSTED == 75, ended.stderr


@pytest.mark.parametrize("missing", ["RAKKAN_WORKER_TOKEN", "RAKKAN_PORTRAITTALK"])
def test_a_worker_that_lacks_something_does_not_start(tmp_path, signer, missing):
    (tmp_path / "permit.pub.pem").write_bytes(signer.public_pem())
    told = {"RAKKAN_WORKER_TOKEN": "t", "RAKKAN_TRUST": str(tmp_path)}
    told |= {"RAKKAN_ENGINES": "portraittalk"}
    # Without a folder it draws with the shipped weights: an empty one is what lacks.
    lacking = {"RAKKAN_WORKER_TOKEN": "", "RAKKAN_PORTRAITTALK": str(tmp_path / "empty")}
    ended = worker(told | {missing: lacking[missing]}, "plain")
    assert ended.returncode == 1, ended.stderr
    assert missing in ended.stderr
