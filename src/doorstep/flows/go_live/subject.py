"""The connection that a report is about, with what every line needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.connections.model import Connection, Connector, Feature, Kind
from doorstep.domain.connections.views import ConnectionRow
from doorstep.flows import operations
from doorstep.flows.context import Context
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx


@dataclass(frozen=True, slots=True)
class Subject:
    """A connection as it is stored; `opened` is missing where it cannot be opened, `connector` where it is not installed."""

    context: Context
    tx: ReadTx
    row: ConnectionRow
    connector: Connector | None
    opened: Connection | None
    now: datetime

    @property
    def path(self) -> str:
        """The connection's page, below the console."""
        return f"/connections/{self.row.key}"

    def does(self, feature: Feature) -> bool:
        return self.connector is not None and self.connector.does(feature, self.row.settings)

    @property
    def feeds(self) -> Sequence[object]:
        return self.connector.feeds if self.connector is not None else ()


def of(context: Context, tx: ReadTx, *, key: str) -> Subject:
    """The subject of a report. Raises NotFound."""
    row = operations.connection_of(tx, key)
    connector, opened = None, None
    try:
        connector = context.partners.connector(Kind(row.kind), row.connector_id)
        opened = context.partners.by_key(key)
    except errors.DoorstepError:  # the line of the settings says why
        pass
    return Subject(context, tx, row, connector, opened, context.clock.now())
