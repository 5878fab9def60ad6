"""Grants: the calls that fetch an access token, one small function for each way that vendors use (RFC 6749, 7523, 5849)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

import httpx
import msgspec
from authlib.common.urls import add_params_to_uri
from authlib.oauth1.rfc5849.client_auth import ClientAuth
from authlib.oauth1.rfc5849.signature import generate_signature_base_string
from authlib.oauth1.rfc5849.util import escape
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import import_key

from doorstep.kernel import errors
from doorstep.kernel.http import decoding
from doorstep.kernel.http.call import Authorize, basic
from doorstep.kernel.http.responses import AuthFailed
from doorstep.kernel.http.session import Session
from doorstep.kernel.http.tokens import Grant, Token

_ASSERTION_SECONDS = 300
_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_CLIENT_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class TokenAnswer(msgspec.Struct, kw_only=True):
    """What a token endpoint answers (RFC 6749, 5.1), and when the refresh token ends, where the vendor says so."""

    access_token: str
    expires_in: float | str | None = None
    refresh_token: str = ""
    refresh_token_expires_in: float | str | None = None
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Client:
    """An application at a token endpoint. `in_body`: the endpoint takes id and secret in the form, not as Basic."""

    session: Session
    path: str
    client_id: str
    client_secret: str
    in_body: bool = False
    extra: tuple[tuple[str, str], ...] = ()

    def ask(self, form: Mapping[str, str], *, kept_refresh_token: str = "") -> Token:
        """Ask for a token. A vendor that rotates refresh tokens sends a new one; else the old one stays good."""
        sent = {**form, **dict(self.extra)}
        headers: dict[str, str] = {}
        if self.in_body:
            sent |= {"client_id": self.client_id, "client_secret": self.client_secret}
        elif self.client_secret:
            basic(self.client_id, self.client_secret)(probe := httpx.Request("POST", "http://unused"))
            headers["Authorization"] = probe.headers["Authorization"]
        response = self.session.send("POST", self.path, form=sent, headers=headers, reads=True)
        answer = decoding.shaped(response, TokenAnswer)
        return token_of(answer, kept_refresh_token)


def client_at(session: Session, token_url: str, client_id: str, client_secret: str) -> Client:
    """The application at a token endpoint of the same connection that takes id and secret in the form."""
    parts = urlsplit(token_url)
    return Client(
        session.to(f"{parts.scheme}://{parts.netloc}"), parts.path, client_id, client_secret, in_body=True
    )


def token_of(answer: TokenAnswer, kept_refresh_token: str = "") -> Token:
    """The token in an answer; the time in which it was under way is not counted on."""
    return Token(
        answer.access_token,
        _moment(answer.expires_in),
        answer.refresh_token or kept_refresh_token,
        scope=answer.scope,
        refresh_ends_at=_moment(answer.refresh_token_expires_in),
    )


def _moment(seconds: float | str | None) -> datetime | None:
    return datetime.now(UTC) + timedelta(seconds=float(seconds)) if seconds else None


def client_credentials(client: Client, *, scope: str = "") -> Grant:
    """The application signs in for itself."""

    def grant(_held: Token | None) -> Token:
        return client.ask({"grant_type": "client_credentials"} | ({"scope": scope} if scope else {}))

    return grant


def refresh(client: Client, *, refresh_token: str = "") -> Grant:
    """Use the stored refresh token, or at first the one from the settings (Login with Amazon gives it to the seller).

    Raises AuthFailed where there is none: a person must sign in at the vendor.
    """

    def grant(held: Token | None) -> Token:
        current = held.refresh_token if held and held.refresh_token else refresh_token
        if not current:
            raise AuthFailed(f"{client.session.name} is not signed in at the vendor yet.")
        fresh = client.ask(
            {"grant_type": "refresh_token", "refresh_token": current}, kept_refresh_token=current
        )
        return _followed(held, fresh) if held else fresh

    return grant


def _followed(held: Token, fresh: Token) -> Token:
    """A refreshed token, with what its answer does not repeat: account, scope, and the end of a kept refresh token."""
    is_kept = fresh.refresh_token == held.refresh_token
    return replace(
        fresh,
        extra=held.extra,
        scope=fresh.scope or held.scope,
        refresh_ends_at=fresh.refresh_ends_at or (held.refresh_ends_at if is_kept else None),
    )


def password(client: Client, *, username: str, secret: str) -> Grant:
    """Sign in with a user's name and password."""

    def grant(_held: Token | None) -> Token:
        return client.ask({"grant_type": "password", "username": username, "password": secret})

    return grant


@dataclass(frozen=True, slots=True)
class Signer:
    """A key that signs assertions: PEM for RS256, PS256, ES256; the secret itself for HS256."""

    key: str
    algorithm: str
    key_id: str = ""

    def sign(self, claims: Mapping[str, object]) -> str:
        """A JSON web token with these claims, valid for five minutes."""
        now = int(datetime.now(UTC).timestamp())
        whole = {"iat": now, "exp": now + _ASSERTION_SECONDS, "jti": str(uuid.uuid4()), **claims}
        header = {"alg": self.algorithm, "typ": "JWT"} | ({"kid": self.key_id} if self.key_id else {})
        kinds: dict[str, Literal["RSA", "EC", "oct"]] = {"RS": "RSA", "PS": "RSA", "ES": "EC", "HS": "oct"}
        key = import_key(self.key, kinds[self.algorithm[:2]])
        return jwt.encode(header, whole, key, algorithms=[self.algorithm])


def jwt_bearer(
    client: Client, signer: Signer, claims: Mapping[str, object], *, as_client: bool = False
) -> Grant:
    """Sign in with a signed assertion: of a user (RFC 7523, 2.1), or `as_client` of the application (2.2)."""

    def grant(_held: Token | None) -> Token:
        assertion = signer.sign(claims)
        if as_client:
            return client.ask(
                {
                    "grant_type": "client_credentials",
                    "client_assertion_type": _CLIENT_ASSERTION,
                    "client_assertion": assertion,
                }
            )
        return client.ask({"grant_type": _JWT_BEARER, "assertion": assertion})

    return grant


@dataclass(frozen=True, slots=True)
class SignIn:
    """A person signs in at the vendor in the browser (authorization code, RFC 6749, 4.1; PKCE, RFC 7636).

    `parameters` go to the vendor's page beside redirect_uri, state, scope and the challenge; `with_code` to the token
    endpoint beside the code. A verifier that is empty leaves PKCE out.
    """

    authorize_url: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    scope: str = ""
    with_code: Mapping[str, str] = field(default_factory=dict)

    def address(self, *, state: str, redirect_uri: str, verifier: str) -> str:
        """Where the browser goes. Raises Invalid for an address that is no web page."""
        parts = urlsplit(self.authorize_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise errors.Invalid(f"{self.authorize_url} is not a web address: nobody can sign in there.")
        asked = [*self.parameters.items(), ("redirect_uri", redirect_uri), ("state", state)]
        if self.scope:
            asked.append(("scope", self.scope))
        if verifier:
            asked += [
                ("code_challenge", create_s256_code_challenge(verifier)),  # type: ignore[no-untyped-call]  # Authlib has no types
                ("code_challenge_method", "S256"),
            ]
        return add_params_to_uri(self.authorize_url, asked)

    def exchange(self, client: Client, *, code: str, redirect_uri: str, verifier: str) -> Token:
        """The token for the code with which the browser came back."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        return client.ask(form | ({"code_verifier": verifier} if verifier else {}) | dict(self.with_code))


def oauth1(
    *, consumer_key: str, consumer_secret: str, token: str, token_secret: str, realm: str = ""
) -> Authorize:
    """Sign each request with OAuth 1.0a and HMAC-SHA256 (NetSuite's token-based authentication)."""
    auth = ClientAuth(
        consumer_key,
        consumer_secret,
        token=token,
        token_secret=token_secret,
        realm=realm or None,
        signature_method="HMAC-SHA256",
    )

    def authorize(request: httpx.Request) -> None:
        is_form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        body = request.content.decode() if is_form else ""
        _, headers, _ = auth.prepare(request.method, str(request.url), dict(request.headers), body)
        request.headers["Authorization"] = headers["Authorization"]

    return authorize


def _sign_hmac_sha256(client: ClientAuth, request: object) -> str:
    text = generate_signature_base_string(request)
    key = f"{escape(client.client_secret or '')}&{escape(client.token_secret or '')}"
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), hashlib.sha256)).decode()


ClientAuth.register_signature_method("HMAC-SHA256", _sign_hmac_sha256)
