"""The sign-in that a connector declares, with the settings and the session of one connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pydantic

from doorstep.domain.connections.model import SignIn
from doorstep.kernel import http
from doorstep.kernel.http import oauth
from doorstep.kernel.secrets import Vault


@dataclass(frozen=True, slots=True)
class BrowserSignIn:
    """Satisfies connections.ports.BrowserSignIn."""

    declared: SignIn
    settings: pydantic.BaseModel
    session: http.Session
    vault: Vault

    def address(self, *, state: str, redirect_uri: str) -> str:
        """See the port."""
        return self._at_vendor.address(state=state, redirect_uri=redirect_uri, verifier=self._verifier(state))

    def exchange(self, *, code: str, state: str, redirect_uri: str, account: Mapping[str, str]) -> str:
        """See the port."""
        client = oauth.client_at(self.session, *self.declared.endpoint(self.settings))
        with client.session:
            token = self._at_vendor.exchange(
                client, code=code, redirect_uri=redirect_uri, verifier=self._verifier(state)
            )
        self.session.tokens.put(replace(token, extra=dict(account)))
        return token.scope or self.declared.scope

    @property
    def _at_vendor(self) -> oauth.SignIn:
        page, parameters = self.declared.page(self.settings)
        return oauth.SignIn(page, parameters, self.declared.scope, self.declared.with_code)

    def _verifier(self, state: str) -> str:
        """The PKCE verifier belongs to the state and is known to this installation only, so it need not be stored."""
        return self.vault.sign(f"sign-in verifier {state}") if self.declared.uses_pkce else ""
