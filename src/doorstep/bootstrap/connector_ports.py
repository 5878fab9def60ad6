"""The connectors of opened connections, each as the port that it serves."""

from __future__ import annotations

import abc
from typing import cast

from doorstep.domain.connections.model import Connection, Connector, Kind, Medium, choice
from doorstep.domain.connections.model.choice import Serves
from doorstep.domain.connections.ports import (
    Fetcher,
    FileReceipts,
    FileSource,
    Inbound,
    Lister,
    Puller,
    Queue,
    Subscriptions,
    Testable,
)
from doorstep.domain.fulfillment.ports import Warehouse
from doorstep.domain.inventory.ports import StockReader, StockSink
from doorstep.domain.invoicing.ports import AccountingSystem
from doorstep.domain.notifications.ports import Messenger
from doorstep.domain.orders.ports import OrderSource, SalesChannel
from doorstep.domain.payments.ports import PaymentGateway
from doorstep.domain.shipping.ports import Carrier
from doorstep.kernel import errors


class Ports(abc.ABC):
    """What the registry offers to flows: it finds connections and knows their kinds, this names the port."""

    @abc.abstractmethod
    def _of(self, connection_id: int) -> object: ...

    @abc.abstractmethod
    def _port(self, connection_id: int, kind: Kind) -> object: ...

    @abc.abstractmethod
    def require_opened(self, kind: Kind) -> None: ...

    @abc.abstractmethod
    def of_kind(self, kind: Kind) -> list[Connection]: ...

    @abc.abstractmethod
    def connector(self, kind: Kind, connector_id: str) -> Connector: ...

    def inbound(self, connection_id: int) -> Inbound:
        """The receiving half of a connector."""
        return cast("Inbound", self._of(connection_id))

    def fetcher(self, connection_id: int) -> Fetcher:
        """The connector as the reader of single resources."""
        return cast("Fetcher", self._of(connection_id))

    def puller(self, connection_id: int) -> Puller:
        """The connector as the reader of its feeds."""
        return cast("Puller", self._of(connection_id))

    def queue(self, connection_id: int) -> Queue:
        """The connector as the reader of a queue at the vendor."""
        return cast("Queue", self._of(connection_id))

    def file_source(self, connection_id: int) -> FileSource:
        """The connector as the reader of folders."""
        return cast("FileSource", self._of(connection_id))

    def file_receipts(self, connection_id: int) -> FileReceipts:
        """The connector as the one that answers files."""
        return cast("FileReceipts", self._of(connection_id))

    def lister(self, connection_id: int) -> Lister:
        """The connector as the one who lists what a feed has."""
        return cast("Lister", self._of(connection_id))

    def testable(self, connection_id: int) -> Testable:
        """The connector as one that can be checked."""
        return cast("Testable", self._of(connection_id))

    def subscriptions(self, connection_id: int) -> Subscriptions:
        """The connector as the one that sets up webhooks at the vendor."""
        return cast("Subscriptions", self._of(connection_id))

    def channel(self, connection_id: int) -> SalesChannel:
        """A sales channel."""
        return cast("SalesChannel", self._port(connection_id, Kind.CHANNELS))

    def order_source(self, connection_id: int) -> OrderSource:
        """A sales channel whose orders can be looked up."""
        return cast("OrderSource", self._port(connection_id, Kind.CHANNELS))

    def stock_reader(self, connection_id: int) -> StockReader:
        """A sales channel whose stock levels can be read."""
        return cast("StockReader", self._port(connection_id, Kind.CHANNELS))

    def stock_sink(self, connection_id: int) -> StockSink:
        """A sales channel that takes stock levels."""
        return cast("StockSink", self._port(connection_id, Kind.CHANNELS))

    def carrier(self, connection_id: int) -> Carrier:
        """A carrier."""
        return cast("Carrier", self._port(connection_id, Kind.CARRIERS))

    def gateway(self, connection_id: int) -> PaymentGateway:
        """A payment gateway."""
        return cast("PaymentGateway", self._port(connection_id, Kind.PAYMENTS))

    def accounting(self, legal_entity: str) -> AccountingSystem:
        """The accounting system of a legal entity."""
        chosen = choice.choose(self.of_kind(Kind.ERP), Serves.LEGAL_ENTITIES, legal_entity)
        if chosen is not None:
            return cast("AccountingSystem", self._port(chosen.id, Kind.ERP))
        self.require_opened(Kind.ERP)
        raise errors.NotFound(
            f"No accounting system serves the legal entity {legal_entity!r}: add one under Connections."
        )

    def messengers(self, medium: Medium) -> list[Connection]:
        """The messengers of a medium that are not off, by key."""
        return [
            each
            for each in self.of_kind(Kind.MESSENGERS)
            if self.connector(each.kind, each.connector_id).medium is medium
        ]

    def messenger(self, connection_id: int) -> Messenger:
        """A messenger."""
        return cast("Messenger", self._port(connection_id, Kind.MESSENGERS))

    def warehouse(self, connection_id: int) -> Warehouse:
        """A warehouse."""
        return cast("Warehouse", self._port(connection_id, Kind.WAREHOUSES))
