"""Secrets that webhooks are verified with: weak ones are refused when put, and never verified with."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
from pathlib import Path

import httpx
import pytest
from prometheus_client import REGISTRY
from tests.builders import Retailer, environment
from tests.contracts import stage
from tests.delivery.test_api import client
from tests.delivery.test_hooks import post
from typer.testing import CliRunner

from doorstep import processes
from doorstep.bootstrap import connection_settings
from doorstep.delivery.cli import create
from doorstep.domain.connections import actions
from doorstep.domain.connections.model import Connector, Kind, Mode
from doorstep.domain.identity.model import Role
from doorstep.kernel import errors

STRONG = "0123456789abcdef"
RECEIVERS = [each for each in stage.found() if "inbound" in each.features]


def settings_of(connector: Connector, secret: str) -> dict[str, object]:
    """Whatever the connector requires, with this verifying secret."""
    fields = connection_settings.model_of(connector).model_fields
    plain: dict[str, object] = {
        name: "https://partner.example" for name in fields if fields[name].is_required()
    }
    return plain | {name: secret for name, field in fields.items() if connection_settings.verifies(field)}


def put(retailer: Retailer, connector: Connector, settings: dict[str, object]) -> None:
    registry = retailer.app.registry
    retailer.write(
        lambda tx: registry.configure(
            tx, key="door", connector=connector, name="Door", settings=settings, mode=Mode.LIVE
        )
    )
    registry._looked_at = 0.0


@pytest.mark.parametrize("connector", RECEIVERS, ids=lambda each: f"{each.kind.value}-{each.id}")
@pytest.mark.parametrize("secret", ["", " " * 20, "short", STRONG[:15], "  a secret  " + " " * 9])
def test_a_weak_secret_is_refused_when_put(retailer: Retailer, connector: Connector, secret: str) -> None:
    fields = connection_settings.model_of(connector).model_fields
    verifying = [name for name, field in fields.items() if connection_settings.verifies(field)]
    with pytest.raises(errors.Invalid) as caught:
        put(retailer, connector, settings_of(connector, secret))
    assert verifying
    assert [
        name for name in verifying if f"Set {name} (at least 16 characters)." not in str(caught.value)
    ] == []


@pytest.mark.parametrize("connector", RECEIVERS, ids=lambda each: f"{each.kind.value}-{each.id}")
def test_a_strong_secret_is_accepted_whatever_the_user_name_is(
    retailer: Retailer, connector: Connector
) -> None:
    short = {"webhook_username": "us"} if connector.id == "shiphawk" else {}
    put(retailer, connector, settings_of(connector, STRONG) | short)
    assert retailer.app.registry.by_key("door").connector_id == connector.id


def test_spaces_around_a_secret_are_a_mistake_of_pasting(retailer: Retailer) -> None:
    direct = retailer.app.registry.connector(Kind.CHANNELS, "direct")
    with pytest.raises(errors.Invalid, match=r"Remove the spaces around webhook_secret\."):
        put(retailer, direct, {"webhook_secret": f"{STRONG} "})


def test_a_blank_user_name_is_a_missing_one(retailer: Retailer) -> None:
    hawk = retailer.app.registry.connector(Kind.CARRIERS, "shiphawk")
    with pytest.raises(errors.Invalid, match=r"Set webhook_username\."):
        put(retailer, hawk, settings_of(hawk, STRONG) | {"webhook_username": " "})


def store_weak(retailer: Retailer, connector_id: str, kind: Kind, secret: str) -> None:
    """A connection as an older version has put it."""
    connector = retailer.app.registry.connector(kind, connector_id)
    settings = settings_of(connector, secret) | (
        {"webhook_username": ""} if connector_id == "shiphawk" else {}
    )
    row = actions.ConnectionRow(
        0, "old", kind.value, connector_id, "Old", "live", {}, retailer.app.vault.seal(settings), retailer.app.clock.now()
    )  # fmt: skip
    retailer.write(lambda tx: actions.configure(tx, row=row))
    retailer.app.registry._looked_at = 0.0


def forged(body: bytes) -> dict[str, str]:
    """Headers that an empty secret makes right, for every connector."""
    code = hmac.new(b"", body, hashlib.sha256)
    return {
        "x-doorstep-signature": code.hexdigest(),
        "x-shopify-hmac-sha256": base64.b64encode(code.digest()).decode(),
        "x-razorpay-signature": code.hexdigest(),
        "x-signature": code.hexdigest(),
        "x-api-key": "",
        "authorization": f"Basic {base64.b64encode(b':').decode()}",
    }


@pytest.mark.parametrize("connector", RECEIVERS, ids=lambda each: f"{each.kind.value}-{each.id}")
def test_a_stored_weak_secret_is_never_verified_with(retailer: Retailer, connector: Connector) -> None:
    store_weak(retailer, connector.id, connector.kind, "")

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(processes.web(retailer.app))
        async with httpx.AsyncClient(transport=transport, base_url="http://doorstep") as client:
            return await client.post("/hooks/old", content=b"{}", headers=forged(b"{}"))

    labels = {"connection": "old", "outcome": "weak_secret"}
    before = REGISTRY.get_sample_value("doorstep_webhooks_total", labels) or 0.0
    answer = asyncio.run(send())
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "600")
    assert answer.json()["title"] == "This connection cannot verify webhooks."
    assert REGISTRY.get_sample_value("doorstep_webhooks_total", labels) == before + 1
    assert retailer.read(lambda tx: tx.value(int, "SELECT count(*) FROM inbox")) == 0


@pytest.fixture
def command(retailer: Retailer, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    for name, value in environment(retailer.app).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "250")
    return CliRunner()


def test_doctor_names_what_is_weak(
    retailer: Retailer, command: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_weak(retailer, "direct", Kind.CHANNELS, "short")
    registry = retailer.app.registry
    hawk = registry.connector(Kind.CARRIERS, "shiphawk")
    put(retailer, hawk, settings_of(hawk, STRONG) | {"base_url": "http://partner.example"})
    monkeypatch.setenv("DOORSTEP_ENVIRONMENT", "production")
    monkeypatch.delenv("DOORSTEP_CLOCK_FILE")
    done = command.invoke(create(), ["doctor"])
    said = " ".join(done.output.split())
    assert done.exit_code == 1
    assert "fail old.webhook_secret Set webhook_secret (at least 16 characters). Its webhooks are" in said
    assert "look door.base_url http://partner.example is not encrypted" in said
    assert re.search(r"look public_url \S+ default Partners cannot reach this address", said)


def test_doctor_is_content_with_strong_secrets(command: CliRunner) -> None:
    done = command.invoke(create(), ["doctor"])
    assert "Every connection can be opened, and its secrets are strong." in done.output


TYPO = """
[typo]
kind = "channels"
connector = "direct"
{entry} = "Typo"
[typo.settings]
webhook_secret = "0123456789abcdef"
{setting} = "x"
"""


@pytest.mark.parametrize(
    ("entry", "setting", "words"),
    [
        ("name", "webhook_secrte", "webhook_secrte is not a setting. Did you mean webhook_secret?"),
        ("name", "zzz", "zzz is not a setting. The settings are webhook_secret."),
        ("naem", "webhook_secret2", "in [typo] naem is not a setting. Did you mean name?"),
    ],
)
def test_an_unknown_setting_is_named(
    command: CliRunner, tmp_path: Path, entry: str, setting: str, words: str
) -> None:
    file = tmp_path / "typo.toml"
    file.write_text(TYPO.format(entry=entry, setting=setting))
    done = command.invoke(create(), ["connections", "put", str(file)])
    assert isinstance(done.exception, errors.Invalid)
    assert words in done.exception.message


def test_a_stored_unknown_setting_is_named_by_doctor_and_changes_nothing(
    retailer: Retailer, command: CliRunner
) -> None:
    row = actions.ConnectionRow(
        0, "old", "channels", "direct", "Old", "live", {"webhook_secrte": "x"},
        retailer.app.vault.seal({"webhook_secret": STRONG}), retailer.app.clock.now(),
    )  # fmt: skip
    retailer.write(lambda tx: actions.configure(tx, row=row))
    done = command.invoke(create(), ["doctor"])
    assert done.exit_code == 0
    assert "old.webhook_secrte" in done.output
    retailer.app.registry._looked_at = 0.0
    assert retailer.app.registry.by_key("old").key == "old"


def test_every_receiving_connector_declares_its_secret() -> None:
    undeclared = [
        connector.id
        for connector in RECEIVERS
        if not any(
            map(connection_settings.verifies, connection_settings.model_of(connector).model_fields.values())
        )
    ]
    assert undeclared == []


@pytest.mark.parametrize(
    ("settings", "field", "words"),
    [
        ({"webhook_secret": ""}, "webhook_secret", "Set webhook_secret (at least 16 characters)."),
        ({"webhook_secret": STRONG, "webhook_secrte": "x"}, "webhook_secrte", "Did you mean webhook_secret?"),
    ],
)
def test_the_api_refuses_what_the_command_line_refuses(
    retailer: Retailer, settings: dict[str, object], field: str, words: str
) -> None:
    body = {"kind": "channels", "connector": "direct", "name": "Till", "settings": settings}
    answer = client(retailer, Role.ADMINISTRATOR).put("/api/v1/connections/till", json=body)
    assert answer.status_code == 422
    assert (answer.json()["field"], words in answer.json()["title"]) == (field, True)


def test_a_weak_secret_does_not_count_after_it_was_replaced(retailer: Retailer) -> None:
    store_weak(retailer, "direct", Kind.CHANNELS, "short")
    direct = retailer.app.registry.connector(Kind.CHANNELS, "direct")
    retailer.app.registry.by_key("old")
    retailer.write(
        lambda tx: retailer.app.registry.configure(
            tx, key="old", connector=direct, name="Old", settings={"webhook_secret": STRONG}, mode=Mode.LIVE
        )
    )
    retailer.app.registry._looked_at = 0.0
    assert (
        post(
            retailer,
            b"{}",
            to="old",
            headers={"x-doorstep-signature": hmac.new(b"short", b"{}", hashlib.sha256).hexdigest()},
        ).status_code
        == 401
    )
