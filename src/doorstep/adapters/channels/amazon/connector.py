"""Implement Amazon: read orders by the clock and by notifications, confirm shipments, publish stock."""

from __future__ import annotations

import functools
import hashlib
import importlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, ParamSpec, Protocol, TypeVar

import msgspec
import pydantic

from doorstep.adapters.channels.amazon import client
from doorstep.adapters.channels.amazon.wire import accounts, listings, notifications, orders, shipments
from doorstep.domain.connections import model as connections
from doorstep.domain.inventory.ports import StockLevel
from doorstep.domain.orders import ports
from doorstep.domain.orders.model import OrderSnapshot
from doorstep.kernel import errors, http, parsing
from doorstep.kernel.http import oauth
from doorstep.kernel.message import Message
from doorstep.kernel.results import Done, Failed, Pending

ORDERS = connections.Feed("orders", "Orders", every_seconds=600.0, overlap_seconds=600.0, history_days=730)
NOTIFICATIONS = connections.Feed("notifications", "Notifications", every_seconds=15.0)
_CHECK_AFTER = timedelta(seconds=60)
_ORDER, _NOTIFICATION = "order", "notification"
_MORE = "more"


class Settings(pydantic.BaseModel):
    """One seller account in one region."""

    seller_id: str = pydantic.Field(
        default="",
        description="Merchant token of the seller, from Seller Central; blank: set when somebody signs in.",
    )
    region: Literal["na", "eu", "fe"] = pydantic.Field(
        description="na: North America and Brazil. eu: Europe, Middle East, India. fe: Japan, Australia, Singapore."
    )
    marketplaces: str = pydantic.Field(
        description="Ids of the marketplaces to read, with commas between: ATVPDKIKX0DER is Amazon.com."
    )
    client_id: str = pydantic.Field(description="Client id of the application (Login with Amazon).")
    client_secret: pydantic.SecretStr = pydantic.Field(description="Client secret of the application.")
    refresh_token: pydantic.SecretStr = pydantic.Field(
        default=pydantic.SecretStr(""),
        description="Refresh token of a private application that was authorized in Seller Central; leave it blank to connect by signing in.",
    )
    application_id: str = pydantic.Field(
        default="",
        description="ID of the application (amzn1.sp.solution…), to connect by signing in at Amazon.",
    )
    is_draft: bool = pydantic.Field(default=False, description="The application is still a draft at Amazon.")
    orders_from: datetime = pydantic.Field(
        description="When this connection goes live, with its time zone. Orders placed before are shown only: they are not reserved, routed or mailed."
    )
    takes_over_open_orders: bool = pydantic.Field(
        default=False, description="Also ship orders that were placed before and are still open."
    )
    is_sandbox: bool = pydantic.Field(
        default=False, description="Use Amazon's sandbox, which answers with fixed samples."
    )
    base_url: str = pydantic.Field(default="", description="Address of the API; empty: that of the region.")
    sign_in_url: str = pydantic.Field(default=client.SIGN_IN, description="Address of Login with Amazon.")
    seller_central_url: str = pydantic.Field(
        default="", description="Address of Seller Central; empty: that of the first marketplace."
    )
    queue_url: str = pydantic.Field(
        default="",
        description="Address of the SQS queue with notifications; empty: orders are read by the clock only.",
    )
    queue_arn: str = pydantic.Field(
        default="",
        description="ARN of the queue; with it, notifications of orders are subscribed to automatically.",
    )
    queue_region: str = pydantic.Field(default="us-east-1", description="AWS region of the queue.")
    queue_access_key: str = pydantic.Field(default="", description="AWS access key that may read the queue.")
    queue_secret_key: pydantic.SecretStr = pydantic.Field(
        default=pydantic.SecretStr(""), description="Secret of the access key."
    )
    queue_endpoint: str = pydantic.Field(default="", description="Another address of SQS; empty: Amazon's.")

    @pydantic.field_validator("orders_from")
    @classmethod
    def _has_zone(cls, moment: datetime) -> datetime:
        if moment.tzinfo is None:
            raise ValueError("add the time zone, as in 2026-05-01T00:00:00+00:00")
        return moment

    @property
    def address(self) -> str:
        """Where the API is."""
        if self.base_url:
            return self.base_url
        found = client.REGIONS[self.region]
        return found.replace("https://", "https://sandbox.") if self.is_sandbox else found

    @property
    def marketplace_ids(self) -> list[str]:
        """The marketplaces one by one."""
        return [each.strip() for each in self.marketplaces.split(",") if each.strip()]

    @property
    def seller_central(self) -> str:
        """Where the seller signs in."""
        if self.seller_central_url:
            return self.seller_central_url.rstrip("/")
        first = self.marketplace_ids[0] if self.marketplace_ids else ""
        return client.SELLER_CENTRALS.get(first, client.SELLER_CENTRAL_OF_REGION[self.region])

    @property
    def consent_version(self) -> str:
        """What Amazon's page needs for an application that is a draft."""
        return "beta" if self.is_draft else ""


SIGN_IN = connections.SignIn(
    authorize_url="{seller_central}/apps/authorize/consent",
    exchange_url="{sign_in_url}/auth/o2/token",
    needs=("application_id",),
    parameters={"application_id": "{application_id}", "version": "{consent_version}"},
    uses_pkce=False,
    code="spapi_oauth_code",
    account={"selling_partner_id": "seller_id"},
    instead="refresh_token",
)


class Received(Protocol):
    """A message of a queue."""

    @property
    def body(self) -> bytes: ...

    @property
    def receipt(self) -> str: ...


class MessageQueue(Protocol):
    """What kernel.sources.sqs offers."""

    def receive(self) -> Sequence[Received]: ...

    def delete(self, receipts: Sequence[str]) -> None: ...

    def waiting(self) -> int: ...


class Amazon:
    """Satisfies connections.ports Queue, Fetcher, Testable and Subscriptions, orders.ports.SalesChannel and OrderSource,
    inventory.ports.StockSink, and results.Followed.
    """

    def __init__(self, settings: Settings, session: http.Session) -> None:
        self._settings = settings
        self._session = session
        self._marketplaces = settings.marketplace_ids
        application = oauth.client_at(session, *SIGN_IN.endpoint(settings))
        self._client = client.Client(
            session,
            address=settings.address,
            application=application,
            refresh_token=settings.refresh_token.get_secret_value(),
        )

    def acknowledge(self, request: connections.InboundRequest) -> connections.Ack:
        """Amazon sends no webhooks: whatever comes is not from there."""
        return connections.REFUSED

    def parse(self, topic: str, headers: Mapping[str, str], body: bytes) -> Sequence[object]:
        """Parse orders; a notification only names the order that changed."""
        if topic == _ORDER:
            return (self._parsed(body),)
        order_id = notifications.changed_order(body)
        return (connections.Hint(ORDERS.name, order_id),) if order_id else ()

    def pull(self, feed: str, window: connections.Window) -> connections.Page:
        """A page of changed orders, or what waits in the queue."""
        return self._receive() if feed == NOTIFICATIONS.name else self._changed(window)

    def _changed(self, window: connections.Window) -> connections.Page:
        """A page of changes. Amazon finds what is two minutes old; an end that is younger would be refused, so none is given."""
        found = self._client.search(
            self._marketplaces,
            since=window.since,
            before=None if window.reaches_now else window.until,
            token=window.token,
        )
        following = found.pagination.next_token if found.pagination else None
        return connections.Page([_document(each) for each in found.orders], following or "")

    def _receive(self) -> connections.Page:
        """Up to ten notifications. In shadow mode none: reading hides a message from whoever else reads the queue."""
        queue = self._queue
        if queue is None or self._session.mode != "live":
            return connections.Page(())
        found = queue.receive()
        documents = [
            connections.Document(notifications.event_id(each.body), _NOTIFICATION, each.body)
            for each in found
        ]
        return connections.Page(documents, _MORE if found else "", [each.receipt for each in found])

    def acknowledge_receipts(self, feed: str, receipts: Sequence[str]) -> None:
        """Delete stored notifications from the queue; in shadow mode they stay there for whoever else reads it."""
        if self._queue is not None and self._session.mode == "live":
            self._queue.delete(receipts)

    @functools.cached_property
    def _queue(self) -> MessageQueue | None:
        settings = self._settings
        if not settings.queue_url:
            return None
        sqs = importlib.import_module("doorstep.kernel.sources.sqs")  # 150 ms, for those who have a queue
        address = sqs.Address(
            settings.queue_url,
            settings.queue_region,
            settings.queue_access_key,
            settings.queue_secret_key.get_secret_value(),
            settings.queue_endpoint,
            self._session.policy.timeout_seconds,
        )
        queue: MessageQueue = sqs.SqsQueue(address, name=self._session.name)
        return queue

    def fetch(self, feed: str, external_ids: Sequence[str]) -> Sequence[connections.Document]:
        """Orders as they are now, without those of marketplaces that are not read: their notifications come, too."""
        found = [self._client.order(each) for each in external_ids]
        return [_document(each) for each in found if each is not None and self._is_read(each)]

    def _is_read(self, order: msgspec.Raw) -> bool:
        """Whether the order is of our marketplaces; orders of other shops that Amazon ships name none."""
        placed_in = _read(parsing.read, bytes(order), orders.Head).sales_channel.marketplace_id
        return placed_in in {"", *self._marketplaces}

    def test_connection(self) -> Sequence[connections.CheckFinding]:
        """Read the seller's marketplaces, and look into the queue."""
        known = {each.marketplace.id: each for each in self._client.participations()}
        findings = [_standing(each, known.get(each)) for each in self._marketplaces]
        return [*findings, self._queue_finding()]

    def _queue_finding(self) -> connections.CheckFinding:
        name = Message("Notifications")
        queue = self._queue
        if queue is None:
            why = Message(
                "There is no queue: orders come up to ten minutes late. Set the address of an SQS queue to get them at once."
            )
            return connections.CheckFinding(name, is_ok=True, message=why)
        waiting = queue.waiting()
        return connections.CheckFinding(
            name, is_ok=True, message=Message("%(count)s messages wait in the queue.", count=str(waiting))
        )

    def ensure_subscriptions(self, address: str) -> connections.Subscribed:
        """Have changes of orders sent to the queue (Amazon takes no address of ours). Raises Conflict if another one gets them."""
        arn = self._settings.queue_arn
        if not arn:
            return connections.Subscribed((), ())
        found = next((each for each in self._client.destinations() if each.queue_arn == arn), None)
        current = self._client.subscription(notifications.ORDER_CHANGE)
        if current is not None and (found is None or current.destination_id != found.destination_id):
            raise errors.Conflict(
                "Amazon sends the changes of orders to another destination, and knows one only: delete that subscription, "
                "or set the ARN of its queue here."
            )
        if current is not None:
            return connections.Subscribed((notifications.ORDER_CHANGE,), ())
        destination = found or self._client.create_destination(f"doorstep-{self._session.name}", arn)
        self._client.subscribe(notifications.ORDER_CHANGE, destination.destination_id)
        return connections.Subscribed((), (notifications.ORDER_CHANGE,))

    def confirm_shipment(self, notice: ports.ShipmentNotice) -> str:
        """Confirm a package, unless Amazon has it already; returns its number. Its marketplace stands in the order."""
        found = self._client.order(notice.order_external_id)
        if found is None:
            raise errors.NotFound("Amazon does not know this order.", order=notice.order_external_id)
        order = _shaped(found)
        if known := shipments.confirmed(order, notice):
            return known
        shipped_at = notice.shipped_at or datetime.now(UTC)
        self._client.confirm_shipment(
            order.order_id, shipments.confirmation(order, notice, shipped_at=shipped_at)
        )
        return shipments.package_reference(notice.reference)

    def look_up_order(self, external_id: str) -> OrderSnapshot | None:
        """An order as it stands, with its packages."""
        found = self._client.order(external_id)
        return None if found is None else self._parsed(bytes(found))

    def _parsed(self, body: bytes) -> OrderSnapshot:
        settings = self._settings
        return orders.parse(
            body, orders_from=settings.orders_from, takes_over_open=settings.takes_over_open_orders
        )

    def publish_stock(self, levels: Sequence[StockLevel]) -> Done | Pending:
        """Start a feed with these levels."""
        if not self._settings.seller_id:
            raise http.AuthFailed("Amazon's seller is not known: connect, or set seller_id.")
        content = listings.document(self._settings.seller_id, levels)
        feed_id = self._client.submit(self._marketplaces, content)
        return Pending(listings.handle(feed_id, levels), _CHECK_AFTER)

    def check(self, handle: str) -> Done | Failed | Pending:
        """How a feed stands, and which listings it refused."""
        submitted = listings.submitted(handle)
        feed = self._client.feed(submitted.feed)
        if feed.processing_status in listings.UNDER_WAY:
            return Pending(handle, _CHECK_AFTER)
        if feed.processing_status != listings.DONE:
            return Failed(self._why(feed))
        if not feed.result_feed_document_id:
            return Done()
        report = self._client.report(feed.result_feed_document_id)
        if why := _read(listings.refusal, report):
            return Failed(f"Amazon refused the feed {feed.feed_id}: {why}")
        return Done(refused=_read(listings.refused, report, submitted.skus))

    def _why(self, feed: listings.Feed) -> str:
        words = f"Amazon ended the feed {feed.feed_id} as {feed.processing_status}."
        if not feed.result_feed_document_id:
            return words
        return (
            f"{words} {_read(listings.problems, self._client.report(feed.result_feed_document_id))}".strip()
        )


_Parts = ParamSpec("_Parts")
_Found = TypeVar("_Found")


def _read(work: Callable[_Parts, _Found], *parts: _Parts.args, **more: _Parts.kwargs) -> _Found:
    """What a document says. One that cannot be read may be readable later: it is asked for again."""
    try:
        return work(*parts, **more)
    except errors.Invalid as problem:
        raise http.Unanswered(f"The report cannot be read: {problem.message}", maybe_done=False) from problem


def _shaped(order: msgspec.Raw) -> orders.Order:
    return _read(parsing.read, bytes(order), orders.Order)


def _document(order: msgspec.Raw) -> connections.Document:
    """An order as a message. Times have whole seconds: what changes twice in one differs in its digest only."""
    body = bytes(order)
    head = _read(parsing.read, body, orders.Head)
    version = f"{head.last_updated_time.isoformat()}#{hashlib.sha256(body).hexdigest()[:16]}"
    return connections.Document(f"order-{head.order_id}@{version}", _ORDER, body, head.last_updated_time)


def _standing(marketplace: str, found: accounts.Participation | None) -> connections.CheckFinding:
    """Whether the seller may sell in a marketplace."""
    name = Message("Marketplace %(id)s", id=marketplace)
    if found is None or not found.participation.is_participating:
        why = Message("The seller does not sell there: correct the marketplaces, or the region.")
        return connections.CheckFinding(name, is_ok=False, message=why)
    if found.participation.has_suspended_listings:
        why = Message("Amazon has suspended listings of this seller: see Account Health in Seller Central.")
        return connections.CheckFinding(name, is_ok=False, message=why)
    return connections.CheckFinding(
        name, is_ok=True, message=Message("Sells in %(name)s.", name=found.marketplace.name)
    )


CONNECTOR = connections.Connector(
    id="amazon",
    kind=connections.Kind.CHANNELS,
    label="Amazon",
    settings=Settings,
    connect=Amazon,
    vendor=connections.Vendor(
        connections.Maturity.BETA,
        "A partner server whose answers are valid by Amazon's published models; requests are valid by the same models (Orders 2026-01-01 and v0, Feeds 2021-06-30, Notifications v1, listings feed 2.0); published samples are read; moto's SQS server.",
        "https://developer-docs.amazon.com/sp-api",
    ),
    features=frozenset({"test", "subscribe", "confirm_shipment", "look_up_order", "publish_stock"}),
    feeds=(ORDERS, NOTIFICATIONS),
    limits=client.LIMITS,
    read_limit=client.read_limit,
    sign_in=SIGN_IN,
)
