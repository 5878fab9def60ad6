"""Call the Selling Partner API: one method per operation, each with its own usage plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from doorstep import __version__
from doorstep.adapters.channels.amazon.wire import accounts, listings, orders
from doorstep.kernel import errors, http
from doorstep.kernel.http import decoding, documents, oauth
from doorstep.kernel.limits import Limit, RateAnswer

REGIONS = {
    "na": "https://sellingpartnerapi-na.amazon.com",
    "eu": "https://sellingpartnerapi-eu.amazon.com",
    "fe": "https://sellingpartnerapi-fe.amazon.com",
}
SIGN_IN = "https://api.amazon.com"
SELLER_CENTRAL_OF_REGION = {
    "na": "https://sellercentral.amazon.com",
    "eu": "https://sellercentral-europe.amazon.com",
    "fe": "https://sellercentral.amazon.co.jp",
}
# The marketplaces whose sellers have a Seller Central of their own.
SELLER_CENTRALS = {
    "A2EUQ1WTGCTBG2": "https://sellercentral.amazon.ca",
    "A1AM78C64UM0Y8": "https://sellercentral.amazon.com.mx",
    "A2Q3Y263D00KWC": "https://sellercentral.amazon.com.br",
    "A28R8C7NBKEWEA": "https://sellercentral.amazon.ie",
    "AMEN7PMS3EDWL": "https://sellercentral.amazon.com.be",
    "A1805IZSGTT6HS": "https://sellercentral.amazon.nl",
    "A2NODRKZP88ZB9": "https://sellercentral.amazon.se",
    "AE08WJ6YKNBMC": "https://sellercentral.amazon.co.za",
    "A1C3SOZRARQ6R3": "https://sellercentral.amazon.pl",
    "A17E79C6D8DWNP": "https://sellercentral.amazon.sa",
    "ARBP9OOSHTCHU": "https://sellercentral.amazon.eg",
    "A33AVAJ2PDY3EV": "https://sellercentral.amazon.com.tr",
    "A2VIGQ35RCS4UG": "https://sellercentral.amazon.ae",
    "A21TJRUUN4KGV": "https://sellercentral.amazon.in",
    "A19VAU5U5O7RUS": "https://sellercentral.amazon.sg",
    "A39IBJ37TRP1C6": "https://sellercentral.amazon.com.au",
}
NOTIFICATIONS_SCOPE = "sellingpartnerapi::notifications"
FEED = "JSON_LISTINGS_FEED"
LIMITS = (
    Limit(1, 180.0, "searchOrders", burst=20),
    Limit(0.5, 1.0, "getOrder", burst=30),
    Limit(2, 1.0, "confirmShipment", burst=10),
    Limit(0.016, 1.0, "getMarketplaceParticipations", burst=15),
    Limit(1, 1.0, "notifications", burst=5),
    Limit(1, 120.5, "createFeed", burst=15),
    Limit(0.5, 1.0, "createFeedDocument", burst=15),
    Limit(2, 1.0, "getFeed", burst=15),
    Limit(1, 45.1, "getFeedDocument", burst=10),
)
_AGENT = {"User-Agent": f"Doorstep/{__version__} (Language=Python)"}
_INCLUDED = "BUYER,RECIPIENT,PROCEEDS,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,TAX,PAYMENT"
_PER_PAGE = 100
_ENDED = ("expired", "revoked, malformed or invalid")
_JSON = "application/json; charset=UTF-8"
_REPORT = documents.Kind(
    "processing report",
    frozenset({"application/json", "application/gzip", "text/plain", "", *documents.BINARY}),
    b"",
)


def token_ended(refused: Mapping[str, object]) -> bool:
    """Amazon answers 403 to an access token that has ended, as to a role that is missing; only the details differ."""
    words = str(refused.get("body", ""))
    return refused.get("status") in {401, 403} and any(each in words for each in _ENDED)


def read_limit(headers: Mapping[str, str]) -> RateAnswer | None:
    """Seconds per call by `x-amzn-RateLimit-Limit`, which is in calls per second."""
    try:
        rate = float(headers.get("x-amzn-ratelimit-limit", ""))
    except ValueError:
        return None
    return RateAnswer(interval_seconds=1 / rate) if rate > 0 else None


class Client:
    """The seller's API. `session` has no address of its own: the region's is used, or `address` if it is given."""

    def __init__(
        self, session: http.Session, *, address: str, application: oauth.Client, refresh_token: str
    ) -> None:
        seller = http.Bearer(
            session.tokens,
            oauth.refresh(application, refresh_token=refresh_token),
            header="x-amz-access-token",
            ended=token_ended,
        )
        grantless = http.Bearer(
            session.tokens,
            oauth.client_credentials(application, scope=NOTIFICATIONS_SCOPE),
            scope=NOTIFICATIONS_SCOPE,
            header="x-amz-access-token",
            ended=token_ended,
        )
        self._api = session.to(address, authorize=seller)
        self._grantless = session.to(address, authorize=grantless)

    def search(
        self, marketplaces: Sequence[str], *, since: datetime, before: datetime | None, token: str
    ) -> orders.SearchAnswer:
        """A page of the orders that changed from `since` until `before` (None: two minutes ago); `token` goes on after a page."""
        params: dict[str, str | int] = {
            "marketplaceIds": ",".join(marketplaces),
            "lastUpdatedAfter": _instant(since),
            "maxResultsPerPage": _PER_PAGE,
            "includedData": _INCLUDED,
        }
        if before:
            params["lastUpdatedBefore"] = _instant(before)
        if token:
            params["paginationToken"] = token
        response = self._api.send(
            "GET", "/orders/2026-01-01/orders", params=params, operation="searchOrders", headers=_AGENT
        )
        return decoding.read(response, orders.SearchAnswer)

    def order(self, order_id: str) -> msgspec.Raw | None:
        """An order as it stands; None if Amazon does not know it."""
        try:
            response = self._api.send(
                "GET",
                f"/orders/2026-01-01/orders/{order_id}",
                params={"includedData": _INCLUDED},
                operation="getOrder",
                headers=_AGENT,
            )
        except errors.NotFound:
            return None
        return decoding.read(response, orders.GetAnswer).order

    def confirm_shipment(self, order_id: str, body: Mapping[str, object]) -> None:
        """Confirm a package."""
        self._api.send(
            "POST",
            f"/orders/v0/orders/{order_id}/shipmentConfirmation",
            json=body,
            operation="confirmShipment",
            headers=_AGENT,
        )

    def submit(self, marketplaces: Sequence[str], content: bytes) -> str:
        """Upload a feed of listings and start it; returns its id. Nothing has an effect before it is started."""
        made = self._api.send(
            "POST",
            "/feeds/2021-06-30/documents",
            json={"contentType": _JSON},
            operation="createFeedDocument",
            repeatable=True,
            headers=_AGENT,
        )
        document = decoding.shaped(made, listings.FeedDocument)
        documents.upload(self._api, document.url, content, content_type=_JSON)
        body = {
            "feedType": FEED,
            "marketplaceIds": list(marketplaces),
            "inputFeedDocumentId": document.feed_document_id,
        }
        started = self._api.send(
            "POST", "/feeds/2021-06-30/feeds", json=body, operation="createFeed", headers=_AGENT
        )
        return decoding.shaped(started, listings.FeedCreated).feed_id

    def feed(self, feed_id: str) -> listings.Feed:
        """How a feed stands."""
        response = self._api.send(
            "GET", f"/feeds/2021-06-30/feeds/{feed_id}", operation="getFeed", headers=_AGENT
        )
        return decoding.shaped(response, listings.Feed)

    def report(self, document_id: str) -> bytes:
        """A processing report, unpacked."""
        response = self._api.send(
            "GET",
            f"/feeds/2021-06-30/documents/{document_id}",
            operation="getFeedDocument",
            headers=_AGENT,
        )
        document = decoding.shaped(response, listings.FeedDocument)
        content = documents.fetch(self._api, document.url, kind=_REPORT)
        if document.compression_algorithm != "GZIP":
            return content
        return documents.unpacked(self._api, content)

    def participations(self) -> Sequence[accounts.Participation]:
        """The marketplaces of the seller."""
        response = self._api.send(
            "GET",
            "/sellers/v1/marketplaceParticipations",
            operation="getMarketplaceParticipations",
            headers=_AGENT,
        )
        return decoding.shaped(response, accounts.ParticipationsAnswer).payload

    def subscription(self, kind: str) -> accounts.Subscription | None:
        """Where notifications of this type go; None: nowhere."""
        try:
            response = self._api.send(
                "GET", f"/notifications/v1/subscriptions/{kind}", operation="notifications", headers=_AGENT
            )
        except errors.NotFound:
            return None
        return decoding.shaped(response, accounts.SubscriptionAnswer).payload

    def subscribe(self, kind: str, destination_id: str) -> None:
        """Have notifications of this type sent to a destination."""
        body = {"payloadVersion": "1.0", "destinationId": destination_id}
        path = f"/notifications/v1/subscriptions/{kind}"
        self._api.send("POST", path, json=body, operation="notifications", headers=_AGENT)

    def destinations(self) -> Sequence[accounts.Destination]:
        """The application's destinations."""
        response = self._grantless.send(
            "GET", "/notifications/v1/destinations", operation="notifications", headers=_AGENT
        )
        return decoding.shaped(response, accounts.DestinationsAnswer).payload

    def create_destination(self, name: str, queue_arn: str) -> accounts.Destination:
        """Make a queue a destination."""
        body = {"name": name, "resourceSpecification": {"sqs": {"arn": queue_arn}}}
        response = self._grantless.send(
            "POST", "/notifications/v1/destinations", json=body, operation="notifications", headers=_AGENT
        )
        return decoding.shaped(response, accounts.DestinationAnswer).payload


def _instant(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
