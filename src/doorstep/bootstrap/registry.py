"""The configured connections of this installation, opened: one connector object and one session each, per process."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar, cast

import pydantic

from doorstep.bootstrap import connection_settings, former_secrets
from doorstep.bootstrap.connector_ports import Ports
from doorstep.bootstrap.discover import Found
from doorstep.bootstrap.opening import Open, Opener
from doorstep.bootstrap.sign_ins import BrowserSignIn
from doorstep.domain.connections import actions as connection_actions
from doorstep.domain.connections import views as connections
from doorstep.domain.connections.actions import feeds
from doorstep.domain.connections.model import (
    Ack,
    Connection,
    Connector,
    Feature,
    Feed,
    InboundRequest,
    Kind,
    Mode,
    NotOpened,
    WeakSecret,
    unknown,
)
from doorstep.domain.connections.ports import (
    Inbound,
)
from doorstep.kernel import errors, http, log
from doorstep.kernel import sealed as seals
from doorstep.kernel.db import Database, WriteTx
from doorstep.kernel.ids import ConnectionId
from doorstep.kernel.secrets import Vault
from doorstep.kernel.settings import Finding
from doorstep.kernel.time import Clock

P = TypeVar("P")
_log = log.get("registry")
_LOOK_AGAIN_AFTER_SECONDS = 2.0
_NEVER = float("-inf")


@dataclass(frozen=True, slots=True)
class _Unopened:
    id: int
    kind: Kind
    reason: str


class Registry(Ports):
    """Connections by id and key. Every process sees a change in the database within two seconds."""

    def __init__(self, db: Database, vault: Vault, connectors: Found, *, policy: http.Policy) -> None:
        self.connectors = connectors
        self._db = db
        self._vault = vault
        self._opener = Opener(db, vault, connectors, policy)
        self._lock = threading.Lock()
        self._open: dict[int, Open] = {}
        self._unopened: dict[str, _Unopened] = {}  # by key
        self._former: dict[int, connections.FormerSecrets] = {}
        self._seen: tuple[datetime | None, str] | None = None
        self._key_is_wrong = False
        self._has_looked = False
        self._looked_at = _NEVER

    def configure(
        self,
        tx: WriteTx,
        *,
        key: str,
        connector: Connector,
        name: str,
        settings: Mapping[str, object],
        mode: Mode = Mode.SHADOW,
    ) -> int:
        """Create or replace a connection: a new one has this mode, a known one keeps its own. Secrets are sealed.

        Raises Invalid with the fields that are wrong, unknown or too weak.
        """
        checked = connection_settings.checked(connector, settings)
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
            mode=mode.value,
            settings=plain,
            secrets=self._vault.seal(sealed) if sealed else None,
            changed_at=datetime.min,  # noqa: DTZ901 - the database sets it
        )
        self.refresh()
        before = next((each.connection for each in self._open.values() if each.connection.key == key), None)
        if before is not None and before.connector_id == connector.id:
            former_secrets.keep(tx, before=before, connector=connector, new=sealed, vault=self._vault)
        self._looked_at = _NEVER
        if sealed:
            seals.remember(tx, self._vault)
        connection_id = connection_actions.configure(tx, row=row)
        connection_actions.forget_tokens(tx, connection_id=connection_id)
        feeds.declare(tx, declared={ConnectionId(connection_id): connector.feeds})
        return connection_id

    def change(self, tx: WriteTx, *, key: str, name: str, settings: Mapping[str, object]) -> int:
        """Change some settings of a connection; those that are not given stay, secrets too. Raises Invalid, NotFound."""
        connection = self.by_key(key)
        connector = self.connector(connection.kind, connection.connector_id)
        kept = {each: value for each, value in connection.settings.items() if each in self.fields(connector)}
        return self.configure(tx, key=key, connector=connector, name=name, settings={**kept, **settings})

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
        model = connection_settings.model_of(connector)
        return {name: field.description or "" for name, field in model.model_fields.items()}

    def findings(self, *, production: bool) -> list[Finding]:
        """What an operator must look at, by connection; nothing if all is well."""
        self.refresh()
        found = [
            finding
            for each in self._open.values()
            for finding in connection_settings.findings(
                each.connection,
                self.connector(each.connection.kind, each.connection.connector_id),
                production=production,
            )
        ]
        found += [Finding(key, "", "connection", "fail", each.reason) for key, each in self._unopened.items()]
        return sorted(found, key=lambda each: each.name)

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

    def look_again(self) -> None:
        """A connection was changed by this process: read the connections at their next use."""
        self._looked_at = _NEVER

    def _is_fresh(self) -> bool:
        """False before the first load, so that other threads wait for it instead of finding no connections."""
        return self._has_looked and time.monotonic() - self._looked_at < _LOOK_AGAIN_AFTER_SECONDS

    def _look(self) -> None:
        with self._db.read() as tx:
            seen = (connections.latest_change(tx), seals.fingerprint(tx))
            if self._has_looked and seen == self._seen:
                return
            rows = connections.all_connections(tx)
            self._former = connections.former_secrets(tx)
            self._key_is_wrong = seals.is_wrong(tx, self._vault)
            before, (self._open, self._unopened) = self._open, self._opened_all(rows)
            self._seen, self._has_looked = seen, True
        for each in before.values():
            if self._open.get(each.connection.id) is not each:
                each.session.close()

    def _opened_all(
        self, rows: Sequence[connections.ConnectionRow]
    ) -> tuple[dict[int, Open], dict[str, _Unopened]]:
        """A connection that cannot be opened is logged and left out: it must not stop the others."""
        opened: dict[int, Open] = {}
        unopened: dict[str, _Unopened] = {}
        for row in rows:
            try:
                opened[row.id] = self._opener.opened(
                    row, known=self._open.get(row.id), former=self._former.get(row.id)
                )
            except errors.Invalid as problem:
                _log.error("a connection cannot be opened", connection=row.key, error=problem.message)
                unopened[row.key] = _Unopened(row.id, Kind(row.kind), problem.message)
        return opened, unopened

    def require_key(self) -> None:
        """Raise WrongKey if this process cannot open what the installation's key has sealed."""
        self.refresh()
        if self._key_is_wrong:
            raise seals.WrongKey

    def problems(self) -> dict[str, str]:
        """Why connections cannot be used, or not for webhooks, by key; without those that can."""
        self.refresh()
        weak = {each.connection.key: each.weak_secret for each in self._open.values() if each.weak_secret}
        return weak | {key: each.reason for key, each in self._unopened.items()}

    def require_opened(self, kind: Kind) -> None:
        """Raise NotOpened if a connection of this kind exists that cannot be opened: it may be the one that is needed."""
        for key, each in self._unopened.items():
            if each.kind is kind:
                raise NotOpened(key, each.reason)

    def connection(self, connection_id: int) -> Connection:
        """One connection; raises NotFound, or NotOpened if it cannot be opened now."""
        return self._find(connection_id).connection

    def by_key(self, key: str) -> Connection:
        """One connection by its key; raises NotFound, or NotOpened if it cannot be opened now."""
        self.refresh()
        for each in self._open.values():
            if each.connection.key == key:
                return each.connection
        if key in self._unopened:
            raise NotOpened(key, self._unopened[key].reason)
        raise unknown(key, [each.connection.key for each in self._open.values()])

    def known(self, key: str) -> Connection | None:
        """A connection from memory, without a query; None if it must be loaded."""
        if not self._is_fresh():
            return None
        return next((each.connection for each in self._open.values() if each.connection.key == key), None)

    def has_none(self, kind: Kind) -> bool:
        """Whether every connection of a kind is off, or there is none; from memory, and False where that is not known."""
        if not self._is_fresh() or any(each.kind is kind for each in self._unopened.values()):
            return False
        found = [each.connection for each in self._open.values() if each.connection.kind is kind]
        return all(each.mode is Mode.OFF for each in found)

    def opened(self) -> list[Connection]:
        """The connections that can be opened, also those that are off."""
        self.refresh()
        return [each.connection for each in self._open.values()]

    def of_kind(self, kind: Kind) -> list[Connection]:
        """The connections of a kind that are not off, by key."""
        self.refresh()
        found = [each.connection for each in self._open.values() if each.connection.kind is kind]
        return sorted((each for each in found if each.mode is not Mode.OFF), key=lambda each: each.key)

    def _find(self, connection_id: int) -> Open:
        """A connection by its id. One that was added a moment ago is read at once: work for it may be due already."""
        self.refresh()
        if connection_id not in self._open:
            with self._lock:
                self._look()
        found = self._open.get(connection_id)
        if found is None:
            for key, each in self._unopened.items():
                if each.id == connection_id:
                    raise NotOpened(key, each.reason)
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

    def _of(self, connection_id: int) -> object:
        """The connector of a connection of any kind."""
        return self._find(connection_id).connector

    def acknowledge(self, connection_id: int, request: InboundRequest, clock: Clock) -> Ack:
        """Whether a webhook is genuine, and the answer to it; a changed secret still counts for a day."""
        found = self._find(connection_id)
        return former_secrets.acknowledge(cast("Inbound", found.connector), found.former, request, clock)

    def require_strong_secret(self, connection_id: int) -> None:
        """Raise Unavailable if a stored secret is too weak to verify webhooks with: anyone could sign them."""
        found = self._open.get(connection_id)
        if found is not None and found.weak_secret:
            raise WeakSecret(f"Connection {found.connection.key} cannot verify webhooks: {found.weak_secret}")

    def sign_in(self, connection_id: int) -> BrowserSignIn | None:
        """How a person signs in at the vendor of a connection; None where nobody can."""
        return self._find(connection_id).sign_in

    def offers(self, connection_id: int, feature: Feature) -> bool:
        """Whether a connection can do this: its connector can, and what that needs is set."""
        connection = self._find(connection_id).connection
        return self.connector(connection.kind, connection.connector_id).does(feature, connection.settings)

    def readable(self) -> list[Connection]:
        """The connections whose connectors read feeds, except those that are off."""
        self.refresh()
        found = (each.connection for each in self._open.values() if self.feeds(each.connection.id))
        return sorted((each for each in found if each.mode is not Mode.OFF), key=lambda each: each.key)

    def feeds(self, connection_id: int) -> Sequence[Feed]:
        """What the connector of a connection reads by the clock, or fetches by hints."""
        connection = self._find(connection_id).connection
        return self.connector(connection.kind, connection.connector_id).feeds

    def has_shadow(self) -> bool:
        """Whether any connection is in shadow mode: then what others do at partners is stored, to be compared."""
        self.refresh()
        return any(each.connection.mode is Mode.SHADOW for each in self._open.values())

    def close(self) -> None:
        """Close all sessions."""
        for each in self._open.values():
            each.session.close()
        self._open = {}
