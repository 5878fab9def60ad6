"""Installation of an app: the page on which a merchant gives consent, and the token endpoint with tokens that end."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import secrets
from collections.abc import Callable
from urllib.parse import parse_qs, urlencode

from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from doorstep_sandbox.frame import clock
from doorstep_sandbox.frame.calls import Call, VendorError
from doorstep_sandbox.frame.wire import Json

AUTHORIZE, CONFIRM, TOKEN = "/admin/oauth/authorize", "/admin/oauth/confirm", "/admin/oauth/access_token"
PATHS = {AUTHORIZE, CONFIRM, TOKEN}
CODE_SECONDS = 600
TOKEN_SECONDS = 3600
REFRESH_SECONDS = 90 * 24 * 3600
KEPT_SECONDS = 30 * 24 * 3600  # a used refresh token counts until its replacement is used, at most this long
_PAGE = """<!doctype html><title>Install app</title><h1>Install this app?</h1><p>It may: {scope}</p>
<form method="post" action="{action}">{hidden}<button name="answer" value="install">Install</button>
<button name="answer" value="cancel">Cancel</button></form>"""


class SignIn:
    """The app of one shop. `settings` and `state` are the partner's."""

    def __init__(self, settings: Json, state: Callable[[], Json]) -> None:
        self.settings = settings
        self.state = state

    def authorize(self, call: Call) -> Response:
        """GET /admin/oauth/authorize: a page that installs the app."""
        asked = {name: call.query.get(name, "") for name in ("client_id", "scope", "redirect_uri", "state")}
        if asked["client_id"] != self.settings["client_id"]:
            return _page_error("Could not find Shopify API application with client_id")
        allowed = self.settings.get("redirect_uri") or asked["redirect_uri"]
        if not asked["redirect_uri"] or asked["redirect_uri"] != allowed:
            return _page_error("The redirect_uri is not whitelisted")
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{html.escape(value)}">'
            for name, value in asked.items()
        )
        page = _PAGE.format(scope=html.escape(asked["scope"]), action=CONFIRM, hidden=hidden)
        return HTMLResponse(page)

    def confirm(self, call: Call) -> Response:
        """POST /admin/oauth/confirm: back to the app with a code, or with the refusal; signed."""
        form = _form(call)
        answer = {"shop": str(self.settings["shop_domain"]), "state": form.get("state", "")}
        if form.get("answer") == "cancel":
            answer |= {
                "error": "access_denied",
                "error_description": "The merchant canceled the installation",
            }
        else:
            code = secrets.token_hex(16)
            self.state()["codes"][code] = {
                "ends_at": clock.epoch() + CODE_SECONDS,
                "scope": form.get("scope", ""),
            }
            answer["code"] = code
        admin = f"admin.shopify.com/store/{answer['shop'].partition('.')[0]}"
        answer["host"] = base64.b64encode(admin.encode()).decode().rstrip("=")
        answer["timestamp"] = str(clock.epoch())
        answer["hmac"] = self.signature(answer)
        address = form["redirect_uri"]
        return RedirectResponse(f"{address}{'&' if '?' in address else '?'}{urlencode(answer)}", 302)

    def signature(self, query: Json) -> str:
        """Hexadecimal HMAC-SHA256 over the sorted parameters."""
        text = urlencode(sorted((name, value) for name, value in query.items() if name != "hmac"))
        secret = str(self.settings["client_secret"]).encode()
        return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()

    def token(self, call: Call) -> Response:
        """POST /admin/oauth/access_token, as a form or as JSON."""
        form = _form(call)
        known = (self.settings["client_id"], self.settings["client_secret"])
        if (form.get("client_id"), form.get("client_secret")) != known:
            raise _error("invalid_client", "Client authentication failed", 401)
        if form.get("grant_type", "authorization_code") == "authorization_code":
            return JSONResponse(self._by_code(form))
        if form["grant_type"] == "refresh_token":
            return JSONResponse(self._by_refresh_token(form))
        raise _error("unsupported_grant_type", "The grant type is not supported")

    def may(self, token: str) -> bool:
        """Whether an access token of an installation is good."""
        ends_at = self.state()["access_tokens"].get(token, 0)
        return ends_at is None or ends_at > clock.epoch()

    def expire(self, _body: Json) -> Json:
        """Control verb: every access token of an installation has expired."""
        tokens = self.state()["access_tokens"]
        tokens.update(dict.fromkeys(tokens, 0))
        return {"expired": len(tokens)}

    def uninstall(self, _body: Json) -> Json:
        """Control verb: the merchant uninstalls the app; its tokens end."""
        state = self.state()
        state["access_tokens"].clear()
        state["refresh_tokens"].clear()
        return {"uninstalled": True}

    def _by_code(self, form: Json) -> Json:
        found = self.state()["codes"].pop(form.get("code", ""), None)
        if found is None or found["ends_at"] <= clock.epoch():
            raise _error("invalid_request", "The authorization code was not found or was already used")
        if form.get("expiring") == "1":
            return self._expiring(found["scope"])
        token = f"shpat_{secrets.token_hex(16)}"
        self.state()["access_tokens"][token] = None
        return {"access_token": token, "scope": found["scope"]}

    def _by_refresh_token(self, form: Json) -> Json:
        tokens, name, now = self.state()["refresh_tokens"], form.get("refresh_token", ""), clock.epoch()
        held = tokens.get(name)
        if held is None or held["ends_at"] <= now:
            raise _error("invalid_grant", "The refresh token is invalid, expired or revoked")
        tokens.pop(held.get("replaces", ""), None)
        held["ends_at"] = min(held["ends_at"], held.setdefault("used_at", now) + KEPT_SECONDS)
        return self._expiring(held["scope"], replaces=name)

    def _expiring(self, scope: str, replaces: str = "") -> Json:
        state, now = self.state(), clock.epoch()
        seconds = int(self.settings.get("token_seconds", TOKEN_SECONDS))
        access, refresh = f"shpat_{secrets.token_hex(16)}", f"shprt_{secrets.token_hex(16)}"
        state["access_tokens"][access] = now + seconds
        state["refresh_tokens"][refresh] = {
            "ends_at": now + REFRESH_SECONDS,
            "scope": scope,
            "replaces": replaces,
        }
        return {
            "access_token": access,
            "scope": scope,
            "expires_in": seconds,
            "refresh_token": refresh,
            "refresh_token_expires_in": REFRESH_SECONDS,
        }


def _form(call: Call) -> Json:
    if "json" in call.headers.get("content-type", ""):
        return {name: str(value) for name, value in call.json().items()}
    return {name: values[0] for name, values in parse_qs(call.body.decode("utf-8", "replace")).items()}


def _error(error: str, description: str, status: int = 400) -> VendorError:
    return VendorError(JSONResponse({"error": error, "error_description": description}, status))


def _page_error(reason: str) -> Response:
    return HTMLResponse(f"<h1>Oauth error invalid_request: {html.escape(reason)}</h1>", 400)
