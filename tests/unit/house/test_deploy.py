"""Deployment files say what the worker understands."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.local import weights
from deploy.local.demo import Inputs, demonstrate
from deploy.local.environment import gpu_worker
from deploy.local.errors import LocalError
from deploy.local.programs import programs
from generation.worker.tasks import EXHAUSTED

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "deploy"
KNOWN = {
    *("BROKER_URL", "RAKKAN_PLATFORM_URL", "RAKKAN_WORKER_TOKEN", "RAKKAN_TRUST"),
    *("RAKKAN_WORK_DIR", "RAKKAN_ENGINES", "RAKKAN_PORTRAITTALK", "RAKKAN_PORTRAITTALK_SHA256"),
}


def unit() -> str:
    return (DEPLOY / "systemd" / "rakkan-gpu-worker@.service").read_text()


def dockerfile() -> str:
    return (DEPLOY / "worker-gpu.Dockerfile").read_text()


def compose() -> dict[str, Any]:
    text = (DEPLOY / "compose" / "gpu-worker.yaml").read_text()
    service: dict[str, Any] = yaml.safe_load(text)["services"]["gpu-worker"]
    return service


def chart() -> str:
    return (DEPLOY / "helm" / "gpu-worker" / "templates" / "deployment.yaml").read_text()


def test_every_way_to_run_it_is_one_process_on_the_queue_of_its_engine() -> None:
    [start] = re.findall(r"^ExecStart=(.*)$", unit(), re.MULTILINE)
    command = re.findall(r'"([^"]+)"', dockerfile().split("CMD", 1)[1])
    for line in (start, " ".join(command), " ".join(the_gpu_program().command)):
        assert "-m celery -A generation.worker worker -Q gpu -P solo -c 1" in line


def the_gpu_program() -> Any:
    found = programs("http://a", lambda _: {}, {"B": "1"}, Path("beat"), gpu_worker({"B": "1"}))
    return next(program for program in found if program.name == "gpu")


def test_a_worker_that_ends_for_want_of_memory_is_started_again_everywhere() -> None:
    assert f"RestartForceExitStatus={EXHAUSTED}\n" in unit()
    assert "Restart=always\n" in unit()
    assert compose()["restart"] == "always"
    assert "restartPolicy: Always\n" in chart()


def test_they_tell_the_worker_what_it_reads_and_no_secret_of_the_platform() -> None:
    told = set(re.findall(r"\b(?:RAKKAN_[A-Z0-9_]+|BROKER_URL|DATABASE_URL)\b", unit()))
    told |= set(compose()["environment"])
    for text in (chart(), dockerfile()):
        told |= set(re.findall(r"\b(?:RAKKAN_[A-Z0-9_]+|DATABASE_URL)\b", text))
    assert told <= KNOWN
    values = yaml.safe_load((DEPLOY / "helm" / "gpu-worker" / "values.yaml").read_text())
    used = set(re.findall(r"\.Values\.(\w+)", chart()))
    assert used == set(values)


def test_the_local_worker_is_told_where_weights_are_and_draws_with_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RAKKAN_PORTRAITTALK", "/weights")
    told = gpu_worker({"BROKER_URL": "redis://"})
    assert told["RAKKAN_PORTRAITTALK"] == "/weights"
    assert told["RAKKAN_ENGINES"] == "portraittalk"
    assert not {"DATABASE_URL", "RAKKAN_KEYS"} & told.keys()
    without = programs("http://a", lambda _: {}, {}, Path("beat"))
    assert "gpu" not in [program.name for program in without]


def test_a_demo_without_weights_says_what_is_missing_before_anything_starts(
    tmp_path: Path,
) -> None:
    lacking = {"RAKKAN_PORTRAITTALK": str(tmp_path)}
    with pytest.raises(LocalError) as refused:
        demonstrate({**lacking, "ENGINE": "portraittalk", "OUT": str(tmp_path / "a.mp4")})
    assert refused.value.code == "engine-missing"
    assert "RAKKAN_PORTRAITTALK" in refused.value.remedy
    with pytest.raises(LocalError, match="lacks"):
        weights.check(lacking)


def test_the_demo_knows_its_engines() -> None:
    assert Inputs.of({}).wishes.engine == "mesh"
    assert Inputs.of({"ENGINE": "portraittalk"}).wishes.engine == "portraittalk"
    with pytest.raises(LocalError, match="no engine"):
        Inputs.of({"ENGINE": "unheard-of"})
