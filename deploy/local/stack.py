"""The whole program on one machine: which processes, in which order, watched until they stop."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from types import FrameType

from psycopg.conninfo import conninfo_to_dict

from deploy.local import environment, postgres, probes, valkey, weights
from deploy.local.console import note, step
from deploy.local.control import Running, only_one
from deploy.local.environment import Secrets, Services, given
from deploy.local.errors import LocalError
from deploy.local.layout import (
    BLOBS,
    DATA,
    LOG,
    PYTHON,
    ROOT,
    STATE,
    TRUST,
    WITNESS,
    WORK,
    keys_of,
)
from deploy.local.processes import Child, Program, stop_all
from deploy.local.programs import programs

START_SECONDS = 60.0
WATCH_SECONDS = 0.2
DEFAULT_PORT = 8000
ENVIRONMENT = DATA / "environment.json"


class AskedToStop(Exception):
    """A signal ended the start."""


class Stack:
    """Starts everything, keeps it alive, stops it. One at a time per checkout."""

    def __init__(self, *, any_port: bool) -> None:
        """Chooses the web's port.

        Args:
            any_port: Whether another port will do when the wanted one is taken.
        """
        self.children: list[Child] = []
        self.port = _port(any_port=any_port)
        self.secrets = Secrets.load_or_make()
        self.stopping = False

    def run(self, started: Callable[[Running], None] | None = None) -> None:
        """Starts the processes and watches them until SIGINT or SIGTERM.

        Raises:
            LocalError: Another stack is running here, or a process did not come up.
        """
        with only_one():
            previous = {
                number: signal.signal(number, self._ask_to_stop)
                for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
            }
            try:
                weights.check(os.environ)
                self._write_state(ready=False)
                self._start()
                if started is not None:
                    started(Running(os.getpid(), self.site))
                while not self.stopping:
                    self._watch()
                    time.sleep(WATCH_SECONDS)
            except AskedToStop:
                pass
            finally:
                self._stop()
                for number, handler in previous.items():
                    signal.signal(number, handler)

    @property
    def site(self) -> str:
        """The web's address."""
        return f"http://127.0.0.1:{self.port}"

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _start(self) -> None:
        for folder, mode in ((LOG, 0o755), (BLOBS, 0o700), (WORK, 0o700)):
            folder.mkdir(mode=mode, parents=True, exist_ok=True)
        _development_keys()
        services = self._services()
        step("stack: bringing the database up to date")
        _prepare(services, self.secrets)
        environment.write_private(ENVIRONMENT, environment.platform(services, self.secrets))
        for program in self._programs(services):
            self._launch(program)
        self._write_state(ready=True)
        step(f"stack: running at {self.site} (logs in {LOG})")

    def _launch(self, program: Program) -> None:
        """Starts one process and waits for it.

        Raises:
            AskedToStop: A signal came meanwhile.
            LocalError: It did not come up.
        """
        step(f"stack: starting {program.name}")
        child = Child(program, LOG)
        self.children.append(child)
        child.start()
        child.wait_ready(START_SECONDS, lambda: self.stopping)
        if self.stopping:
            raise AskedToStop

    def _services(self) -> Services:
        """Starts those servers that were not given by address, and returns all addresses."""
        database = given("DATABASE_URL")
        migrations = given("RAKKAN_MIGRATE_DATABASE_URL") or database
        if database is None:
            cluster = self._postgres()
            database, migrations = cluster.url(postgres.APPLICATION), cluster.url(postgres.OWNER)
        return Services(
            database=database,
            migrations=migrations or database,
            broker=given("BROKER_URL") or self._valkey().url,
            storage=given("STORAGE_URL") or environment.default_storage(),
            timestamps=given("TSA_URL") or self._timestamps(),
            witnesses=given("RAKKAN_WITNESSES") or self._witness(),
            site=self.site,
        )

    def _postgres(self) -> postgres.Cluster:
        own = self.secrets
        passwords = postgres.Passwords(
            own.database_superuser, own.database_owner, own.database_application
        )
        cluster = postgres.plan(DATA / "pg", passwords)
        if not cluster.data.exists():
            step(f"stack: making the database in {cluster.data}")
        postgres.initialise(cluster)
        self._launch(postgres.program(cluster))
        postgres.prepare(cluster)
        return cluster

    def _valkey(self) -> valkey.Broker:
        broker = valkey.Broker(DATA / "valkey", probes.free_port(), self.secrets.broker)
        self._launch(valkey.program(broker))
        return broker

    def _timestamps(self) -> str:
        port = probes.free_port()
        command = ["-m", "compliance.development.tsa", "--port", str(port)]
        command += ["--keys", str(keys_of("timestamps"))]
        self._launch(
            Program(
                name="timestamps",
                command=[str(PYTHON), *command],
                environment=environment.development_server(),
                ready=lambda: probes.listens(port),
                server=True,
            )
        )
        return f"http://127.0.0.1:{port}/"

    def _witness(self) -> str:
        """Starts a witness of the log, and pins its key in the trust folder.

        It is one for development: whoever runs the log runs it too, so it vouches for nothing.
        """
        from compliance.witness import Memory  # needs the virtual environment

        port, name = probes.free_port(), "development.rakkan.localhost/witness"
        key = Memory(WITNESS).signer(name).key.text
        (TRUST / "witness.vkey").write_text(f"# development\n{key}\n", encoding="utf-8")
        log_key = (TRUST / "log.vkey").read_text(encoding="utf-8").strip()
        command = ["-m", "compliance.witness", "--name", name, "--state", str(WITNESS)]
        command += ["--log", log_key, "--port", str(port)]
        self._launch(
            Program(
                name="witness",
                command=[str(PYTHON), *command],
                environment=environment.development_server(),
                ready=lambda: probes.listens(port),
                server=True,
            )
        )
        return f"{key} http://127.0.0.1:{port}"

    def _programs(self, services: Services) -> list[Program]:
        def platform(process: str) -> dict[str, str]:
            return environment.platform(services, self.secrets, process)

        drawing = environment.render_worker(services, self.secrets)
        gpu = environment.gpu_worker(drawing) if weights.wanted(os.environ) else None
        return programs(self.site, platform, drawing, DATA / "beat-schedule", gpu)

    def _watch(self) -> None:
        for child in self.children:
            if child.revive():
                note(f"{child.program.name} had ended and was started again ({child.restarts})")
                self._write_state(ready=True)

    def _write_state(self, *, ready: bool) -> None:
        """Tells commands in other terminals who runs here, and whether it serves yet."""
        state = {
            "pid": os.getpid(),
            "ready": ready,
            "site": self.site,
            "processes": {child.program.name: child.pid for child in self.children},
        }
        new = STATE.with_suffix(".new")
        new.write_text(json.dumps(state, indent=2), encoding="utf-8")
        new.replace(STATE)

    def _stop(self) -> None:
        step("stack: stopping")
        stop_all(self.children)
        for path in (STATE, ENVIRONMENT):
            path.unlink(missing_ok=True)
        step("stack: stopped")


def manage(*arguments: str) -> str:
    """Runs one of Django's commands beside the running stack and returns its output.

    Raises:
        LocalError: The command failed; its output is in the message.
    """
    return django_command(json.loads(ENVIRONMENT.read_text(encoding="utf-8")), *arguments)


def django_command(values: Mapping[str, str], *arguments: str) -> str:
    """Runs one of Django's commands with `values` as its environment and returns its output.

    Raises:
        LocalError: The command failed; its output is in the message.
    """
    result = subprocess.run(
        [str(PYTHON), "manage.py", *arguments],
        cwd=ROOT, env=dict(values), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if result.returncode != 0:
        raise LocalError(
            "command-failed",
            f"manage.py {' '.join(arguments)} failed:\n{result.stdout}{result.stderr}",
            f"Read the message above; the servers' logs are in {LOG}.",
        )
    return result.stdout


def _prepare(services: Services, own: Secrets) -> None:
    """Migrates as the tables' owner, and grants the application's role its rights."""
    values = environment.platform(services, own)
    values["RAKKAN_MIGRATE_DATABASE_URL"] = services.migrations
    role = conninfo_to_dict(services.database).get("user")
    grants = ["--grant-to", str(role)] if services.migrations != services.database else []
    django_command(values, "prepare", "--verbosity", "0", *grants)


def _development_keys() -> None:
    from compliance.development.keys import development_keys  # needs the virtual environment

    development_keys(DATA)


def _port(*, any_port: bool) -> int:
    """Returns the port in PORT, else 8000; another one when it is taken and that is allowed.

    Raises:
        LocalError: It is taken.
    """
    wanted = int(os.environ.get("PORT") or DEFAULT_PORT)
    if not probes.listens(wanted):
        return wanted
    if any_port and not os.environ.get("PORT"):
        return probes.free_port()
    raise LocalError(
        "port-taken",
        f"Something else listens on 127.0.0.1:{wanted}.",
        "Stop it, or choose another port: PORT=8001 make serve.",
    )
