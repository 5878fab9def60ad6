"""Open a stored connection: its settings, its session, and the connector's object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import pydantic

from doorstep.bootstrap import connection_settings, former_secrets
from doorstep.bootstrap.discover import Found
from doorstep.bootstrap.former_secrets import Former
from doorstep.bootstrap.sign_ins import BrowserSignIn
from doorstep.domain.connections import views as connections
from doorstep.domain.connections.model import Connection, Connector, Kind, Mode
from doorstep.kernel import errors, http, log
from doorstep.kernel.db import Database
from doorstep.kernel.ids import ConnectionId
from doorstep.kernel.secrets import Vault
from doorstep.kernel.shared_calls import SharedGate, SharedSentLog, SharedTokens

_log = log.get("registry")


@runtime_checkable
class _HasAddress(Protocol):
    base_url: str


@dataclass(frozen=True, slots=True)
class Open:
    """A connection that can be used."""

    connection: Connection
    session: http.Session
    connector: object
    weak_secret: str = ""  # why webhooks cannot be verified
    former: Former | None = None  # verifies webhooks, too, after a secret was changed
    sign_in: BrowserSignIn | None = None


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens connections with what all of them share."""

    db: Database
    vault: Vault
    connectors: Found
    policy: http.Policy

    def opened(
        self, row: connections.ConnectionRow, *, known: Open | None, former: connections.FormerSecrets | None
    ) -> Open:
        """The connection; `known` as it is if nothing has changed. Raises Invalid if it cannot be opened."""
        connection = self._connection(row)
        if known is not None and known.connection == connection:
            return known
        connector = self.connectors.get((connection.kind, connection.connector_id))
        if connector is None:
            raise errors.Invalid(
                f"Connection {row.key} needs the connector {row.connector_id}, which is not installed."
            )
        settings = connection_settings.opened(connector, connection.settings)
        session = self._session(connection, connector, settings)
        weak = [each for each in connection_settings.weak_settings(settings) if each.blocks_webhooks]
        return Open(
            connection,
            session,
            self._connected(row.key, connector, settings, session),
            " ".join(each.advice for each in weak),
            self._former(former, connection, connector, session),
            BrowserSignIn(connector.sign_in, settings, session, self.vault) if connector.sign_in else None,
        )

    def _session(
        self, connection: Connection, connector: Connector, settings: pydantic.BaseModel
    ) -> http.Session:
        key = connection.key
        return http.Session(
            key,
            settings.base_url if isinstance(settings, _HasAddress) else "",
            mode=connection.mode.value,
            policy=self.policy,
            shared=http.Shared(
                SharedGate(self.db, key, self.policy, connector.limits),
                SharedTokens(self.db, self.vault, key),
                connector.read_limit,
            ),
        )

    def _connected(
        self, key: str, connector: Connector, settings: pydantic.BaseModel, session: http.Session
    ) -> object:
        if connector.exchanges_files:
            return connector.connect(settings, session, SharedSentLog(self.db, key))
        return connector.connect(settings, session)

    def _former(
        self,
        found: connections.FormerSecrets | None,
        connection: Connection,
        connector: Connector,
        session: http.Session,
    ) -> Former | None:
        if found is None:
            return None
        try:
            return former_secrets.opened(
                found, connection=connection, connector=connector, session=session, vault=self.vault
            )
        except errors.Invalid as problem:  # the current secrets count all the same
            _log.warning("former secrets cannot be opened", connection=connection.key, error=problem.message)
            return None

    def _connection(self, row: connections.ConnectionRow) -> Connection:
        secrets = self.vault.open_(row.secrets) if row.secrets else {}
        return Connection(
            id=ConnectionId(row.id),
            key=row.key,
            kind=Kind(row.kind),
            connector_id=row.connector_id,
            name=row.name,
            mode=Mode(row.mode),
            settings={**row.settings, **secrets},
            serves=row.serves,
        )
