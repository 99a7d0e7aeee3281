"""Opens the database, brings its schema up to date, and gives out transactions."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, select, text, update
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from newsletter.errors import Away, StoreError
from newsletter.store import migrations, mishaps, postgres, queue_schema, tables
from newsletter.store.extras import lacks_postgres

BUSY_TIMEOUT_MS = 5000
_QUICK_TO_CHECK = 256 * 1024 * 1024  # bytes
_IDENTITY, MOVED_TO = "identity", "moved_to"
_MOVED = select(tables.settings.c.value).where(tables.settings.c.key == MOVED_TO)
_MIGRATION_LOCK = 0x6E657773  # any number of ours: PostgreSQL's advisory lock while the schema changes


class Database:
    """One engine. `write()` is a transaction that locks SQLite for writing from its start; `read()` is one snapshot.

    Both raise Away when the database is locked, full or out of reach, StoreError when it is damaged, say.
    `is_new`: it was made just now. `folder`: where on this machine a run on PostgreSQL notes what it has heard.
    """

    def __init__(self, url: str, folder: Path | None = None) -> None:
        """Raises StoreError when the address is wrong, or what stands there is no database of ours."""
        self.url, self.folder = url, folder
        self.engine = _engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._path = _path(self.engine.url)
        self._opened: tuple[int, int] | None = None
        try:
            self.is_new = _bring_up_to_date(self)
        except StoreError as error:
            self.close()
            raise StoreError(f"{self.place}: {error}") from None
        self._opened = self._identity()

    @property
    def is_in_place(self) -> bool:
        """Whether SQLite's file is still the one that was opened: what is written to a deleted one is lost."""
        return self._opened is None or self._opened == self._identity()

    @property
    def may_be_written(self) -> bool:
        """Whether SQLite's file, and its folder for what lies beside it, let us; a server says so when it is asked."""
        file = self.file
        return file is None or all(os.access(place, os.W_OK) for place in (file, file.parent))

    @property
    def place(self) -> str:
        """Where it is, without a password."""
        return self.engine.url.render_as_string(hide_password=True)

    @property
    def file(self) -> Path | None:
        """SQLite's file, where a link leads to; None on PostgreSQL, in memory, and at an address with `file:`."""
        return self._path and self._path.resolve()

    def beside(self, end: str) -> Path | None:
        """What lies beside SQLite's file under its name and this end; SQLite too puts it where a link leads to."""
        file = self.file
        return file and file.with_name(f"{file.name}{end}")

    @contextmanager
    def read(self) -> Iterator[Connection]:
        self.demand_place()
        with in_our_words(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Raises StoreError for a database that was closed, by a process that lives on, too."""
        with self.write_anyway() as connection:
            if place := connection.scalar(_MOVED):
                raise closed(self, place)
            yield connection

    @contextmanager
    def write_anyway(self) -> Iterator[Connection]:
        self.demand_place()
        with in_our_words(), self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection

    def demand_place(self) -> None:
        """Raises Away; a new connection would make an empty file in its place."""
        if not self.is_in_place:
            raise Away(f"the file of {self.place} is gone, or another has its place.")

    def _identity(self) -> tuple[int, int] | None:
        if self._path is None:
            return None
        with suppress(OSError):
            found = self._path.stat()
            return found.st_dev, found.st_ino
        return 0, 0  # no file has that

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def in_our_words() -> Iterator[None]:
    """What a driver says of the database becomes Away or StoreError; what it says of a row's content is our mistake.

    The driver itself may have said it, too, where it is asked without SQLAlchemy.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        raise mishaps.away(error) from error
    except IntegrityError:
        raise
    except NoConnection as error:
        raise Away("all connections to the database are taken. Try again in a moment.") from error
    except (OperationalError, InterfaceError) as error:
        raise mishaps.away(error.orig) from error
    except DBAPIError as error:
        if error.connection_invalidated:  # the server ended a session that slept in a transaction, say
            raise mishaps.away(error.orig) from error
        raise StoreError(mishaps.explain(str(error.orig or ""))) from error


def insert(connection: Connection, table: Any) -> Any:
    """INSERT in the connection's own dialect, which knows ON CONFLICT. The other one is not loaded for it."""
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


def prove_writable(connection: Connection) -> None:
    """Writes, and changes nothing: a mere transaction begins on a read-only file, too."""
    settings = tables.settings
    connection.execute(update(settings).where(settings.c.key == "signing_key").values(value=settings.c.value))


def harden(database: Database) -> None:
    """SQLite: what is committed so far survives a power cut too; synchronous=NORMAL alone survives only kill -9.

    A checkpoint syncs the write-ahead log before it brings it home. One who reads for long, a backup say, holds that up
    and with it the sync: so the log is synced by itself as well. Raises StoreError when the disk does not take it.
    """
    with suppress(OperationalError), database.engine.connect() as connection:  # busy or full: the next call does it
        connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")
    if log := database.beside("-wal"):
        _sync(log)


def _sync(log: Path) -> None:
    """SQLite holds no lock on its log, so closing it here takes none away."""
    with suppress(FileNotFoundError):
        file = os.open(log, os.O_RDWR)
        try:
            os.fsync(file)
        except OSError as error:
            raise StoreError(f"{log}: the disk does not take what is written there: {error.strerror}.") from error
        finally:
            os.close(file)


def signing_key(database: Database) -> str:
    """The key behind every token and keyed hash; made once, kept in the database."""
    settings = tables.settings
    wanted = select(settings.c.value).where(settings.c.key == "signing_key")
    with database.read() as connection:
        if found := connection.scalar(wanted):
            return str(found)
    with database.write() as connection:
        row = {"key": "signing_key", "value": secrets.token_urlsafe(48)}
        connection.execute(insert(connection, settings).values(row).on_conflict_do_nothing())
        return str(connection.scalar(wanted))


def identity(database: Database) -> str:
    """What tells it from all others, also from one that its readers came from; "" for one of an early version."""
    with database.read() as connection:
        return str(connection.scalar(select(tables.settings.c.value).where(tables.settings.c.key == _IDENTITY)) or "")


def moved_to(database: Database) -> str:
    """Where all of it went, and is gone on with; "" for one that is in use."""
    with database.read() as connection:
        return str(connection.scalar(_MOVED) or "")


def close_for(database: Database, place: str) -> None:
    """From here on whoever opens it, or writes to it, hears that all of it is at `place`; "": it is in use again."""
    with database.write_anyway() as connection:
        connection.execute(tables.settings.delete().where(tables.settings.c.key == MOVED_TO))
        if place:
            connection.execute(tables.settings.insert().values(key=MOVED_TO, value=place))


def closed(database: Database, place: str) -> StoreError:
    remedy = "Name that one in config.yaml. `newsletter copy-database --reopen` takes this one into use again"
    return StoreError(f"{database.place} was copied to {place}, and is closed. {remedy}.")


def lacking(database: Database) -> list[str]:
    """The tables and columns that there should be and are not: somebody made it with a version before the first."""
    with database.read() as connection:
        found = inspect(connection)
        there = {name: {column["name"] for column in found.get_columns(name)} for name in found.get_table_names()}
    wanted = {table.name: table.columns for table in tables.metadata.sorted_tables}
    columns = [(name, column.name) for name in wanted.keys() & there.keys() for column in wanted[name]]
    return sorted(wanted.keys() - there.keys()) + sorted(f"{t}.{c}" for t, c in columns if c not in there[t])


def damaged(database: Database) -> str:
    """What SQLite finds wrong with its file, "" where nothing is; of a big one only what is quick to see."""
    file = database.file
    small = file and file.exists() and file.stat().st_size < _QUICK_TO_CHECK
    with database.read() as connection:
        found = str(connection.scalar(text(f"PRAGMA {'integrity' if small else 'quick'}_check(1)")))
    return "" if found == "ok" else found


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() not in ("sqlite", "postgresql"):
            raise StoreError(
                f"database {parsed.get_backend_name()!r} is not supported; use sqlite:/// or postgresql+psycopg://"
            )
        if path := _path(parsed):
            path.parent.mkdir(parents=True, exist_ok=True)
            _make_private(path)
        if parsed.get_backend_name() == "postgresql":
            engine = create_engine(parsed, connect_args=postgres.connect_args(parsed), **postgres.POOL)
        else:
            engine = create_engine(parsed)
    except (ArgumentError, ValueError) as error:
        raise StoreError(f"`database` is no database address: {error}") from None
    except ModuleNotFoundError:
        raise StoreError(lacks_postgres()) from None
    except OSError as error:
        told = f"the folder of the database cannot be made: {(error.strerror or str(error)).lower()}"
        raise StoreError(f"{error.filename}: {told}. Check `database` in config.yaml.") from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        event.listen(engine, "connect", postgres.prepare)
    return engine


def _path(url: URL) -> Path | None:
    """SQLite's file as the address has it; see Database.file. After `file:` SQLite reads it in a way of its own."""
    given = url.database
    if url.get_backend_name() != "sqlite" or not given or given == ":memory:" or given.startswith("file:"):
        return None
    return Path(given)


def _make_private(path: Path) -> None:
    """A new database is its owner's alone to read: it holds everybody's address, and the key that signs their links."""
    with suppress(OSError):  # it is there already, or SQLite will say what is wrong
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's `begin` event below is the only one to open transactions
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    if not _is_somebody_elses(cursor):
        cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _is_somebody_elses(cursor: Any) -> bool:
    """Whether it has tables and none is ours: such a file is left as it is."""
    wanted = "SELECT count(*), sum(name = 'subscriptions') FROM sqlite_master WHERE type = 'table'"
    every, ours = cursor.execute(wanted).fetchone()
    return bool(every) and not ours


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _bring_up_to_date(database: Database) -> bool:
    """Whether it was empty, and is a new one."""
    with database.read() as connection:
        ours_is = migrations.current(connection) == migrations.HEAD
        if ours_is and (database.is_sqlite or queue_schema.is_current(connection)):
            return False
    with database.write_anyway() as connection:
        if not database.is_sqlite:
            connection.execute(text("SET LOCAL lock_timeout = 0"))  # another process may be at it for long
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"))
            connection.execute(text(postgres.LOCK_WAIT_ONCE))
        is_new = not inspect(connection).get_table_names()
        if is_new:
            tables.metadata.create_all(connection)
            connection.execute(tables.settings.insert().values(key=_IDENTITY, value=secrets.token_hex(16)))
            migrations.stamp(connection)
        else:
            migrations.upgrade(connection)
        if not database.is_sqlite and not queue_schema.is_current(connection):
            queue_schema.bring_up_to_date(connection)
    return is_new
