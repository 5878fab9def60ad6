"""Login with Amazon: the token endpoint, access tokens that end, and the page on which a seller gives consent."""

from __future__ import annotations

import html
import secrets
from collections.abc import Callable
from urllib.parse import parse_qs, urlencode

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from doorstep_sandbox.amazon import errors
from doorstep_sandbox.frame import clock
from doorstep_sandbox.frame.calls import Call
from doorstep_sandbox.frame.wire import Json

SCOPES = ("sellingpartnerapi::notifications", "sellingpartnerapi::client_credential:rotation")
CODE_SECONDS = 300
TOKEN_SECONDS = 3600
SELLER = "seller"


class SignIn:
    """Tokens of one application and one seller. `settings` and `state` are the partner's."""

    def __init__(self, settings: Json, state: Callable[[], Json]) -> None:
        self.settings = settings
        self.state = state

    def token(self, call: Call) -> Response:
        """POST /auth/o2/token"""
        form = {name: values[0] for name, values in parse_qs(call.body.decode("utf-8", "replace")).items()}
        grants: dict[str, Callable[[Json], Json]] = {
            "refresh_token": self._refresh,
            "client_credentials": self._client_credentials,
            "authorization_code": self._code,
        }
        grant = grants.get(form.get("grant_type", ""))
        if "grant_type" not in form:
            raise errors.sign_in("invalid_request", "The request is missing a required parameter: grant_type")
        if grant is None:
            message = "The authorization grant type is not supported by the authorization server"
            raise errors.sign_in("unsupported_grant_type", message)
        self._check_client(form)
        answer = {**grant(form), "token_type": "bearer", "expires_in": self.token_seconds}
        return JSONResponse(answer, headers={"Cache-Control": "no-store", "Pragma": "no-cache"})

    @property
    def token_seconds(self) -> int:
        return int(self.settings.get("token_seconds", TOKEN_SECONDS))

    def consent(self, call: Call) -> Response:
        """GET /apps/authorize/consent: a page with one button. It sends the seller back with a code."""
        if call.query.get("application_id") != self.settings["application_id"]:
            return HTMLResponse("<h1>MD1000</h1><p>The application ID is invalid.</p>", 400)
        if self.settings.get("is_draft") and call.query.get("version") != "beta":
            return HTMLResponse("<h1>MD1000</h1><p>The application is not published.</p>", 400)
        fields = {name: call.query.get(name, "") for name in ("redirect_uri", "state")}
        registered = self.settings.get("redirect_uri", "")
        if not (fields["redirect_uri"] or registered):
            return HTMLResponse("<h1>MD5101</h1><p>The application has no redirect address.</p>", 400)
        if fields["redirect_uri"] and registered and fields["redirect_uri"] != registered:
            return HTMLResponse("<h1>MD5101</h1><p>The redirect address is not registered.</p>", 400)
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{html.escape(value)}">'
            for name, value in fields.items()
        )
        return HTMLResponse(
            "<!doctype html><title>Authorize</title><h1>Authorize this application?</h1>"
            f'<form method="post" action="/apps/authorize/confirm">{hidden}<button>Confirm</button></form>'
        )

    def confirm(self, call: Call) -> Response:
        """POST /apps/authorize/confirm: back to the application with spapi_oauth_code, state, selling_partner_id."""
        form = {name: values[0] for name, values in parse_qs(call.body.decode()).items()}
        address = form.get("redirect_uri") or str(self.settings["redirect_uri"])
        code = "RH" + secrets.token_hex(9)
        self.state()["codes"][code] = clock.epoch() + CODE_SECONDS
        query = {
            "state": form.get("state", ""),
            "selling_partner_id": self.settings["seller_id"],
            "spapi_oauth_code": code,
        }
        joint = "&" if "?" in address else "?"
        return RedirectResponse(f"{address}{joint}{urlencode(query)}", 302)

    def problem(self, token: str, *, scope: str) -> str:
        """Why a call with this token is denied; empty if it is not. `scope` is SELLER or one of SCOPES."""
        if not token:
            return "Access token is missing in the request header."
        held: Json | None = self.state()["tokens"].get(token)
        if held is None or scope not in held["scopes"]:
            return "The access token you provided is revoked, malformed or invalid."
        if held["expires_at"] <= clock.epoch():
            return "The access token you provided has expired."
        return ""

    def expire(self, _body: Json) -> Json:
        """Control verb: every access token has expired."""
        tokens = self.state()["tokens"]
        for held in tokens.values():
            held["expires_at"] = 0
        return {"expired": len(tokens)}

    def forget(self, _body: Json) -> Json:
        """Control verb: access tokens are no longer known; the consent stays."""
        known = len(self.state()["tokens"])
        self.state()["tokens"].clear()
        return {"forgotten": known}

    def revoke(self, _body: Json) -> Json:
        """Control verb: the seller takes back the consent; refresh tokens and access tokens end."""
        state = self.state()
        state["revoked"] = [*state["revoked"], *self._refresh_tokens()]
        state["tokens"].clear()
        return {"revoked": len(state["revoked"])}

    def issue(self, prefix: str, scopes: list[str], seconds: int, **more: object) -> str:
        token = prefix + secrets.token_urlsafe(32)
        self.state()["tokens"][token] = {"scopes": scopes, "expires_at": clock.epoch() + seconds, **more}
        return token

    def _refresh_tokens(self) -> list[str]:
        state = self.state()
        known = [str(self.settings["refresh_token"]), *state["refresh_tokens"]]
        return [token for token in known if token not in state["revoked"]]

    def _check_client(self, form: Json) -> None:
        if form.get("client_id") != self.settings["client_id"]:
            raise errors.sign_in("unauthorized_client", "Not authorized for requested operation")
        if form.get("client_secret") != self.settings["client_secret"]:
            raise errors.sign_in("invalid_client", "Client authentication failed", 401)

    def _refresh(self, form: Json) -> Json:
        token = form.get("refresh_token", "")
        if token not in self._refresh_tokens():
            message = "The request has an invalid grant parameter : refresh_token. User may have revoked or didn't grant the permission."
            raise errors.sign_in("invalid_grant", message)
        return {"access_token": self.issue("Atza|", [SELLER], self.token_seconds), "refresh_token": token}

    def _client_credentials(self, form: Json) -> Json:
        scopes = str(form.get("scope", "")).split()
        if not scopes or set(scopes) - set(SCOPES):
            raise errors.sign_in("invalid_scope", "The request has an invalid parameter : scope")
        token = self.issue("Atc|", scopes, self.token_seconds)
        return {"access_token": token, "scope": " ".join(scopes)}

    def _code(self, form: Json) -> Json:
        ends_at = self.state()["codes"].pop(form.get("code", ""), 0)
        if ends_at <= clock.epoch():
            raise errors.sign_in("invalid_grant", "The request has an invalid grant parameter : code")
        fresh = "Atzr|" + secrets.token_urlsafe(32)
        self.state()["refresh_tokens"].append(fresh)
        return {"access_token": self.issue("Atza|", [SELLER], self.token_seconds), "refresh_token": fresh}
