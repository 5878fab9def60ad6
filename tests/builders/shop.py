"""Bring orders of the sample retailer to any stage by the verbs that people use, at any time, without a worker."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from tests.builders.installation import Installation, location_ids
from tests.builders.snapshots import DELHI, line, order_snapshot, return_snapshot, serial
from tests.clock import NOON

from doorstep.bootstrap import App
from doorstep.delivery.cli import samples
from doorstep.domain.connections import actions as connections
from doorstep.domain.connections.actions import ConnectionRow
from doorstep.domain.fulfillment.model import Work
from doorstep.domain.identity import actions as identity
from doorstep.domain.identity.actions import NewUser
from doorstep.domain.identity.model import Role
from doorstep.domain.network import views as network
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders.actions import Incoming
from doorstep.domain.orders.model import Address, OrderSnapshot
from doorstep.domain.returns.model import SnapshotReturnLine
from doorstep.domain.shipping import actions as shipping
from doorstep.domain.shipping.model import Label, Scan, TrackingSnapshot, TrackingStatus
from doorstep.flows.billing import posting
from doorstep.flows.capture import intake
from doorstep.flows.fulfillment import fulfill, packing
from doorstep.flows.returns import create
from doorstep.flows.shipping import label_request
from doorstep.flows.shipping.tracking import track
from doorstep.kernel.ids import OrderId, ShipmentId

PASSWORD = "a password for tests"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
_CONNECTIONS = (
    ("shopify", "channels", "shopify", "NotNaked online"),
    ("shiphawk", "carriers", "shiphawk", "ShipHawk for warehouses"),
    ("store-parcels", "carriers", "shiprocket", "Shiprocket for stores"),
    ("razorpay", "payments", "razorpay", "Razorpay"),
    ("erp", "erp", "erpnext", "Books"),
    ("mail", "messengers", "smtp", "Mail"),
)


@dataclass
class Shop(Installation):
    """The sample retailer with connections without accounts and a user of every role, driven by verbs, without a worker."""

    users: dict[Role, int] = field(default_factory=dict)
    now: datetime = NOON

    def order(
        self,
        *wanted: tuple[str, int],
        to: Address | None = DELHI,
        paid: bool = True,
        cash: bool = False,
        currency: str = "INR",
        at: datetime | None = None,
        route: bool = True,
    ) -> OrderId:
        """An order of the channel: stored, checked and routed as in intake, but in this transaction."""
        at = at or self.now
        observed = _reported(wanted, to, at, paid=paid, cash=cash, currency=currency)
        with self.app.db.write(actor="connection:shopify", trace_id=f"{next(serial):032x}") as tx:
            incoming = Incoming(self.connection_ids["shopify"], "shopify", observed, tx.trace_id)
            if route:
                (accepted,) = intake.capture_orders(tx, incoming=[incoming], serviceable={"IN": True}, now=at)
            else:
                (accepted,) = orders.upsert(tx, reported=orders.classify(tx, incoming=[incoming]), now=at)
                posting.record_reported_payments(tx, accepted=[accepted])
        return accepted.order_id

    def accept(self, work: Work, *, at: datetime | None = None) -> None:
        with self.app.db.write(actor="user:3") as tx:
            fulfill.accept(tx, fulfillment_order_id=work.id, now=at or self.now)

    def pick(self, work: Work, *, at: datetime | None = None) -> None:
        self.accept(work, at=at)
        with self.app.db.write(actor="user:3") as tx:
            fulfill.pick_all(tx, fulfillment_order_id=work.id, now=at or self.now)

    def pack(self, work: Work, *, tracking: str = "", at: datetime | None = None) -> ShipmentId:
        """Pick and pack; with a tracking number the label is bought, else it is requested."""
        self.pick(work, at=at)
        with self.app.db.write(actor="user:3") as tx:
            packing.pack(tx, fulfillment_order_id=work.id, now=at or self.now)
            location = network.location(tx, location_id=work.location_id)
            connection_id = self.connection_ids[location.carrier]
            parcel = label_request.for_works(
                tx, works=[work], connection_id=connection_id, packaging=self.app.context.packaging
            )
            (shipment_id,) = shipping.request_label(tx, parcel=parcel, at=at or self.now)
            if tracking:
                label = Label(f"ext-{tracking}", tracking, "", "Delhivery", "Surface", PDF)
                shipping.purchased(tx, shipment_id=shipment_id, label=label, at=at or self.now)
        return shipment_id

    def ship(self, work: Work, tracking: str, *, at: datetime | None = None) -> ShipmentId:
        shipment_id = self.pack(work, tracking=tracking, at=at)
        with self.app.db.write(actor="user:3") as tx:
            packing.ship(tx, fulfillment_order_id=work.id, now=at or self.now)
        return shipment_id

    def scan(
        self,
        work: Work,
        tracking: str,
        status: TrackingStatus,
        *,
        at: datetime | None = None,
        words: str = "",
    ) -> None:
        with self.app.db.write(actor="connection:store-parcels") as tx:
            location = network.location(tx, location_id=work.location_id)
            scan = Scan(at or self.now, status, status.value.upper(), words, location.city)
            seen = TrackingSnapshot((scan,), tracking_number=tracking)
            track(tx, connection_id=self.connection_ids[location.carrier], seen=seen, trace_id=tx.trace_id)

    def delivered(self, *wanted: tuple[str, int], at: datetime | None = None, to: Address = DELHI) -> OrderId:
        """A delivered order."""
        at = at or self.now
        order_id = self.order(*wanted, at=at - timedelta(days=3), to=to)
        for work in self.work(order_id):
            tracking = f"TRK{work.id:07d}"
            self.ship(work, tracking, at=at - timedelta(days=2))
            self.scan(work, tracking, TrackingStatus.DELIVERED, at=at)
        return order_id

    def report_return(
        self,
        order_id: OrderId,
        *,
        line_no: int = 1,
        quantity: int = 1,
        note: str = "Size issue",
        at: datetime | None = None,
    ) -> int:
        """The channel reports a return; returns its id."""
        with self.app.db.write(actor="connection:shopify") as tx:
            (external,) = tx.column(str, "SELECT external_id FROM orders WHERE id = %s", (order_id,))
            returned = SnapshotReturnLine(
                f"{external}-{line_no}", f"rl-{next(serial)}", quantity, "size_too_small", note
            )
            seen = return_snapshot(external, returned, version_at=at or self.now)
            create.record_reported(
                self.app.context,
                tx,
                connection_id=self.connection_ids["shopify"],
                seen=seen,
                trace_id=tx.trace_id,
            )
            return tx.value(int, "SELECT max(id) FROM returns")


def _reported(
    wanted: tuple[tuple[str, int], ...],
    to: Address | None,
    at: datetime,
    *,
    paid: bool,
    cash: bool,
    currency: str,
) -> OrderSnapshot:
    external = f"gid-{next(serial)}"
    lines = [
        line(sku, quantity, 149_900, external_line_id=f"{external}-{number}")
        for number, (sku, quantity) in enumerate(wanted, start=1)
    ]
    order = order_snapshot(
        *lines,
        paid=paid,
        external_id=external,
        number=f"#{1000 + next(serial)}",
        version_at=at,
        placed_at=at,
        currency=currency,
        shipping_address=to,
        shipping_method="Standard",
    )
    payment = replace(order.payment, gateway="razorpay", is_paid=paid and not cash, on_delivery=cash)
    return replace(order, payment=payment)


def set_up_shop(app: App) -> Shop:
    """Load the sample retailer; add a user of each role; location staff works at Store 22."""
    shop = Shop(app)
    samples.load_into(app, samples.NOTNAKED)
    with app.db.write(actor="system") as tx:
        shop.location_ids = location_ids(tx)
        for key, kind, connector, name in _CONNECTIONS:
            row = ConnectionRow(0, key, kind, connector, name, "live", {}, None, shop.now)
            shop.connection_ids[key] = connections.configure(tx, row=row)
        people = (
            ("Asha", Role.ADMINISTRATOR),
            ("Dev", Role.OPERATIONS),
            ("Ravi", Role.LOCATION_STAFF),
            ("Lena", Role.READ_ONLY),
        )
        for name, role in people:
            location = shop.location_ids["ST-22"] if role is Role.LOCATION_STAFF else None
            user = NewUser(f"{name.lower()}@notnaked.example", name, role, location)
            shop.users[role] = identity.create_user(tx, user=user, password=PASSWORD, now=shop.now)
    return shop
