import fcntl
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from generation.worker.client import Lease, PlatformClient
from generation.worker.errors import LeaseLost, PlatformError
from generation.worker.heartbeat import Heartbeat
from generation.worker.settings import SettingsError, WorkerSettings
from generation.worker.tasks import app, run
from generation.worker.workspace import sweep, workspace


def test_a_work_folder_is_private_and_gone_afterwards(tmp_path):
    with workspace(tmp_path / "work") as place:
        assert place.stat().st_mode & 0o077 == 0
        (place / "video.mp4").write_bytes(b"half a video")
    assert not place.exists()


def test_a_sweep_removes_the_dead_and_spares_the_living(tmp_path):
    dead = tmp_path / "job-dead"
    dead.mkdir()
    (dead / "input").write_bytes(b"somebody's face")
    with workspace(tmp_path) as alive:
        assert sweep(tmp_path) == 1
        assert alive.exists()
    assert not dead.exists()


def test_a_folder_whose_owner_was_killed_is_swept(tmp_path):
    program = (
        "import sys, pathlib\n"
        "from generation.worker.workspace import workspace\n"
        "with workspace(pathlib.Path(sys.argv[1])):\n"
        "    print('inside', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    root = Path(__file__).parents[3]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=root, **pipes) as child:
        assert child.stdout.readline() == b"inside\n"
        assert sweep(tmp_path) == 0
        child.send_signal(signal.SIGKILL)
    assert sweep(tmp_path) == 1
    assert not list(tmp_path.glob("job-*"))


def test_the_lock_of_a_work_folder_is_really_held(tmp_path):
    with workspace(tmp_path) as place:
        lock = os.open(place / "owner.lock", os.O_RDWR)
        with pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(lock)


@pytest.mark.parametrize("missing", ["RAKKAN_WORKER_TOKEN", "RAKKAN_TRUST"])
def test_a_missing_setting_is_named_with_what_to_do(tmp_path, missing, monkeypatch):
    monkeypatch.chdir(tmp_path)  # no .rakkan/trust of a developer's checkout
    (tmp_path / "permit.pub.pem").write_text("a key")
    environment = {"RAKKAN_WORKER_TOKEN": "t", "RAKKAN_TRUST": str(tmp_path)}
    del environment[missing]
    with pytest.raises(SettingsError) as error:
        WorkerSettings.from_environment(environment)
    assert missing in error.value.remedy


def test_settings_do_not_show_the_token(tmp_path):
    assert "secret" not in repr(WorkerSettings("http://x", "secret", tmp_path, tmp_path))


def test_an_unreachable_platform_ends_the_lease_in_its_own_time():
    client = PlatformClient("http://127.0.0.1:1", "token")
    lease = Lease("lease", 1, seconds=0.0, heartbeat_seconds=60)
    beat = Heartbeat(client.job("job-1", lease), lease, threading.Event())
    beat.renew()
    with pytest.raises(LeaseLost):
        beat.check(0.5, "drawing")
    client.close()


def test_an_unreachable_platform_says_which_setting_to_look_at(desk):
    desk.runner.close()
    desk.platform.claim_problem = (500, "boom")
    client = PlatformClient("http://127.0.0.1:1", "token")
    with pytest.raises(PlatformError) as error:
        client.claim("job-1", desk.runner.capabilities)
    assert "RAKKAN_PLATFORM_URL" in error.value.remedy
    client.close()


def test_the_token_travels_to_no_other_address(tmp_path):
    client = PlatformClient("http://127.0.0.1:1", "token")
    job = client.job("job-1", Lease("lease", 1, 30, 5))
    with pytest.raises(PlatformError) as error:
        job.fetch("http://elsewhere.example/steal", tmp_path / "x", 10)
    assert error.value.code == "platform-protocol"
    client.close()


def test_the_queue_carries_ids_only_and_is_acknowledged_early():
    assert (app.conf.task_acks_late, app.conf.worker_prefetch_multiplier) == (False, 1)
    assert (app.conf.task_default_queue, app.conf.task_ignore_result) == ("cpu", True)
    assert run.name == "generation.run"
