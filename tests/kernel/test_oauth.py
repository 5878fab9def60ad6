"""Grants: what each sends to a token endpoint, and how a signed request looks."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, quote, urlsplit

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jwt
from joserfc.jwk import import_key
from tests import clock
from tests.kernel import partner

from doorstep.kernel import errors, http
from doorstep.kernel.http import oauth

ANSWER = partner.Answer(body=b'{"access_token":"at","expires_in":3600,"token_type":"bearer"}')


@contextmanager
def endpoint(*, in_body: bool = False) -> Iterator[tuple[partner.Partner, oauth.Client]]:
    with partner.serving(ANSWER) as place, http.Session("acme", place.url) as session:
        yield place, oauth.Client(session, "/token", "app", "app-secret", in_body=in_body)


def sent(place: partner.Partner) -> dict[str, str]:
    return dict(parse_qsl(place.seen[-1].body.decode()))


def test_client_credentials_by_basic_authentication() -> None:
    with endpoint() as (place, client):
        token = oauth.client_credentials(client, scope="orders")(None)
    assert sent(place) == {"grant_type": "client_credentials", "scope": "orders"}
    assert place.seen[0].headers["authorization"] == "Basic " + base64.b64encode(b"app:app-secret").decode()
    assert token.access_token == "at"
    assert token.expires_at is not None
    assert token.is_good(token.expires_at - timedelta(seconds=61))
    assert not token.is_good(token.expires_at - timedelta(seconds=59))


def test_a_refresh_token_from_the_settings_is_used_until_the_vendor_gives_another() -> None:
    with endpoint(in_body=True) as (place, client):
        grant = oauth.refresh(client, refresh_token="Atzr|first")
        token = grant(None)
        assert sent(place) == {
            "grant_type": "refresh_token",
            "refresh_token": "Atzr|first",
            "client_id": "app",
            "client_secret": "app-secret",
        }
        grant(http.Token("", refresh_token="Atzr|second"))
    assert token.refresh_token == "Atzr|first"
    assert sent(place)["refresh_token"] == "Atzr|second"


def test_without_a_refresh_token_a_person_must_sign_in() -> None:
    with endpoint() as (_place, client), pytest.raises(http.AuthFailed, match="acme is not signed in"):
        oauth.refresh(client)(None)


def test_a_user_name_and_a_password() -> None:
    with endpoint() as (place, client):
        oauth.password(client, username="api@example.com", secret="pw")(None)
    assert sent(place) == {"grant_type": "password", "username": "api@example.com", "password": "pw"}


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256"])
def test_a_signed_assertion_of_the_application(algorithm: str) -> None:
    private = (
        ec.generate_private_key(ec.SECP256R1())
        if algorithm == "ES256"
        else rsa.generate_private_key(65537, 2048)
    )
    signer = oauth.Signer(pem(private), algorithm, key_id="cert-7")
    with endpoint() as (place, client):
        oauth.jwt_bearer(client, signer, {"iss": "app", "aud": "https://acme/token"}, as_client=True)(None)
    form = sent(place)
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    found = jwt.decode(
        form["client_assertion"],
        import_key(pem(private), "EC" if algorithm == "ES256" else "RSA"),
        algorithms=[algorithm],
    )
    assert (found.header["kid"], found.claims["iss"]) == ("cert-7", "app")
    assert found.claims["exp"] - found.claims["iat"] == 300


def test_a_signed_assertion_of_a_user() -> None:
    signer = oauth.Signer("k" * 32, "HS256")
    with endpoint() as (place, client):
        oauth.jwt_bearer(client, signer, {"sub": "user"})(None)
    assert sent(place)["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"


VERIFIER = "v" * 64


def test_a_person_signs_in_at_the_vendor() -> None:
    sign_in = oauth.SignIn(
        "https://acme.example/authorize?v=2",
        {"response_type": "code", "client_id": "app"},
        "orders stock",
        {"expiring": "1"},
    )
    back = "https://us.example/back?a=b"
    address = sign_in.address(state="s&1", redirect_uri=back, verifier=VERIFIER)
    with endpoint() as (place, client):
        token = sign_in.exchange(client, code="c", redirect_uri=back, verifier=VERIFIER)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
    assert parse_qs(urlsplit(address).query) == {
        "v": ["2"],
        "response_type": ["code"],
        "client_id": ["app"],
        "redirect_uri": [back],
        "state": ["s&1"],
        "scope": ["orders stock"],
        "code_challenge": [challenge],
        "code_challenge_method": ["S256"],
    }
    assert sent(place) == {
        "grant_type": "authorization_code",
        "code": "c",
        "redirect_uri": back,
        "code_verifier": VERIFIER,
        "expiring": "1",
    }
    assert token.access_token == "at"


def test_without_a_verifier_and_scope_neither_is_sent() -> None:
    sign_in = oauth.SignIn("https://acme.example/authorize")
    asked = parse_qs(urlsplit(sign_in.address(state="s", redirect_uri="https://us", verifier="")).query)
    assert asked == {"state": ["s"], "redirect_uri": ["https://us"]}
    with endpoint() as (place, client):
        sign_in.exchange(client, code="c", redirect_uri="https://us", verifier="")
    assert "code_verifier" not in sent(place)


@pytest.mark.parametrize("page", ["javascript:alert(1)", "data:text/html,x", "//evil.example", ""])
def test_what_is_no_web_page_is_no_place_to_sign_in(page: str) -> None:
    with pytest.raises(errors.Invalid, match="is not a web address"):
        oauth.SignIn(page).address(state="s", redirect_uri="https://us", verifier="")


def test_an_application_at_another_host_of_the_connection() -> None:
    with partner.serving(ANSWER) as place, http.Session("acme", "http://127.0.0.1:9") as session:
        client = oauth.client_at(session, f"{place.url}/o/token", "app", "app-secret")
        token = oauth.client_credentials(client)(None)
    assert place.seen[0].path == "/o/token"
    assert sent(place)["client_secret"] == "app-secret"
    assert token.access_token == "at"


def test_a_refreshed_token_keeps_what_its_answer_does_not_repeat() -> None:
    ends_at = clock.NOON
    held = http.Token("old", None, "r1", {"shop": "x"}, "orders", ends_at)
    with endpoint() as (_place, client):
        kept = oauth.refresh(client)(held)
    assert (kept.refresh_token, kept.extra, kept.scope) == ("r1", {"shop": "x"}, "orders")
    assert kept.refresh_ends_at == ends_at
    answer = b'{"access_token":"at","refresh_token":"r2","scope":"stock"}'
    with partner.serving(partner.Answer(body=answer)) as place, http.Session("acme", place.url) as session:
        fresh = oauth.refresh(oauth.Client(session, "/token", "app", "s"))(held)
    assert (fresh.refresh_token, fresh.scope, fresh.refresh_ends_at) == ("r2", "stock", None)


def test_oauth_1_signs_each_request_with_hmac_sha256() -> None:
    """Recomputed by the rules of RFC 5849, 3.4, from the header that was sent."""
    sign = oauth.oauth1(
        consumer_key="ck", consumer_secret="cs", token="tk", token_secret="ts", realm="1234567_SB1"
    )
    request = httpx.Request("GET", "https://1234567.suitetalk.example/record/v1/order?limit=5&q=a%20b")
    sign(request)
    header = request.headers["authorization"]
    fields = {
        name.strip(): value.strip('"')
        for name, _, value in (part.partition("=") for part in header.removeprefix("OAuth ").split(","))
    }
    assert (fields["realm"], fields["oauth_signature_method"]) == ("1234567_SB1", "HMAC-SHA256")
    from_header = [
        (name, value) for name, value in fields.items() if name not in {"realm", "oauth_signature"}
    ]
    pairs = sorted([*from_header, ("limit", "5"), ("q", "a%20b")])
    normalized = "&".join(f"{name}={value}" for name, value in pairs)
    base = "&".join(
        (
            "GET",
            quote("https://1234567.suitetalk.example/record/v1/order", safe=""),
            quote(normalized, safe=""),
        )
    )
    expected = base64.b64encode(_hmac(b"cs&ts", base.encode())).decode()
    assert quote(expected, safe="") == fields["oauth_signature"]


def _hmac(key: bytes, text: bytes) -> bytes:
    """HMAC by its definition (RFC 2104), so that the test does not use what it tests."""
    padded = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(each ^ 0x36 for each in padded) + text).digest()
    return hashlib.sha256(bytes(each ^ 0x5C for each in padded) + inner).digest()
