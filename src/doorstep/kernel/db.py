"""PostgreSQL transactions: a read one and a write one are different types, and only the edge commits.

`Database.transact` runs a unit of work again when PostgreSQL ends it to break a deadlock. That is right because a unit
of work changes nothing but the database: `kernel/transactions.py` refuses calls to partners in one.
"""

from __future__ import annotations

import contextlib
import random
import time as clock
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import ClassVar, LiteralString, TypeVar

import msgspec
import prometheus_client
import psycopg
from psycopg import conninfo, pq, sql
from psycopg.copy import LibpqWriter
from psycopg.rows import dict_row
from psycopg.types.json import set_json_dumps, set_json_loads
from psycopg_pool import ConnectionPool, PoolTimeout

from doorstep.kernel import errors, message, pg_adapters, transactions
from doorstep.kernel.queues import EVERY, Queue
from doorstep.kernel.time import Clock
from doorstep.kernel.transactions import Locks

T = TypeVar("T")
Params = Mapping[str, object] | Sequence[object] | None
Connection = psycopg.Connection[dict[str, object]]

set_json_dumps(lambda value: msgspec.json.encode(value, enc_hook=message.stored))
set_json_loads(msgspec.json.decode)
_BUILTIN = (bytes, bytearray, datetime, date, time, timedelta, Decimal, uuid.UUID)
_CHANNEL = "doorstep_wake_"  # and the name of a queue
_LISTENS_SECONDS = 5.0  # until a listener looks whether it is to stop
CONNECT_SECONDS = 5
_NO_ANSWER_SECONDS = 3.0
_START_SECONDS = 30.0
# What PostgreSQL does to one of several transactions that hinder each other; the same work may succeed at once.
_INTERRUPTED = (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)
_ATTEMPTS, _SHORTEST_PAUSE, _LONGEST_PAUSE = 12, 0.01, 1.0
_repeated = prometheus_client.Counter(
    "doorstep_transactions_repeated", "Transactions that ran again after a deadlock"
)


class Interrupted(errors.Unavailable):
    """PostgreSQL ended the transaction because others hindered it; nothing of it happened."""


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
    """`subscriber`, which is served by `queue`, gets a delivery for every event of `type` that it needs (None: each)."""

    type: str
    subscriber: str
    queue: Queue = Queue.STEPS
    calls_partner: bool = False
    needs: Callable[[object], bool] | None = None


@dataclass(slots=True)
class _Pending:
    wake: set[Queue] = field(default_factory=set)
    interrupted: psycopg.Error | None = None


class WriteTx(ReadTx):
    """A write transaction, with its actor, its trace, and the subscribers of events."""

    checks_locks: ClassVar[bool] = False  # tests set it: a lock out of order is an error, not only a danger

    def __init__(
        self, connection: Connection, *, actor: str, trace_id: str, subscriptions: Sequence[Subscription] = ()
    ) -> None:
        super().__init__(connection)
        self.actor = actor
        self.trace_id = trace_id
        self.subscriptions = subscriptions
        self.traces: dict[tuple[str, int], str] = {}  # trace of a (stream, id), where a batch holds several
        self.heads: dict[tuple[str, int], int] = {}  # last version of each event stream that is locked here
        self.locks = Locks(is_checked=WriteTx.checks_locks)
        self._pending = _Pending()

    def _run(self, statement: LiteralString, params: Params) -> psycopg.Cursor[dict[str, object]]:
        try:
            return super()._run(statement, params)
        except _INTERRUPTED as problem:
            self._pending.interrupted = problem
            raise

    def check_uninterrupted(self) -> None:
        """Raise what interrupted this transaction, also if the work went on after it: it has to run as a whole."""
        if self._pending.interrupted is not None:
            raise self._pending.interrupted

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

    def wake_workers(self, *queues: Queue) -> None:
        """Notify the workers of these queues once this transaction has committed; of every queue if none is named.

        They also poll, so a notification that is lost with its process costs a few seconds.
        """
        self._pending.wake |= set(queues or EVERY)

    @property
    def awaited(self) -> list[Queue]:
        """The queues whose workers are to be notified."""
        return sorted(self._pending.wake)

    @contextlib.contextmanager
    def savepoint(self) -> Iterator[None]:
        """A failure inside undoes only what is inside."""
        with contextlib.ExitStack() as undo:
            undo.callback(setattr, self, "heads", dict(self.heads))
            undo.callback(setattr, self.locks, "held", self.locks.held)
            with self.connection.transaction():
                yield
            undo.pop_all()

    def preview(self, work: Callable[[], T]) -> T:
        """Do something and roll it back; returns its result."""
        heads, held = dict(self.heads), self.locks.held
        with self.connection.transaction(force_rollback=True):
            result = work()
        self.heads, self.locks.held = heads, held
        return result


@dataclass(slots=True)
class Database:
    """A pool of connections to one database. Every process has one; `close` it at the end.

    With a `moved_clock` the SQL function `business_now()`, which fills the columns of business time, follows it.
    """

    dsn: str
    pool_size: int = 8
    subscriptions: Sequence[Subscription] = field(default=())
    is_served: Callable[[Queue], bool] = lambda _queue: True  # False: nobody needs what that queue would do
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
    def connection(self, *, wait_seconds: float | None = None) -> Iterator[Connection]:
        """A pooled connection, for the kernel's own listeners and checks; raises Unavailable after a wait without one."""
        if self._pool is None:
            raise RuntimeError("the database is not open")
        try:
            with self._pool.connection(timeout=wait_seconds) as connection:
                yield connection
        except _INTERRUPTED as problem:
            raise Interrupted(
                f"Too many changes of the same records at once: {reason_of(problem)}.", retry_after_seconds=1
            ) from problem
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
        except UnicodeEncodeError as problem:  # JSON may write half of a pair: "\\ud800"
            raise errors.Invalid(
                "A value cannot be stored: it contains half of a Unicode surrogate pair."
            ) from problem

    @contextlib.contextmanager
    def read(self) -> Iterator[ReadTx]:
        """One consistent read of everything (repeatable read, read only)."""
        with self.connection() as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            try:
                with connection.transaction():
                    self.move_clock(connection)
                    yield ReadTx(connection)
            finally:
                if connection.info.transaction_status == pq.TransactionStatus.IDLE:
                    connection.isolation_level = None
                    connection.read_only = None

    def transact(self, work: Callable[[WriteTx], T], *, actor: str, trace_id: str = "") -> T:
        """Run `work` in one transaction and return its result; run it again when PostgreSQL ends it to break a deadlock.

        Each attempt starts from nothing, with a new transaction. `work` must change nothing but the database. Raises
        Interrupted after many attempts.
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                with self.write(actor=actor, trace_id=trace_id) as tx:
                    return work(tx)
            except Interrupted:
                if attempt == _ATTEMPTS:
                    raise
                _repeated.inc()
                clock.sleep(_pause(attempt))

    @contextlib.contextmanager
    def write(self, *, actor: str, trace_id: str = "") -> Iterator[WriteTx]:
        """One transaction: committed when the block ends, rolled back when it raises. Workers are notified after the commit.

        Use `transact` for what may meet others. The notification is a statement of its own, because NOTIFY inside a transaction serializes all commits.
        """
        with self.connection() as connection:
            with connection.transaction():
                self.move_clock(connection)
                tx = WriteTx(connection, actor=actor, trace_id=trace_id, subscriptions=self._subscriptions())
                with transactions.writing():
                    yield tx
                tx.check_uninterrupted()
            if tx.awaited:
                channels = [_CHANNEL + queue for queue in tx.awaited]
                connection.execute(
                    "SELECT pg_notify(channel, '') FROM unnest(%s::text[]) AS channel", (channels,)
                )
                connection.commit()

    def _subscriptions(self) -> Sequence[Subscription]:
        unserved = {queue for queue in Queue if not self.is_served(queue)}
        return (
            [each for each in self.subscriptions if each.queue not in unserved]
            if unserved
            else self.subscriptions
        )

    def move_clock(self, connection: Connection) -> None:
        """In a demo or a test, this transaction's `business_now()` follows the shifted clock."""
        if self.moved_clock is not None:
            instant = self.moved_clock.now().isoformat()
            connection.execute("SELECT set_config('doorstep.now', %s, true)", (instant,))

    def listen(
        self, *, queues: Sequence[Queue], wake: Callable[[Queue], None], stopped: Callable[[], bool]
    ) -> None:
        """Call `wake` whenever a transaction leaves work for one of these queues, until `stopped`.

        It reconnects by itself, and wakes all of them then: nobody knows what was notified meanwhile.
        """
        while not stopped():
            try:
                with psycopg.connect(self.dsn, autocommit=True) as connection:
                    for queue in queues:
                        connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(_CHANNEL + queue)))
                    for queue in queues:
                        wake(queue)
                    while not stopped():
                        for note in connection.notifies(timeout=_LISTENS_SECONDS, stop_after=1):
                            wake(Queue(note.channel.removeprefix(_CHANNEL)))
            except psycopg.OperationalError:
                clock.sleep(1)


def _pause(attempt: int) -> float:
    """How long to wait before the next attempt: longer each time, and for each transaction another time."""
    longest: float = min(_LONGEST_PAUSE, _SHORTEST_PAUSE * 2**attempt)
    return random.uniform(0, longest)  # noqa: S311 - spreads the attempts


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
