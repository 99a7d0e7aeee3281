"""A PostgreSQL server of the tests' own: made in a temporary folder, reachable by unix socket only, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import URL

USER = "newsletter"


@contextmanager
def server() -> Iterator[Path]:
    """A running server; gives the folder of its socket. Every pytest-xdist process that asks gets its own."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    owner = _owner(folder)
    data = folder / "data"
    _run([programs / "initdb", "-D", data, "-U", USER, "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"], owner)
    quick = ["fsync=off", "full_page_writes=off"]  # nobody pulls this one's plug
    settings = ["listen_addresses=", *quick, f"unix_socket_directories={folder}", "max_connections=200"]
    options = [part for setting in settings for part in ("-c", setting)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [programs / "postgres", "-D", data, *options], user=owner, cwd=folder, stdout=log, stderr=log
        )
    try:
        _wait(folder)
        yield folder
    finally:
        process.send_signal(3)  # SIGQUIT: at once; nothing in it is worth a shutdown
        process.wait(20)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def database(folder: Path, name: str, template: str = "template1") -> Iterator[str]:
    """An empty database, or a copy of another that nobody uses; gives its address as config.yaml writes it."""
    with psycopg.connect(_address(folder, "postgres"), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield URL.create(
                "postgresql+psycopg", username=USER, database=name, query={"host": str(folder)}
            ).render_as_string()
        finally:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def keep(folder: Path, name: str) -> None:
    """Remembers what stands in a database's tables, for `restore`."""
    with psycopg.connect(_address(folder, name), autocommit=True) as session:
        session.execute("CREATE SCHEMA kept")
        for table in _filled(session):
            session.execute(f"CREATE TABLE kept.{table} AS TABLE public.{table}")


def restore(folder: Path, name: str) -> None:
    """Makes a database what it was at `keep`, in a hundredth of the time that a new one takes.

    Rows and sequences only: who changes tables needs a database of their own. Sessions that are left are ended.
    """
    with psycopg.connect(_address(folder, name), autocommit=True) as session:
        session.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        session.execute("SET session_replication_role = replica")  # no foreign key, no trigger
        for table in _filled(session):
            session.execute(f"DELETE FROM public.{table}")
        for table in _tables(session, "kept"):
            session.execute(f"INSERT INTO public.{table} TABLE kept.{table}")
        session.execute("SELECT setval(seqrelid, seqstart, false) FROM pg_sequence")


def _filled(session: psycopg.Connection[Any]) -> list[str]:
    """The tables that have rows."""
    asked = " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT FROM public.{table})" for table in _tables(session, "public")
    )
    return [table for (table,) in session.execute(asked).fetchall()]


def _tables(session: psycopg.Connection[Any], schema: str) -> list[str]:
    found = session.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s ORDER BY 1", (schema,))
    return [table for (table,) in found.fetchall()]


def _programs() -> Path:
    """Where initdb is: on the path, or where Debian puts it (the newest version)."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    if not places:
        pytest.fail("PostgreSQL's server programs are missing; scripts/system-packages.sh says how to install them")
    return places[-1].parent


def _owner(folder: Path) -> str | None:
    """Root may not run PostgreSQL: then its own user does, or nobody."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    owner = "postgres" if "postgres" in known else "nobody"
    shutil.chown(folder, owner)
    return owner


def _run(command: list[object], owner: str | None) -> None:
    done = subprocess.run([str(part) for part in command], user=owner, cwd="/", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def _wait(folder: Path) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(_address(folder, "postgres")).close()
        except psycopg.OperationalError:
            assert time.monotonic() < until, (folder / "log").read_text()
            time.sleep(0.05)
        else:
            return


def _address(folder: Path, name: str) -> str:
    return f"host={folder} user={USER} dbname={name}"
