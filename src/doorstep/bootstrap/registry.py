"""The configured connections of this installation, opened: one connector object and one session each, per process."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar, cast, runtime_checkable

import pydantic
from pydantic_core import ErrorDetails

from doorstep.bootstrap.discover import Found
from doorstep.domain.connections import actions as connection_actions
from doorstep.domain.connections import views as connections
from doorstep.domain.connections.model import Connection, Connector, Kind, Mode, unknown
from doorstep.domain.connections.ports import Inbound
from doorstep.domain.invoicing.ports import AccountingSystem
from doorstep.domain.notifications.ports import Messenger
from doorstep.domain.orders.ports import SalesChannel
from doorstep.domain.payments.ports import PaymentGateway
from doorstep.domain.shipping.ports import Carrier
from doorstep.kernel import errors, http, log
from doorstep.kernel.db import Database, WriteTx
from doorstep.kernel.ids import ConnectionId
from doorstep.kernel.secrets import Vault

P = TypeVar("P")
_log = log.get("registry")
_LOOK_AGAIN_AFTER_SECONDS = 2.0
_NEVER = float("-inf")


@runtime_checkable
class _HasAddress(Protocol):
    base_url: str


@dataclass(frozen=True, slots=True)
class _Open:
    connection: Connection
    session: http.Session
    connector: object


class Registry:
    """Connections by id and key. Every process sees a change in the database within two seconds."""

    def __init__(self, db: Database, vault: Vault, connectors: Found, *, policy: http.Policy) -> None:
        self.connectors = connectors
        self._db = db
        self._vault = vault
        self._policy = policy
        self._lock = threading.Lock()
        self._open: dict[int, _Open] = {}
        self._seen: datetime | None = None
        self._has_looked = False
        self._looked_at = _NEVER

    def configure(
        self, tx: WriteTx, *, key: str, connector: Connector, name: str, settings: Mapping[str, object]
    ) -> int:
        """Create or replace a connection: a new one is live, a known one keeps its mode. Secrets are sealed.

        Raises Invalid with the fields that are wrong.
        """
        checked = _validate(connector, settings)
        secret = {field for field, value in checked if isinstance(value, pydantic.SecretStr)}
        plain = {field: value for field, value in checked if field not in secret}
        sealed = {
            field: value.get_secret_value()
            for field, value in checked
            if isinstance(value, pydantic.SecretStr)
        }
        row = connection_actions.ConnectionRow(
            id=0,
            key=key,
            kind=connector.kind.value,
            connector_id=connector.id,
            name=name,
            mode=Mode.LIVE.value,
            settings=plain,
            secrets=self._vault.seal(sealed) if sealed else None,
            changed_at=datetime.min,  # noqa: DTZ901 - the database sets it
        )
        self._looked_at = _NEVER
        return connection_actions.configure(tx, row=row)

    def connector(self, kind: Kind, connector_id: str) -> Connector:
        """A connector by kind and id; raises NotFound."""
        found = self.connectors.get((kind, connector_id))
        if found is None:
            raise errors.NotFound(
                f"There is no connector {kind.value}/{connector_id}: see doorstep connections connectors."
            )
        return found

    @staticmethod
    def fields(connector: Connector) -> dict[str, str]:
        """The settings of a connector with their descriptions."""
        model = connector.settings
        if not issubclass(model, pydantic.BaseModel):
            raise TypeError(f"{connector.id}: settings must be a pydantic model")
        return {name: field.description or "" for name, field in model.model_fields.items()}

    def refresh(self) -> None:
        """Read the connections again if one has changed; cheap, called before every use."""
        if self._is_fresh():
            return
        with self._lock:
            if not self._is_fresh():
                self._looked_at = (
                    time.monotonic()
                )  # also when the database does not answer, so that one caller asks, not all
                self._look()

    def _is_fresh(self) -> bool:
        """False before the first load, so that other threads wait for it instead of finding no connections."""
        return self._has_looked and time.monotonic() - self._looked_at < _LOOK_AGAIN_AFTER_SECONDS

    def _look(self) -> None:
        with self._db.read() as tx:
            seen = connections.latest_change(tx)
            if self._has_looked and seen == self._seen:
                return
            rows = connections.all_connections(tx)
            before, self._open = self._open, dict(self._opened_all(rows))
            self._seen, self._has_looked = seen, True
        for each in before.values():
            if self._open.get(each.connection.id) is not each:
                each.session.close()

    def _opened_all(self, rows: Sequence[connections.ConnectionRow]) -> Iterator[tuple[int, _Open]]:
        """A connection that cannot be opened is logged and left out: it must not stop the others."""
        for row in rows:
            try:
                yield row.id, self._opened(row)
            except errors.Invalid as problem:
                _log.error("a connection cannot be opened", connection=row.key, error=problem.message)

    def _opened(self, row: connections.ConnectionRow) -> _Open:
        known = self._open.get(row.id)
        connection = self._connection(row)
        if known is not None and known.connection == connection:
            return known
        connector = self.connectors.get((connection.kind, connection.connector_id))
        if connector is None:
            raise errors.Invalid(
                f"Connection {row.key} needs the connector {row.connector_id}, which is not installed."
            )
        settings = _validate(connector, connection.settings)
        address = settings.base_url if isinstance(settings, _HasAddress) else ""
        session = http.Session(row.key, address, mode=connection.mode.value, policy=self._policy)
        return _Open(connection, session, connector.connect(settings, session))

    def _connection(self, row: connections.ConnectionRow) -> Connection:
        secrets = self._vault.open_(row.secrets) if row.secrets else {}
        return Connection(
            id=ConnectionId(row.id),
            key=row.key,
            kind=Kind(row.kind),
            connector_id=row.connector_id,
            name=row.name,
            mode=Mode(row.mode),
            settings={**row.settings, **secrets},
        )

    def connection(self, connection_id: int) -> Connection:
        """One connection; raises NotFound."""
        return self._find(connection_id).connection

    def by_key(self, key: str) -> Connection:
        """One connection by its key; raises NotFound."""
        self.refresh()
        for each in self._open.values():
            if each.connection.key == key:
                return each.connection
        raise unknown(key, [each.connection.key for each in self._open.values()])

    def known(self, key: str) -> Connection | None:
        """A connection from memory, without a query; None if it must be loaded."""
        if not self._is_fresh():
            return None
        return next((each.connection for each in self._open.values() if each.connection.key == key), None)

    def of_kind(self, kind: Kind) -> list[Connection]:
        """The connections of a kind that are not off, by key."""
        self.refresh()
        found = [each.connection for each in self._open.values() if each.connection.kind is kind]
        return sorted((each for each in found if each.mode is not Mode.OFF), key=lambda each: each.key)

    def _find(self, connection_id: int) -> _Open:
        """A connection by its id. One that was added a moment ago is read at once: work for it may be due already."""
        self.refresh()
        if connection_id not in self._open:
            with self._lock:
                self._look()
        found = self._open.get(connection_id)
        if found is None:
            raise errors.NotFound(f"There is no connection {connection_id}.")
        return found

    def _port(self, connection_id: int, kind: Kind) -> object:
        """The connector of a connection of this kind; raises Refused for another kind."""
        found = self._find(connection_id)
        if found.connection.kind is not kind:
            raise errors.Refused(
                f"Connection {found.connection.key} is of the kind {found.connection.kind.value}, "
                f"but {kind.value} is needed here."
            )
        return found.connector

    def inbound(self, connection_id: int) -> Inbound:
        """The receiving half of a connector."""
        return cast("Inbound", self._find(connection_id).connector)

    def channel(self, connection_id: int) -> SalesChannel:
        """A sales channel."""
        return cast("SalesChannel", self._port(connection_id, Kind.CHANNELS))

    def carrier(self, connection_id: int) -> Carrier:
        """A carrier."""
        return cast("Carrier", self._port(connection_id, Kind.CARRIERS))

    def gateway(self, connector_id: str) -> PaymentGateway:
        """The payment gateway that channels call by this name."""
        for connection in self.of_kind(Kind.PAYMENTS):
            if connection.connector_id == connector_id:
                return cast("PaymentGateway", self._port(connection.id, Kind.PAYMENTS))
        raise errors.NotFound(
            f"No connection serves the payment gateway {connector_id!r}: add one under Connections."
        )

    def accounting(self) -> AccountingSystem:
        """The accounting system (the first of its kind)."""
        for connection in self.of_kind(Kind.ERP):
            return cast("AccountingSystem", self._port(connection.id, Kind.ERP))
        raise errors.NotFound("No accounting system is connected: add one under Connections.")

    def messenger(self, connection_id: int) -> Messenger:
        """A messenger."""
        return cast("Messenger", self._port(connection_id, Kind.MESSENGERS))

    def close(self) -> None:
        """Close all sessions."""
        for each in self._open.values():
            each.session.close()
        self._open = {}


def _validate(connector: Connector, settings: Mapping[str, object]) -> pydantic.BaseModel:
    model = connector.settings
    if not issubclass(model, pydantic.BaseModel):
        raise TypeError(f"{connector.id}: settings must be a pydantic model")
    try:
        return model.model_validate(dict(settings))
    except pydantic.ValidationError as problem:
        fields = model.model_json_schema()["properties"]
        wrong = " ".join(_setting_error(each, fields) for each in problem.errors())
        raise errors.Invalid(f"{connector.label}: {wrong}") from problem


def _setting_error(problem: ErrorDetails, fields: Mapping[str, Mapping[str, object]]) -> str:
    """What to do about a setting: set it, or correct it."""
    name = ".".join(map(str, problem["loc"]))
    if problem["type"] not in {"missing", "string_too_short", "too_short"}:
        return f"Correct {name}: {problem['msg']}."
    least = fields.get(name, {}).get("minLength")
    return f"Set {name} (at least {least} characters)." if least else f"Set {name}."
