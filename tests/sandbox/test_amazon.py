"""Amazon: sign-in, both versions of orders, shipment confirmation, restricted data and usage plans."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from tests.sandbox.amazon import CURRENT, INDIA, LONG_AGO, V0, package, problem


def test_a_refresh_token_gives_access_tokens_that_end(seller):
    answer = seller.grant(grant_type="refresh_token", refresh_token=seller.ready["refresh_token"]).json()
    assert (answer["token_type"], answer["expires_in"]) == ("bearer", 3600)
    assert answer["refresh_token"] == seller.ready["refresh_token"]
    assert seller.search(lastUpdatedAfter=LONG_AGO).status_code == 200
    seller.act("expire_tokens")
    answer = seller.search(lastUpdatedAfter=LONG_AGO)
    assert problem(answer) == (403, "Unauthorized")
    assert "expired" in answer.json()["errors"][0]["details"]


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "refresh_token", "refresh_token": "Atzr|old"}, 400, "invalid_grant"),
        ({"grant_type": "authorization_code", "code": "RHold"}, 400, "invalid_grant"),
        ({"grant_type": "client_credentials", "scope": "profile"}, 400, "invalid_scope"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({}, 400, "invalid_request"),
        ({"grant_type": "refresh_token", "client_id": "another"}, 400, "unauthorized_client"),
        ({"grant_type": "refresh_token", "client_secret": "wrong"}, 401, "invalid_client"),
    ],
)
def test_refused_sign_ins_have_the_error_of_login_with_amazon(seller, form, status, error):
    answer = seller.grant(**form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"]


def test_a_seller_who_takes_back_consent_ends_all_tokens(seller):
    seller.act("revoke")
    assert problem(seller.search(lastUpdatedAfter=LONG_AGO)) == (403, "Unauthorized")
    answer = seller.grant(grant_type="refresh_token", refresh_token=seller.ready["refresh_token"])
    assert answer.json()["error"] == "invalid_grant"


def test_consent_gives_a_code_that_counts_once(seller):
    query = {
        "application_id": seller.ready["application_id"],
        "state": "s-1",
        "redirect_uri": "http://127.0.0.1:1/back",
    }
    page = seller.http.get("/apps/authorize/consent", params=query)
    assert page.status_code == 200
    assert 'name="state" value="s-1"' in page.text
    form = {name: query[name] for name in ("state", "redirect_uri")}
    sent_to = seller.http.post("/apps/authorize/confirm", data=form).headers["location"]
    back = {name: values[0] for name, values in parse_qs(urlsplit(sent_to).query).items()}
    assert (back["state"], back["selling_partner_id"]) == ("s-1", seller.ready["seller_id"])
    answer = seller.grant(grant_type="authorization_code", code=back["spapi_oauth_code"]).json()
    again = seller.grant(grant_type="authorization_code", code=back["spapi_oauth_code"])
    assert again.json()["error"] == "invalid_grant"
    renewed = seller.grant(grant_type="refresh_token", refresh_token=answer["refresh_token"])
    assert renewed.status_code == 200


@pytest.mark.parametrize("query", [{"application_id": "another"}, {}])
def test_consent_for_an_unknown_application_is_refused(seller, query):
    assert seller.http.get("/apps/authorize/consent", params=query).status_code == 400


def test_only_a_registered_redirect_address_is_accepted_and_drafts_need_their_version(seller):
    query = {"application_id": seller.ready["application_id"], "redirect_uri": "http://127.0.0.1:1/back"}

    def page(**more):
        return seller.http.get("/apps/authorize/consent", params=query | more)

    seller.act("settings", redirect_uri="http://127.0.0.1:1/other", is_draft=True)
    try:
        assert "MD1000" in page().text
        assert "MD5101" in page(version="beta").text
        assert page(version="beta", redirect_uri="http://127.0.0.1:1/other").status_code == 200
    finally:
        seller.act("settings", redirect_uri="", is_draft=False)


def test_calls_without_a_token_are_denied_with_a_list_of_errors(seller):
    del seller.http.headers["x-amz-access-token"]
    assert problem(seller.search(lastUpdatedAfter=LONG_AGO)) == (403, "Unauthorized")
    seller.http.headers["x-amz-access-token"] = seller.notifications_token()
    assert problem(seller.search(lastUpdatedAfter=LONG_AGO)) == (403, "Unauthorized")


def test_orders_are_found_by_time_and_page(seller):
    placed = [seller.place(minutes_ago=minutes)["id"] for minutes in (30, 20, 10)]
    first = seller.search(lastUpdatedAfter=LONG_AGO, maxResultsPerPage=2).json()
    second = seller.search(paginationToken=first["pagination"]["nextToken"]).json()
    found = [order["orderId"] for page in (first, second) for order in page["orders"]]
    assert found == placed
    assert "pagination" not in second
    assert second["lastUpdatedBefore"] == first["lastUpdatedBefore"]


def test_a_page_token_ends(seller):
    for minutes in (30, 20):
        seller.place(minutes_ago=minutes)
    page = seller.search(lastUpdatedAfter=LONG_AGO, maxResultsPerPage=1).json()
    seller.act("expire_page_tokens")
    assert problem(seller.search(paginationToken=page["pagination"]["nextToken"])) == (400, "InvalidInput")
    assert problem(seller.search(paginationToken="nonsense")) == (400, "InvalidInput")


def test_orders_of_the_last_two_minutes_are_not_found_yet(seller):
    seller.place(minutes_ago=1)
    assert seller.search(lastUpdatedAfter=LONG_AGO).json()["orders"] == []
    seller.act("settings", settled_seconds=0)
    assert len(seller.search(lastUpdatedAfter=LONG_AGO).json()["orders"]) == 1


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"createdAfter": LONG_AGO, "lastUpdatedAfter": LONG_AGO},
        {"lastUpdatedAfter": "yesterday"},
        {"lastUpdatedAfter": LONG_AGO, "lastUpdatedBefore": "2099-01-01T00:00:00Z"},
        {"lastUpdatedAfter": LONG_AGO, "lastUpdatedBefore": "2019-01-01T00:00:00Z"},
        {"lastUpdatedAfter": LONG_AGO, "maxResultsPerPage": 101},
        {"lastUpdatedAfter": LONG_AGO, "includedData": "SECRETS"},
    ],
)
def test_wrong_searches_are_refused(seller, query):
    assert problem(seller.search(**query)) == (400, "InvalidInput")


def test_filters_choose_orders(seller):
    ours = seller.place()["id"]
    amazons = seller.place(fulfilled_by="AFN")["id"]
    waiting = seller.place(status="PENDING")["id"]

    def found(**query):
        body = seller.search(createdAfter=LONG_AGO, **query).json()
        return {order["orderId"] for order in body["orders"]}

    assert found(fulfilledBy="AMAZON") == {amazons}
    assert found(fulfillmentStatuses="PENDING") == {waiting}
    assert found(marketplaceIds=INDIA) == {ours, amazons, waiting}
    assert found(marketplaceIds="ATVPDKIKX0DER") == set()


def test_data_is_given_when_it_is_asked_for_and_the_payment_is_made(seller):
    order = seller.place(status="PENDING")["id"]
    pending = seller.http.get(
        f"{CURRENT}/{order}", params={"includedData": "BUYER,RECIPIENT,PROCEEDS"}
    ).json()
    assert not {"buyer", "recipient", "proceeds"} & set(pending["order"])
    seller.act("release", order_id=order)
    shown = seller.http.get(f"{CURRENT}/{order}", params={"includedData": "RECIPIENT,PROCEEDS"}).json()[
        "order"
    ]
    assert shown["recipient"]["deliveryAddress"]["postalCode"] == "110003"
    assert shown["proceeds"]["grandTotal"] == {"amount": "6131.50", "currencyCode": "INR"}
    assert not {"buyer", "fulfillment"} & set(shown)
    assert problem(seller.http.get(f"{CURRENT}/111-1111111-1111111")) == (404, "NotFound")


def test_a_confirmed_shipment_ships_the_order(seller):
    order = seller.place()
    address = f"{V0}/{order['id']}/shipmentConfirmation"
    part = [{"orderItemId": order["items"][0]["id"], "quantity": 1}]
    assert seller.http.post(address, json=package(order, orderItems=part)).status_code == 204
    shown = seller.http.get(
        f"{CURRENT}/{order['id']}", params={"includedData": "FULFILLMENT,PACKAGES"}
    ).json()
    assert shown["order"]["fulfillment"]["fulfillmentStatus"] == "PARTIALLY_SHIPPED"
    rest = [
        {"orderItemId": order["items"][0]["id"], "quantity": 1},
        {"orderItemId": order["items"][1]["id"], "quantity": 1},
    ]
    second = package(order, packageReferenceId="2", trackingNumber="BD2", orderItems=rest)
    assert seller.http.post(address, json=second).status_code == 204
    shown = seller.http.get(
        f"{CURRENT}/{order['id']}", params={"includedData": "FULFILLMENT,PACKAGES"}
    ).json()
    assert shown["order"]["fulfillment"]["fulfillmentStatus"] == "SHIPPED"
    assert [each["trackingNumber"] for each in shown["order"]["packages"]] == ["BD123456789", "BD2"]


def test_a_repeated_package_replaces_itself_and_a_new_one_has_nothing_to_ship(seller):
    order = seller.place()
    address = f"{V0}/{order['id']}/shipmentConfirmation"
    for tracking in ("BD1", "BD2"):
        assert seller.http.post(address, json=package(order, trackingNumber=tracking)).status_code == 204
    (only,) = seller.partners.state("amazon")["orders"][order["id"]]["packages"]
    assert only["tracking"] == "BD2"
    answer = seller.http.post(address, json=package(order, packageReferenceId="2"))
    assert problem(answer) == (400, "InvalidInput")
    assert "PackageToUpdateNotFound" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "change",
    [
        {"packageReferenceId": 1},
        {"packageReferenceId": "A-1"},
        {"carrierCode": "Other"},
        {"trackingNumber": ""},
        {"shipDate": "02/21/2022"},
        {"shipDate": "2026-01-01T10:00:00"},
        {"shipDate": "2099-01-01T00:00:00Z"},
        {"orderItems": [{"orderItemId": "1", "quantity": 1}]},
        {"orderItems": [{"orderItemId": "1"}]},
        {"orderItems": "all"},
    ],
)
def test_wrong_packages_are_refused(seller, change):
    order = seller.place()
    answer = seller.http.post(f"{V0}/{order['id']}/shipmentConfirmation", json=package(order, **change))
    assert problem(answer) == (400, "InvalidInput")
    assert seller.partners.state("amazon")["orders"][order["id"]]["status"] == "UNSHIPPED"


@pytest.mark.parametrize("state", [{"status": "PENDING"}, {"fulfilled_by": "AFN"}, {"status": "CANCELLED"}])
def test_orders_that_are_not_the_sellers_to_ship_are_refused(seller, state):
    order = seller.place(**state)
    answer = seller.http.post(f"{V0}/{order['id']}/shipmentConfirmation", json=package(order))
    assert problem(answer) == (400, "InvalidInput")


def test_personal_data_of_version_0_needs_a_restricted_token(seller):
    order = seller.place()["id"]
    plain = seller.http.headers["x-amz-access-token"]
    assert problem(seller.http.get(f"{V0}/{order}/address")) == (403, "Unauthorized")
    assert "ShippingAddress" not in seller.http.get(f"{V0}/{order}").json()["payload"]
    wanted = [
        {"method": "GET", "path": f"{V0}/{{orderId}}/address"},
        {"method": "GET", "path": f"{V0}/{order}", "dataElements": ["buyerInfo", "shippingAddress"]},
    ]
    made = seller.http.post(
        "/tokens/2021-03-01/restrictedDataToken", json={"restrictedResources": wanted}
    ).json()
    seller.http.headers["x-amz-access-token"] = made["restrictedDataToken"]
    address = seller.http.get(f"{V0}/{order}/address").json()["payload"]["ShippingAddress"]
    assert (address["City"], address["Phone"]) == ("New Delhi", "+919812345678")
    assert seller.http.get(f"{V0}/{order}").json()["payload"]["BuyerInfo"]["BuyerName"] == "Meera Nair"
    assert problem(seller.http.get(f"{V0}/{order}/buyerInfo")) == (403, "Unauthorized")
    seller.http.headers["x-amz-access-token"] = plain
    bad = {"restrictedResources": [{"method": "GET", "path": V0}]}
    assert problem(seller.http.post("/tokens/2021-03-01/restrictedDataToken", json=bad)) == (
        400,
        "InvalidInput",
    )


def test_version_0_lists_orders_with_its_own_words(seller):
    order = seller.place()["id"]
    seller.place(fulfilled_by="AFN")
    query = {
        "MarketplaceIds": INDIA,
        "CreatedAfter": LONG_AGO,
        "FulfillmentChannels": "MFN",
        "OrderStatuses": "Unshipped",
    }
    (found,) = seller.http.get(V0, params=query).json()["payload"]["Orders"]
    assert (found["AmazonOrderId"], found["OrderTotal"]["Amount"]) == (order, "6131.50")
    assert problem(seller.http.get(V0, params={"CreatedAfter": LONG_AGO})) == (400, "InvalidInput")
    assert problem(seller.http.get(V0, params={**query, "OrderStatuses": "SHIPPED"})) == (400, "InvalidInput")


def test_a_buyer_asks_for_a_cancellation(seller):
    order = seller.place()["id"]
    seller.act("request_cancel", order_id=order, reason="Ordered twice")
    shown = seller.http.get(f"{CURRENT}/{order}", params={"includedData": "CANCELLATION"}).json()["order"]
    request = shown["orderItems"][0]["cancellation"]["cancellationRequest"]
    assert request == {"requester": "BUYER", "cancelReason": "Ordered twice"}
    seller.act("cancel", order_id=order, by="BUYER")
    items = seller.http.get(f"{V0}/{order}/orderItems").json()["payload"]["OrderItems"]
    assert items[0]["BuyerRequestedCancel"]["IsBuyerRequestedCancel"] == "true"


def test_usage_plans_are_kept_and_named_in_answers(seller):
    answers = [seller.search(lastUpdatedAfter=LONG_AGO) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert answers[0].headers["x-amzn-RateLimit-Limit"] == "0.0056"
    assert problem(answers[-1]) == (429, "QuotaExceeded")
    seller.act("usage", searchOrders={"rate": 5, "burst": 40})
    assert seller.search(lastUpdatedAfter=LONG_AGO).headers["x-amzn-RateLimit-Limit"] == "5.0"


def test_faults_are_amazons_own_errors(seller):
    seller.partners.fail("amazon", {"kind": "status_429"}, {"kind": "status_500"})
    assert problem(seller.search(lastUpdatedAfter=LONG_AGO)) == (429, "QuotaExceeded")
    assert problem(seller.search(lastUpdatedAfter=LONG_AGO)) == (500, "InternalFailure")
    assert problem(seller.http.get("/elsewhere")) == (404, "NotFound")
