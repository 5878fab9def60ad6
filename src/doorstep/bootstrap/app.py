"""Open everything a process needs, in order, and close it in reverse."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from doorstep.bootstrap.discover import Found, discover
from doorstep.bootstrap.registry import Registry
from doorstep.domain.connections.model import Kind
from doorstep.domain.shipping.model import Packaging, Size
from doorstep.flows import map as flow_map
from doorstep.flows.context import Context
from doorstep.kernel import http, i18n, postgres, schema, secrets
from doorstep.kernel.db import Database
from doorstep.kernel.queues import Queue
from doorstep.kernel.settings import Settings
from doorstep.kernel.time import Clock, ShiftedClock, SystemClock


@dataclass(frozen=True, slots=True)
class App:
    """Everything, open. Front doors get it and nothing else.

    `clock` is business time; `session_clock` says when a sign-in ends, which a demo that skips days must not move.
    """

    settings: Settings
    db: Database
    clock: Clock
    session_clock: Clock
    vault: secrets.Vault
    registry: Registry
    context: Context
    server: postgres.Database

    def close(self) -> None:
        """Close everything, in reverse order."""
        self.registry.close()
        self.db.close()
        self.server.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_app(settings: Settings, *, migrate: bool = False, clock: Clock | None = None) -> App:
    """Start or join the database, open the pool, find the connectors. `migrate` upgrades the schema first.

    `clock` replaces every clock of the application, for tests. Else business time is the machine's, shifted by the
    clock file of the settings.
    """
    i18n.use(settings.language)
    connectors = discover()
    server = postgres.open_or_connect(settings)
    with contextlib.ExitStack() as undo:
        undo.callback(server.release)
        if migrate:
            schema.upgrade(server.url)
        app = _opened(settings, server, connectors, clock)
        undo.pop_all()
    return app


def _opened(settings: Settings, server: postgres.Database, connectors: Found, clock: Clock | None) -> App:
    moved = clock or (ShiftedClock(settings.clock_file) if settings.clock_file else None)
    machine = SystemClock()
    db = Database(
        server.url, pool_size=settings.pool_size, subscriptions=flow_map.SUBSCRIPTIONS, moved_clock=moved
    ).open()
    vault = secrets.vault(settings.secret_key, folder=settings.data_dir)
    policy = http.Policy(
        timeout_seconds=settings.http_timeout_seconds,
        documents_from_anywhere=settings.environment != "production",
    )
    registry = Registry(db, vault, connectors, policy=policy)
    db.is_served = lambda queue: queue is not Queue.MESSAGES or not registry.has_none(Kind.MESSENGERS)
    business_clock = moved or machine
    length, width, height = map(int, settings.parcel_size_mm.split("x"))
    context = Context(
        db=db,
        clock=business_clock,
        partners=registry,
        serviceable=dict.fromkeys(settings.delivers_to.split(","), True),
        packaging=Packaging(settings.parcel_packaging_grams, Size(length, width, height)),
        public_url=settings.public_url.rstrip("/"),
    )
    return App(settings, db, business_clock, clock or machine, vault, registry, context, server)
