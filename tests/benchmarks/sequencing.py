"""Writers and the sequencer as processes of their own: for the benchmark, and for chaos to kill.

``write TABLE SECONDS [ACKNOWLEDGED]`` inserts rows, each in a transaction of its own, and prints
how many; where a file is named, it goes on past a lost connection and appends the id of every row
whose commit was answered. ``sequence`` numbers and publishes until its standard input ends.
``nurse`` starts a sequencer for every line it reads and prints its process id: whoever kills it
asks for another.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from pathlib import Path
from uuid import uuid4

import psycopg

COLUMNS = (
    "id, name, occurred_at, actor_id, actor_role, organisation_id, object_type, object_id,"
    " object_label, request_id, data, canonical"
)
_INSERT = "INSERT INTO {table} ({columns}) VALUES ({values})"
_PAUSE = 0.02  # seconds


def insert(table: str) -> str:
    """The statement that inserts a :func:`row`."""
    values = ", ".join(["%s"] * len(COLUMNS.split(",")))
    return _INSERT.format(table=table, columns=COLUMNS, values=values)


def row(one: str) -> list[str]:
    """The values of an event's columns, 550 bytes of canonical form among them."""
    moment = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    actor, label, request = (
        "8d1f6c1e-3a55-4d38-8ad5-0a4c29f0b3b1",
        "春のキャンペーン 2026",
        "c0" * 16,
    )
    name = "productions.production.submitted"
    data = f'{{"digest":"{"a" * 64}","engine":"mesh","step":3}}'
    canonical = (
        f'{{"actor_id":"{actor}","actor_role":"requester","data":{data},"id":"{one}",'
        f'"name":"{name}","object_id":"{one}","object_label":"{label}","object_type":"production",'
        f'"occurred_at":"{moment}","organisation_id":"","request_id":"{request}"}}'
    )
    values = [one, name, moment, actor, "requester", "", "production", one, label, request]
    return [*values, data, canonical]


def connect() -> psycopg.Connection:
    """A connection that works for the system, as workers do."""
    connection = psycopg.connect(os.environ["DATABASE_URL"])
    connection.execute("SELECT set_config('rakkan.organisation', 'system', false)")
    connection.commit()
    return connection


def write(table: str, seconds: float) -> int:
    """Insert rows one by one, each committed, for so long; return how many."""
    statement, written = insert(table), 0
    with connect() as connection:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            connection.execute(statement, row(str(uuid4())))  # type: ignore[arg-type]
            connection.commit()
            written += 1
    return written


def write_on(table: str, seconds: float, acknowledged: Path) -> int:
    """The same past lost connections; note the id of every row whose commit was answered."""
    statement, written, ends = insert(table), 0, time.monotonic() + seconds
    with acknowledged.open("a") as noted:
        while time.monotonic() < ends:
            try:
                with connect() as connection:
                    while time.monotonic() < ends:
                        one = str(uuid4())
                        connection.execute(statement, row(one))  # type: ignore[arg-type]
                        connection.commit()
                        noted.write(f"{one}\n")
                        noted.flush()
                        written += 1
            except psycopg.Error:
                time.sleep(_PAUSE)
    return written


def sequence() -> int:
    """Number and publish until standard input ends; return how many rounds it took."""
    from rakkan.audit.services import log_advance  # noqa: PLC0415  the settings read the environment

    rounds = 0
    while not select.select([sys.stdin], [], [], _PAUSE)[0]:
        log_advance()
        rounds += 1
    return rounds


def nurse() -> None:
    """Start a sequencer for every line; each works until it is killed."""
    from django.db import Error, connection  # noqa: PLC0415  as above

    from rakkan.audit.services import log_advance  # noqa: PLC0415  as above

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries them
    for _ in sys.stdin:
        child = os.fork()
        if child:
            sys.stdout.write(f"{child}\n")
            sys.stdout.flush()
            continue
        while True:
            try:
                log_advance()
            except Error:  # the server was killed
                connection.close()
                time.sleep(_PAUSE)


def main(act: str, *arguments: str) -> None:
    """Do one of them."""
    if act == "write":
        table, seconds, *noted = arguments
        many = (
            write_on(table, float(seconds), Path(noted[0]))
            if noted
            else write(table, float(seconds))
        )
        sys.stdout.write(f"{many}\n")
        return
    import django  # noqa: PLC0415  as above

    django.setup()
    from rakkan.core.tenancy import process_is_system  # noqa: PLC0415  as above

    process_is_system()
    if act == "nurse":
        nurse()
    else:
        sys.stdout.write(f"{sequence()}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
