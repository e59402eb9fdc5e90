"""The embedded PostgreSQL: passwords, roles, folders."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from deploy.local import postgres, private
from deploy.local.errors import LocalError
from deploy.local.testing import TestServers


def test_the_application_role_is_no_superuser_and_makes_nothing(servers: TestServers) -> None:
    if servers.application == servers.owner:
        pytest.skip("DATABASE_URL names one role for everything")
    with psycopg.connect(servers.application) as connection:
        row = connection.execute(
            "SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert row == (False, False, False)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE anything (id int)")


def test_the_database_speaks_utf8_and_utc(servers: TestServers) -> None:
    with psycopg.connect(servers.owner) as connection:
        row = connection.execute("SELECT current_setting('server_encoding')").fetchone()
        assert row == ("UTF8",)


@pytest.mark.parametrize(
    ("folder", "fits"),
    [
        ("/srv/rakkan/run", True),
        ("/srv/" + "deep/" * 18 + "run", False),
        ("/srv/my work/run", False),
        ("/srv/a,b/run", False),
    ],
)
def test_a_socket_lies_only_where_its_path_is_short_and_plain(folder: str, fits: bool) -> None:
    assert private.fits_socket(Path(folder)) is fits


def test_a_private_folder_that_others_may_write_to_is_refused(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    with pytest.raises(LocalError, match="only this account"):
        private.make_private(shared / "run")


def test_a_private_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LocalError, match="only this account"):
        private.make_private(tmp_path / "link" / "run")


def test_a_password_never_lands_unquoted_in_an_address() -> None:
    passwords = postgres.Passwords("a/b", "c@d", "e:f")
    cluster = postgres.Cluster(Path("/d"), Path("/s"), Path("/b"), None, passwords)
    assert cluster.url(postgres.OWNER) == "postgresql://rakkan_owner:c%40d@/rakkan?host=%2Fs"
    parts = psycopg.conninfo.conninfo_to_dict(cluster.url(postgres.APPLICATION))
    assert (parts["user"], parts["password"]) == (postgres.APPLICATION, passwords.application)
