"""The connector's calls to Amazon's partner server; every request is valid by the official models."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests import clock, partners
from tests.adapters.amazon.requests import Sent, check_request, recorded
from tests.clock import NOON
from tests.contracts.partners import amazon as stage
from tests.contracts.partners.remote import session

from doorstep.adapters.channels.amazon import client, connector
from doorstep.domain.connections import model as connections
from doorstep.domain.inventory.ports import StockLevel
from doorstep.domain.orders.model import Handling, OrderSnapshot
from doorstep.domain.orders.ports import NoticeLine, ShipmentNotice
from doorstep.kernel import errors, http
from doorstep.kernel.results import Done, Failed, Pending

ARN = "arn:aws:sqs:eu-west-1:437568002678:orders"
LINE = {"sku": "GT-WH-02", "quantity": 2, "price": "799.50"}


@pytest.fixture(scope="module")
def running() -> Iterator[partners.Partners]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOORSTEP_CLOCK_FILE", str(clock.FILE))
        with partners.running(names=["amazon"]) as found:
            yield found


class Seller:
    """A connected seller and the partner's control door."""

    def __init__(self, running: partners.Partners, opened: http.Session, **settings: object) -> None:
        self.running = running
        self.session = opened
        wanted = {**stage.settings(running.ready["amazon"]), **settings}
        self.connector = connector.Amazon(connector.Settings.model_validate(wanted), opened)

    def act(self, verb: str, **body: object) -> Any:
        return self.running.act("amazon", verb, **body)

    def place(self, **more: object) -> Any:
        return self.act("place_order", **{"lines": [LINE], "status": "UNSHIPPED", "minutes_ago": 10, **more})[
            "order"
        ]

    def orders(self, page: connections.Page) -> list[OrderSnapshot]:
        found = []
        for each in page.documents:
            (snapshot,) = self.connector.parse(each.topic, {}, each.body)
            assert isinstance(snapshot, OrderSnapshot)
            found.append(snapshot)
        return found


@pytest.fixture
def seller(running: partners.Partners) -> Iterator[Seller]:
    running.act("amazon", "reset")
    running.fail("amazon")
    running.act("amazon", "usage", default={"rate": 1000, "burst": 1000})
    with session(running.ready["amazon"]["url"]) as opened:
        yield Seller(running, opened, queue_arn=ARN)


@pytest.fixture
def sent() -> Iterator[list[Sent]]:
    with recorded() as found:
        yield found


def window(**more: Any) -> connections.Window:
    now = clock.CLOCK.now()
    return connections.Window(
        **{"since": now - timedelta(hours=1), "until": now, "reaches_now": "until" not in more, **more}
    )


def notice(order: Any, **more: Any) -> ShipmentNotice:
    lines = tuple(NoticeLine(each["id"], each["quantity"]) for each in order["items"])
    made = ShipmentNotice("shipment-7", order["id"], lines, "Blue Dart", "BD1", "https://track.example/BD1")
    return replace(made, **{"shipped_at": clock.CLOCK.now() - timedelta(minutes=1), **more})


def followed(seller: Seller, answer: Done | Failed | Pending) -> Done | Failed | Pending:
    for _look in range(10):
        if isinstance(answer, Pending):
            answer = seller.connector.check(answer.handle)
    return answer


def test_orders_are_read_page_by_page_with_their_version(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed = [seller.place() for _ in range(3)]
    monkeypatch.setattr(client, "_PER_PAGE", 2)
    asked = window()
    first = seller.connector.pull("orders", asked)
    second = seller.connector.pull("orders", replace(asked, token=first.next_token))
    assert (len(first.documents), len(second.documents), second.next_token) == (2, 1, "")
    snapshots = seller.orders(first) + seller.orders(second)
    assert {each.external_id for each in snapshots} == {each["id"] for each in placed}
    for document, each in zip([*first.documents, *second.documents], snapshots, strict=True):
        digest = hashlib.sha256(document.body).hexdigest()[:16]
        assert document.event_id == f"order-{each.external_id}@{each.version_at.isoformat()}#{digest}"
        assert document.changed_at == each.version_at
    again = seller.connector.fetch("orders", [placed[0]["id"], "000-0000000-0000000"])
    assert [each.event_id for each in again] == [
        each.event_id for each in (*first.documents, *second.documents) if placed[0]["id"] in each.event_id
    ]


def test_orders_of_marketplaces_that_are_not_read_are_not_fetched(seller: Seller) -> None:
    ours, theirs = seller.place(), seller.place(marketplace="A1PA6795UKMFR9", currency="EUR")
    found = seller.connector.fetch("orders", [ours["id"], theirs["id"]])
    assert [each.event_id.partition("@")[0] for each in found] == [f"order-{ours['id']}"]


def test_only_a_window_of_the_past_has_an_end(seller: Seller, sent: list[Sent]) -> None:
    seller.place(minutes_ago=30)
    until = clock.CLOCK.now() - timedelta(minutes=40)
    assert seller.connector.pull("orders", window(until=until)).documents == []
    assert datetime.fromisoformat(sent[-1].query["lastUpdatedBefore"]) == until.replace(microsecond=0)
    assert len(seller.connector.pull("orders", window(reaches_now=True)).documents) == 1
    assert "lastUpdatedBefore" not in sent[-1].query


def test_an_expired_page_token_is_invalid(seller: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        seller.place()
    monkeypatch.setattr(client, "_PER_PAGE", 1)
    asked = window()
    first = seller.connector.pull("orders", asked)
    seller.act("expire_page_tokens")
    with pytest.raises(errors.Invalid):
        seller.connector.pull("orders", replace(asked, token=first.next_token))


def test_whose_work_the_partners_orders_are(seller: Seller) -> None:
    seller.place()
    seller.place(status="PENDING")
    seller.place(fulfilled_by="AFN")
    found = {each.handling for each in seller.orders(seller.connector.pull("orders", window()))}
    assert found == {Handling.OURS, Handling.WAITING, Handling.ELSEWHERE}


def test_every_request_is_valid_by_the_official_models(seller: Seller, sent: list[Sent]) -> None:
    order = seller.place()
    seller.act("list", sku="GT-WH-02")
    seller.connector.pull("orders", window())
    seller.connector.confirm_shipment(notice(order))
    seller.connector.test_connection()
    seller.connector.ensure_subscriptions("https://shop.example.com/hooks/amazon")
    assert followed(seller, seller.connector.publish_stock([StockLevel("GT-WH-02", "GT-WH-02", 7)])) == Done()
    of_amazon = [each for each in sent if not each.path.startswith(("/auth/", "/_control/"))]
    assert {check_request(each) for each in of_amazon} == {
        "searchOrders",
        "getOrder",
        "confirmShipment",
        "getMarketplaceParticipations",
        "getSubscription",
        "getDestinations",
        "createDestination",
        "createSubscription",
        "createFeedDocument",
        "createFeed",
        "getFeed",
        "getFeedDocument",
    }
    for each in of_amazon:
        assert each.headers["user-agent"].startswith("Doorstep/")
        assert each.headers["x-amz-access-token"]
        assert "authorization" not in each.headers


def test_tokens_are_asked_for_once_and_renewed_when_they_end(seller: Seller, sent: list[Sent]) -> None:
    seller.connector.pull("orders", window())
    seller.connector.pull("orders", window())
    seller.act("expire_tokens")
    seller.connector.pull("orders", window())
    grants = [each for each in sent if each.path == "/auth/o2/token"]
    assert len(grants) == 2
    assert b"grant_type=refresh_token" in grants[0].body
    assert b"client_secret=" in grants[0].body


def test_a_token_that_amazon_no_longer_knows_is_renewed(seller: Seller, sent: list[Sent]) -> None:
    seller.connector.pull("orders", window())
    seller.act("forget_tokens")
    seller.connector.pull("orders", window())
    assert len([each for each in sent if each.path == "/auth/o2/token"]) == 2


def test_a_seller_who_took_back_the_consent_must_sign_in_again(seller: Seller) -> None:
    seller.act("revoke")
    with pytest.raises(errors.DoorstepError):
        seller.connector.pull("orders", window())


def test_a_shipment_is_confirmed_once_however_often_it_is_reported(seller: Seller) -> None:
    order = seller.place()
    first = seller.connector.confirm_shipment(notice(order))
    assert seller.connector.confirm_shipment(notice(order)) == first
    (stored,) = [
        each for each in seller.running.state("amazon")["orders"].values() if each["id"] == order["id"]
    ]
    (package,) = stored["packages"]
    assert [item["shipped"] for item in stored["items"]] == [2]
    assert (package["reference"], package["tracking"], package["carrier"]) == (
        first,
        "BD1",
        "BlueDart",
    )


def test_two_packages_with_one_tracking_number_are_both_confirmed(seller: Seller) -> None:
    order = seller.place(lines=[LINE, {"sku": "DJ-BL-01", "quantity": 1, "price": "2999.00"}])
    first, second = [
        seller.connector.confirm_shipment(
            notice(order, reference=f"shipment-{number}", lines=(NoticeLine(item["id"], item["quantity"]),))
        )
        for number, item in enumerate(order["items"])
    ]
    there = seller.running.state("amazon")["orders"][order["id"]]
    assert first != second
    assert ([each["reference"] for each in there["packages"]], there["status"]) == (
        [first, second],
        "SHIPPED",
    )


def test_a_package_that_was_confirmed_by_hand_is_not_confirmed_again(seller: Seller) -> None:
    order = seller.place()
    by_hand = seller.connector.confirm_shipment(notice(order, reference="by hand"))
    assert seller.connector.confirm_shipment(notice(order)) == by_hand


def test_an_order_that_amazon_does_not_know_cannot_be_confirmed(seller: Seller) -> None:
    order = seller.place()
    with pytest.raises(errors.NotFound):
        seller.connector.confirm_shipment(notice(order, order_external_id="000-0000000-0000000"))


def test_a_confirmation_that_amazon_refuses_says_why(seller: Seller) -> None:
    order = seller.place()
    with pytest.raises(http.Rejected):
        seller.connector.confirm_shipment(notice(order, lines=(NoticeLine("999", 1),)))


def test_marketplaces_are_checked(running: partners.Partners, seller: Seller) -> None:
    (sells, queue) = seller.connector.test_connection()
    assert (sells.is_ok, queue.is_ok) == (True, True)
    wrong = Seller(running, seller.session, marketplaces="ATVPDKIKX0DER, A21TJRUUN4KGV")
    (not_there, there, _queue) = wrong.connector.test_connection()
    assert (not_there.is_ok, there.is_ok) == (False, True)
    assert "correct the marketplaces" in str(not_there.message)


def test_notifications_are_subscribed_to_once(seller: Seller) -> None:
    first = seller.connector.ensure_subscriptions("")
    again = seller.connector.ensure_subscriptions("")
    assert (first.added, again.added, again.present) == (("ORDER_CHANGE",), (), ("ORDER_CHANGE",))


def test_a_subscription_of_another_queue_is_not_ours(seller: Seller) -> None:
    other = seller.connector._client.create_destination("other", ARN + "-other")
    seller.connector._client.subscribe("ORDER_CHANGE", other.destination_id)
    with pytest.raises(errors.Conflict, match="to another destination"):
        seller.connector.ensure_subscriptions("")
    seller.connector._client.create_destination("ours", ARN)
    with pytest.raises(errors.Conflict, match="to another destination"):
        seller.connector.ensure_subscriptions("")


def test_a_queue_that_is_a_destination_already_is_used(running: partners.Partners, seller: Seller) -> None:
    seller.connector._client.create_destination("by-hand", ARN)
    seller.connector.ensure_subscriptions("")
    assert len(seller.running.state("amazon")["destinations"]) == 1
    nothing = Seller(running, seller.session)
    assert nothing.connector.ensure_subscriptions("") == connections.Subscribed((), ())


def test_stock_is_set_and_refused_listings_have_our_names(seller: Seller) -> None:
    seller.act("list", sku="LISTING-1")
    levels = [StockLevel("LISTING-1", "GT-WH-02", 7), StockLevel("LISTING-2", "DJ-BL-01", 3)]
    started = seller.connector.publish_stock(levels)
    assert isinstance(started, Pending)
    ended = followed(seller, started)
    assert isinstance(ended, Done)
    assert list(ended.refused) == ["DJ-BL-01"]
    assert seller.running.state("amazon")["listings"]["LISTING-1"]["quantity"] == 7


def test_a_feed_that_amazon_gives_up_has_failed(seller: Seller) -> None:
    seller.act("feeds", fatal_next=1)
    ended = followed(seller, seller.connector.publish_stock([StockLevel("A", "A", 1)]))
    assert isinstance(ended, Failed)
    assert "FATAL" in ended.reason


def test_a_feed_that_is_refused_as_a_whole_has_failed(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = {"issues": [{"severity": "ERROR", "code": "4000001", "message": "The seller is unknown."}]}
    monkeypatch.setattr(client.Client, "report", lambda *_: json.dumps(report).encode())
    ended = followed(seller, seller.connector.publish_stock([StockLevel("A", "A", 1)]))
    assert isinstance(ended, Failed)
    assert ended.reason.endswith("The seller is unknown.")


def test_without_a_queue_there_are_no_notifications(seller: Seller) -> None:
    assert seller.connector.pull("notifications", window()) == connections.Page(())
    seller.connector.acknowledge_receipts("notifications", ["r"])
    refused = seller.connector.acknowledge(connections.InboundRequest({}, b"{}"))
    assert refused.verdict is connections.Verdict.REFUSED


@pytest.mark.parametrize(
    ("region", "is_sandbox", "address"),
    [
        ("na", False, "https://sellingpartnerapi-na.amazon.com"),
        ("eu", True, "https://sandbox.sellingpartnerapi-eu.amazon.com"),
        ("fe", False, "https://sellingpartnerapi-fe.amazon.com"),
    ],
)
def test_each_region_has_its_address(
    running: partners.Partners, region: str, is_sandbox: bool, address: str
) -> None:
    wanted = {
        **stage.settings(running.ready["amazon"]),
        "region": region,
        "is_sandbox": is_sandbox,
        "base_url": "",
    }
    assert connector.Settings.model_validate(wanted).address == address


def test_the_go_live_moment_has_a_time_zone(running: partners.Partners) -> None:
    wanted = {**stage.settings(running.ready["amazon"]), "orders_from": NOON.replace(tzinfo=None).isoformat()}
    with pytest.raises(ValueError, match="add the time zone"):
        connector.Settings.model_validate(wanted)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-amzn-ratelimit-limit": "0.5"}, 2.0),
        ({"x-amzn-ratelimit-limit": "0"}, None),
        ({}, None),
        ({"x-amzn-ratelimit-limit": "?"}, None),
    ],
)
def test_answers_say_the_rate(headers: dict[str, str], seconds: float | None) -> None:
    found = client.read_limit(headers)
    assert (found.interval_seconds if found else None) == seconds


def test_a_report_that_cannot_be_read_is_asked_for_again(
    seller: Seller, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = seller.connector.publish_stock([StockLevel("A", "A", 1)])
    monkeypatch.setattr(client.Client, "report", lambda *_: b"not a report")
    with pytest.raises(http.Unanswered):
        followed(seller, started)
    assert json.loads(started.handle if isinstance(started, Pending) else "{}")["feed"]


@pytest.mark.parametrize(
    ("region", "marketplaces", "address"),
    [
        ("eu", "A21TJRUUN4KGV,A1PA6795UKMFR9", "https://sellercentral.amazon.in"),
        ("eu", "A1PA6795UKMFR9", "https://sellercentral-europe.amazon.com"),
        ("na", "ATVPDKIKX0DER", "https://sellercentral.amazon.com"),
        ("fe", "", "https://sellercentral.amazon.co.jp"),
    ],
)
def test_a_seller_signs_in_at_the_seller_central_of_the_first_marketplace(
    running: partners.Partners, region: str, marketplaces: str, address: str
) -> None:
    wanted = stage.settings(running.ready["amazon"]) | {"region": region, "marketplaces": marketplaces}
    settings = connector.Settings.model_validate({**wanted, "application_id": "amzn1.sp.solution.1"})
    assert connector.SIGN_IN.page(settings) == (
        f"{address}/apps/authorize/consent",
        {"application_id": "amzn1.sp.solution.1"},
    )
    draft = settings.model_copy(update={"is_draft": True, "seller_central_url": "https://other.example/"})
    page, parameters = connector.SIGN_IN.page(draft)
    assert (page, parameters["version"]) == ("https://other.example/apps/authorize/consent", "beta")


def test_stock_is_not_published_before_the_seller_is_known(running: partners.Partners) -> None:
    with session(running.ready["amazon"]["url"]) as opened:
        unknown = Seller(running, opened, seller_id="")
        with pytest.raises(http.AuthFailed, match="seller is not known"):
            unknown.connector.publish_stock([StockLevel("A", "A", 1)])
