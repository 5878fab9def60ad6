"""What connectors declare about signing in: addresses from settings, accounts that must be the same, what is missing."""

from __future__ import annotations

import pydantic
import pytest

from doorstep.bootstrap.discover import discover
from doorstep.domain.connections.model import OtherAccount, SignIn, SignInState, Standing


class Settings(pydantic.BaseModel):
    """The settings of a made-up vendor."""

    base_url: str = "https://acme.example"
    client_id: str = "app"
    client_secret: pydantic.SecretStr = pydantic.SecretStr("s")
    tenant: str = ""
    seller: str = ""

    @property
    def version(self) -> str:
        return "beta" if self.tenant == "draft" else ""


STANDARD = SignIn("{base_url}/authorize", "{base_url}/token")
OWN = SignIn(
    "{base_url}/consent",
    "{base_url}/token",
    needs=("tenant",),
    parameters={"app": "{client_id}", "version": "{version}"},
    account={"seller": "seller", "shop": ""},
)


def test_the_vendors_page_gets_what_the_connector_declares_without_blanks() -> None:
    assert STANDARD.page(Settings()) == (
        "https://acme.example/authorize",
        {"response_type": "code", "client_id": "app"},
    )
    assert OWN.page(Settings()) == ("https://acme.example/consent", {"app": "app"})
    assert OWN.page(Settings(tenant="draft"))[1] == {"app": "app", "version": "beta"}
    assert OWN.endpoint(Settings()) == ("https://acme.example/token", "app", "s")


def test_what_must_be_set_first_is_named() -> None:
    assert STANDARD.missing(Settings()) == []
    assert OWN.missing(Settings(client_id=" ", client_secret=pydantic.SecretStr(""))) == [
        "client_id",
        "client_secret",
        "tenant",
    ]


def test_the_account_is_the_one_of_the_settings_or_fills_them_in() -> None:
    brought = {"seller": "A1", "shop": "x", "code": "c"}
    assert OWN.brought(Settings(), brought) == {"seller": "A1", "shop": "x"}
    assert OWN.brought(Settings(seller="A1"), brought) == {"seller": "A1", "shop": "x"}
    assert OWN.settled(Settings(), {"seller": "A1", "shop": "x"}) == {"seller": "A1"}
    assert OWN.settled(Settings(seller="A1"), {"seller": "A1", "shop": "x"}) == {}
    assert STANDARD.brought(Settings(), brought) == {}


@pytest.mark.parametrize(
    "brought", [{"seller": "A2", "shop": "x"}, {"shop": "x"}, {"seller": "A1", "shop": ""}]
)
def test_another_account_or_none_is_refused(brought: dict[str, str]) -> None:
    with pytest.raises(OtherAccount):
        OWN.brought(Settings(seller="A1"), brought)


@pytest.mark.parametrize(
    ("standing", "needs_person"),
    [(Standing.CONNECTED, False), (Standing.SETTINGS, False), (Standing.NEVER, True), (Standing.ENDED, True)],
)
def test_somebody_must_connect_where_nothing_signs_the_calls(standing: Standing, needs_person: bool) -> None:
    assert SignInState(standing).needs_person is needs_person


def test_every_connector_names_settings_that_it_has() -> None:
    declared = {each.id: each for each in discover().values() if each.sign_in is not None}
    assert {"amazon", "shopify"} <= declared.keys()
    for connector in declared.values():
        way, fields = connector.sign_in, connector.settings.model_fields  # type: ignore[attr-defined]  # pydantic
        assert way is not None
        named = {*way.settings(), *filter(None, way.account.values()), *filter(None, [way.instead])}
        assert named <= fields.keys(), connector.id
