"""PostgreSQL transactions: a read one and a write one are different types, and only the edge commits."""

from __future__ import annotations

import contextlib
import time as clock
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import LiteralString, TypeVar

import msgspec
import psycopg
from psycopg import conninfo, pq, sql
from psycopg.copy import LibpqWriter
from psycopg.rows import dict_row
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import ConnectionPool, PoolTimeout

from doorstep.kernel import errors, message, pg_adapters
from doorstep.kernel.time import Clock

T = TypeVar("T")
Params = Mapping[str, object] | Sequence[object] | None
Connection = psycopg.Connection[dict[str, object]]

set_json_dumps(lambda value: msgspec.json.encode(value, enc_hook=message.stored))
set_json_loads(msgspec.json.decode)
_BUILTIN = (bytes, bytearray, datetime, date, time, timedelta, Decimal, uuid.UUID)
WAKE_CHANNEL = "doorstep_wake"
CONNECT_SECONDS = 5
_NO_ANSWER_SECONDS = 3.0
_START_SECONDS = 30.0


def to_type(rows: object, target: type[T]) -> T:
    """Map rows to types (dataclasses, enums, nested JSON); a mismatch is a bug and says where."""
    return msgspec.convert(rows, target, builtin_types=_BUILTIN, strict=False, dec_hook=message.read)


def to_types(rows: Sequence[object], target: type[T]) -> list[T]:
    """Many rows at once: a fifth of the cost of one by one."""
    many: type[list[T]] = list[target]  # type: ignore[valid-type]  # a type known at run time
    return to_type(rows, many)


class ReadTx:
    """A read transaction. Statements stand in store files; parameters are always passed separately."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def _run(self, statement: LiteralString, params: Params) -> psycopg.Cursor[dict[str, object]]:
        """Plan statements over lists each time: a generic plan is quadratic for the lists of a batch."""
        prepare = False if "unnest(" in statement or "ANY(" in statement else None
        return self.connection.execute(statement, params, prepare=prepare)

    def rows(self, statement: LiteralString, params: Params = None) -> list[dict[str, object]]:
        """Every row as a dict."""
        return self._run(statement, params).fetchall()

    def all(self, target: type[T], statement: LiteralString, params: Params = None) -> list[T]:
        """Every row as a `target` (a dataclass whose fields are the columns)."""
        return to_types(self._run(statement, params).fetchall(), target)

    def one(self, target: type[T], statement: LiteralString, params: Params = None) -> T | None:
        """The first row as a `target`, or None."""
        row = self._run(statement, params).fetchone()
        return None if row is None else to_type(row, target)

    def value(self, target: type[T], statement: LiteralString, params: Params = None) -> T:
        """The first column of the first row; a statement without a row is a bug here."""
        row = self._run(statement, params).fetchone()
        if row is None:
            raise LookupError(f"no row from: {statement}")
        return to_type(next(iter(row.values())), target)

    def column(self, target: type[T], statement: LiteralString, params: Params = None) -> list[T]:
        """The first column of every row."""
        cursor = self._run(statement, params)
        return to_types([next(iter(row.values())) for row in cursor.fetchall()], target)

    def copy_out(self, statement: LiteralString, params: Params = None) -> Iterator[bytes]:
        """The output of COPY … TO STDOUT in blocks; it may take as long as its reader takes."""
        self.connection.execute("SET LOCAL statement_timeout = 0")
        with self.connection.cursor() as cursor, cursor.copy(statement, params) as copy:
            for chunk in copy:
                yield bytes(chunk)


@dataclass(frozen=True, slots=True)
class Subscription:
    """`subscriber` gets a delivery for every event of `type`."""

    type: str
    subscriber: str


@dataclass(slots=True)
class _Pending:
    wake: bool = False


class WriteTx(ReadTx):
    """A write transaction, with its actor, its trace, and the subscribers of events."""

    def __init__(
        self, connection: Connection, *, actor: str, trace_id: str, subscriptions: Sequence[Subscription] = ()
    ) -> None:
        super().__init__(connection)
        self.actor = actor
        self.trace_id = trace_id
        self.subscriptions = subscriptions
        self.traces: dict[tuple[str, int], str] = {}  # trace of a (stream, id), where a batch holds several
        self.heads: dict[tuple[str, int], int] = {}  # last version of each event stream that is locked here
        self._pending = _Pending()

    @contextlib.contextmanager
    def acting(self, actor: str) -> Iterator[None]:
        """Let another actor act for a part of the transaction (a batch has messages of several connections)."""
        before, self.actor = self.actor, actor
        try:
            yield
        finally:
            self.actor = before

    def execute(self, statement: LiteralString, params: Params = None) -> int:
        """Run one statement; returns how many rows it touched."""
        return self._run(statement, params).rowcount

    def copy(self, statement: LiteralString, rows: Iterable[Sequence[object]]) -> None:
        """Write rows by COPY … FROM STDIN; an empty list needs no statement.

        Blocks are sent as they fill: rows from a generator are made while the database writes those before them.
        """
        if isinstance(rows, Sized) and not rows:
            return
        with self.connection.cursor() as cursor:
            writer = LibpqWriter(cursor, flush_threshold=0)
            with cursor.copy(statement, writer=writer) as copy:
                for row in rows:
                    copy.write_row(row)

    def wake_workers(self) -> None:
        """Notify workers once this transaction has committed (they also poll, so a lost notification costs a second)."""
        self._pending.wake = True

    @property
    def wants_wake(self) -> bool:
        return self._pending.wake

    @contextlib.contextmanager
    def savepoint(self) -> Iterator[None]:
        """A failure inside undoes only what is inside."""
        with contextlib.ExitStack() as undo:
            undo.callback(setattr, self, "heads", dict(self.heads))
            with self.connection.transaction():
                yield
            undo.pop_all()

    def preview(self, work: Callable[[], T]) -> T:
        """Do something and roll it back; returns its result."""
        heads = dict(self.heads)
        with self.connection.transaction(force_rollback=True):
            result = work()
        self.heads = heads
        return result


@dataclass(slots=True)
class Database:
    """A pool of connections to one database. Every process has one; `close` it at the end.

    With a `moved_clock` the SQL function `business_now()`, which fills the columns of business time, follows it.
    """

    dsn: str
    pool_size: int = 8
    subscriptions: Sequence[Subscription] = field(default=())
    moved_clock: Clock | None = None
    _pool: ConnectionPool[Connection] | None = None

    def open(self) -> Database:
        """Connect; raises Unavailable when the database does not answer, at once where waiting cannot help."""
        with reachable(self.dsn):
            _wait_for_start(self.dsn)
            psycopg.connect(self.dsn, connect_timeout=CONNECT_SECONDS).close()
        pool: ConnectionPool[Connection] = ConnectionPool(
            self.dsn,
            min_size=1,
            max_size=self.pool_size,
            kwargs={"row_factory": dict_row, "application_name": "doorstep"},
            open=False,
            configure=_configure,
            check=ConnectionPool.check_connection,
            timeout=10,
        )
        try:
            pool.open(wait=True, timeout=30)
        except PoolTimeout as problem:
            pool.close()
            with reachable(self.dsn):
                psycopg.connect(self.dsn, connect_timeout=CONNECT_SECONDS).close()
            raise errors.Unavailable("The database does not answer.", retry_after_seconds=5) from problem
        self._pool = pool
        return self

    def close(self) -> None:
        """Give all connections back."""
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    @contextlib.contextmanager
    def connection(self) -> Iterator[Connection]:
        """A pooled connection, for the kernel's own listeners and checks."""
        if self._pool is None:
            raise RuntimeError("the database is not open")
        try:
            with self._pool.connection() as connection:
                yield connection
        except (PoolTimeout, psycopg.OperationalError) as problem:
            raise errors.Unavailable(
                f"The database does not answer: {reason_of(problem)}.", retry_after_seconds=2
            ) from problem
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn) as problem:
            raise errors.Unavailable(
                f"The database has an older schema, or none ({problem.diag.message_primary}): run doorstep migrate."
            ) from problem
        except psycopg.DataError as problem:
            raise errors.Invalid(
                f"A value cannot be stored: {problem.diag.message_primary or problem}."
            ) from problem

    @contextlib.contextmanager
    def read(self) -> Iterator[ReadTx]:
        """One consistent read of everything (repeatable read, read only)."""
        with self.connection() as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            try:
                with connection.transaction():
                    self._move_clock(connection)
                    yield ReadTx(connection)
            finally:
                if connection.info.transaction_status == pq.TransactionStatus.IDLE:
                    connection.isolation_level = None
                    connection.read_only = None

    @contextlib.contextmanager
    def write(self, *, actor: str, trace_id: str = "") -> Iterator[WriteTx]:
        """One transaction: committed when the block ends, rolled back when it raises. Workers are notified after the commit.

        The notification is a statement of its own, because NOTIFY inside a transaction serializes all commits.
        """
        with self.connection() as connection:
            with connection.transaction():
                self._move_clock(connection)
                tx = WriteTx(connection, actor=actor, trace_id=trace_id, subscriptions=self.subscriptions)
                yield tx
            if tx.wants_wake:
                connection.execute(sql.SQL("NOTIFY {}").format(sql.Identifier(WAKE_CHANNEL)))
                connection.commit()

    def _move_clock(self, connection: Connection) -> None:
        """In a demo or a test, this transaction's `business_now()` follows the shifted clock."""
        if self.moved_clock is not None:
            instant = self.moved_clock.now().isoformat()
            connection.execute("SELECT set_config('doorstep.now', %s, true)", (instant,))

    def listen(self, *, wake: Callable[[], None], stopped: Callable[[], bool]) -> None:
        """Call `wake` whenever a transaction leaves work for workers, until `stopped`; reconnects by itself."""
        while not stopped():
            try:
                with psycopg.connect(self.dsn, autocommit=True) as connection:
                    connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(WAKE_CHANNEL)))
                    while not stopped():
                        for _ in connection.notifies(timeout=2, stop_after=1):
                            wake()
            except psycopg.OperationalError:
                clock.sleep(1)

    def ping(self) -> bool:
        """Whether the database answers now."""
        try:
            with self.connection() as connection:
                connection.execute("SELECT 1")
        except errors.Unavailable:
            return False
        return True


@contextlib.contextmanager
def reachable(dsn: str) -> Iterator[None]:
    """A driver error of an unusable server as Unavailable: where, and the server's reason."""
    try:
        yield
    except psycopg.Error as problem:
        raise errors.Unavailable(
            f"The database {_place(dsn)} cannot be used: {reason_of(problem)}. Check DOORSTEP_DATABASE_URL.",
            retry_after_seconds=5,
        ) from problem


def reason_of(problem: BaseException | None) -> str:
    """The driver's first line without its preamble and final stop; the lines after it only give hints."""
    line = next(iter(str(problem).strip().splitlines()), type(problem).__name__)
    return line.rpartition(" failed: ")[2].removeprefix("FATAL:").strip().rstrip(".?!")


def _place(dsn: str) -> str:
    """Host and name of a database, without the password."""
    try:
        parts = conninfo.conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        return "in the settings"
    return f"{parts.get('dbname', '')!r} at {parts.get('host', 'this machine')}"


def _wait_for_start(dsn: str) -> None:
    """Wait while a server starts, and a moment for one that gives no answer: it may be about to start."""
    address = conninfo.make_conninfo(dsn, connect_timeout=CONNECT_SECONDS).encode()
    began = clock.monotonic()
    patience = {pq.Ping.REJECT: _START_SECONDS, pq.Ping.NO_RESPONSE: _NO_ANSWER_SECONDS}
    while clock.monotonic() - began < patience.get(pq.Ping(pq.PGconn.ping(address)), 0.0):
        clock.sleep(0.2)


def _configure(connection: Connection) -> None:
    pg_adapters.register(connection)
    connection.execute("SET statement_timeout = '60s'")
    connection.execute("SET idle_in_transaction_session_timeout = '120s'")
    connection.execute("SET timezone = 'UTC'")
    connection.commit()
