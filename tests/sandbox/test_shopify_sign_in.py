"""Shopify's installation page and token endpoint: codes count once, tokens end, refresh tokens are replaced."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

import pytest

REDIRECT = "http://127.0.0.1:1/back?x=1"


def ask(shop, **more):
    query = {
        "client_id": shop.partners.ready["shopify"]["client_id"],
        "scope": "read_orders",
        "redirect_uri": REDIRECT,
        "state": "s & 1",
    }
    return shop.http.get(shop.partners.url("shopify") + "/admin/oauth/authorize", params=query | more)


def answer(shop, **more):
    """What the browser brings back."""
    form = {"scope": "read_orders", "redirect_uri": REDIRECT, "state": "s & 1", "answer": "install", **more}
    sent = shop.http.post(shop.partners.url("shopify") + "/admin/oauth/confirm", data=form)
    return dict(parse_qsl(urlsplit(sent.headers["location"]).query))


def token(shop, **form):
    ready = shop.partners.ready["shopify"]
    known = {"client_id": ready["client_id"], "client_secret": ready["client_secret"]}
    return shop.http.post(shop.partners.url("shopify") + "/admin/oauth/access_token", data=known | form)


def works(shop, access_token):
    headers = {"X-Shopify-Access-Token": access_token}
    return shop.http.post(shop.url, json={"query": "{ shop { name } }"}, headers=headers).status_code == 200


def test_the_page_asks_and_the_answer_is_signed(shop):
    page = ask(shop)
    assert page.status_code == 200
    assert re.search(r'name="state" value="s &amp; 1"', page.text)
    back = answer(shop)
    assert (back["x"], back["state"]) == ("1", "s & 1")
    assert back.keys() == {"x", "code", "hmac", "host", "shop", "state", "timestamp"}


def test_a_merchant_cancels(shop):
    back = answer(shop, answer="cancel")
    assert back["error"] == "access_denied"
    assert "code" not in back


@pytest.mark.parametrize("change", [{"client_id": "another"}, {"redirect_uri": ""}])
def test_a_wrong_request_is_a_page_that_says_so(shop, change):
    page = ask(shop, **change)
    assert page.status_code == 400
    assert "Oauth error invalid_request" in page.text


def test_a_code_gives_a_token_once_without_an_end(shop):
    code = answer(shop)["code"]
    given = token(shop, code=code).json()
    assert given.keys() == {"access_token", "scope"}
    assert works(shop, given["access_token"])
    assert token(shop, code=code).json()["error"] == "invalid_request"


def test_expiring_tokens_are_refreshed_and_the_one_before_counts_until_the_new_one_is_used(shop):
    first = token(shop, code=answer(shop)["code"], expiring="1").json()
    assert (first["expires_in"], first["refresh_token_expires_in"]) == (3600, 90 * 24 * 3600)
    shop.partners.act("shopify", "expire_tokens")
    assert not works(shop, first["access_token"])
    again = [
        token(shop, grant_type="refresh_token", refresh_token=first["refresh_token"]).json() for _ in range(2)
    ]
    assert works(shop, again[1]["access_token"])
    token(shop, grant_type="refresh_token", refresh_token=again[1]["refresh_token"])
    refused = token(shop, grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"code": "none"}, 400, "invalid_request"),
    ],
)
def test_refusals(shop, form, status, error):
    found = token(shop, **form)
    assert (found.status_code, found.json()["error"]) == (status, error)


def test_an_uninstalled_app_has_no_tokens(shop):
    given = token(shop, code=answer(shop)["code"], expiring="1").json()
    shop.partners.act("shopify", "uninstall")
    assert not works(shop, given["access_token"])
    refused = token(shop, grant_type="refresh_token", refresh_token=given["refresh_token"])
    assert refused.json()["error"] == "invalid_grant"
