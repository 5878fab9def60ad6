"""The sign-in of one connection: the verifier of PKCE belongs to the state, and tokens are stored before they are used."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pydantic
import pytest
from tests.kernel import partner

from doorstep.bootstrap.sign_ins import BrowserSignIn
from doorstep.domain.connections.model import SignIn
from doorstep.kernel import http
from doorstep.kernel.secrets import Vault

BACK = "https://oms.example.com/console/connect/callback"
GIVEN = partner.Answer(body=b'{"access_token":"at","refresh_token":"rt","expires_in":3600,"scope":"orders"}')
VAULT = Vault(["k" * 40])


class Settings(pydantic.BaseModel):
    """The settings of a vendor that follows the standard."""

    base_url: str
    client_id: str = "app"
    client_secret: pydantic.SecretStr = pydantic.SecretStr("app-secret")


def way(session: http.Session, url: str, *, uses_pkce: bool = True) -> BrowserSignIn:
    declared = SignIn("{base_url}/authorize", "{base_url}/token", scope="orders stock", uses_pkce=uses_pkce)
    return BrowserSignIn(declared, Settings(base_url=url), session, VAULT)


def test_the_code_is_exchanged_with_the_verifier_of_the_challenge() -> None:
    with partner.serving(GIVEN) as place, http.Session("acme", place.url) as session:
        one = way(session, place.url)
        asked = parse_qs(urlsplit(one.address(state="st_1", redirect_uri=BACK)).query)
        other = parse_qs(urlsplit(one.address(state="st_2", redirect_uri=BACK)).query)
        scopes = one.exchange(code="c", state="st_1", redirect_uri=BACK, account={"shop": "x"})
        kept = session.tokens.get(lambda held: pytest.fail(f"asked again with {held}"))
    sent = dict(parse_qsl(place.seen[0].body.decode()))
    digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
    assert asked["code_challenge"] == [base64.urlsafe_b64encode(digest).rstrip(b"=").decode()]
    assert asked["code_challenge"] != other["code_challenge"]
    assert 43 <= len(sent["code_verifier"]) <= 128
    assert (sent["redirect_uri"], sent["client_secret"]) == (BACK, "app-secret")
    assert (scopes, kept.refresh_token, kept.extra) == ("orders", "rt", {"shop": "x"})


def test_a_vendor_without_pkce_gets_neither() -> None:
    with (
        partner.serving(partner.Answer(body=b'{"access_token":"at"}')) as place,
        http.Session("acme", place.url) as session,
    ):
        one = way(session, place.url, uses_pkce=False)
        assert "code_challenge" not in one.address(state="st_1", redirect_uri=BACK)
        assert one.exchange(code="c", state="st_1", redirect_uri=BACK, account={}) == "orders stock"
    assert b"code_verifier" not in place.seen[0].body


def test_a_refused_code_leaves_the_tokens_of_before() -> None:
    refusal = partner.Answer(400, b'{"error":"invalid_grant"}')
    with partner.serving(refusal) as place, http.Session("acme", place.url) as session:
        session.tokens.put(http.Token("old"))
        with pytest.raises(http.Rejected):
            way(session, place.url).exchange(code="c", state="st_1", redirect_uri=BACK, account={})
        assert session.tokens.get(lambda _held: pytest.fail("asked again")).access_token == "old"
