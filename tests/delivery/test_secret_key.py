"""The key that seals: a wrong one is recognized, nothing is lost through it, and a rotation ends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient
from tests.builders import NOON, Retailer, environment
from tests.builders.installation import opened
from typer.testing import CliRunner

from doorstep import processes
from doorstep.bootstrap import App
from doorstep.delivery import health
from doorstep.delivery.cli import create
from doorstep.domain.connections.model import Kind, Mode, NotOpened
from doorstep.domain.payments.views import Payment
from doorstep.flows.payments import gateways
from doorstep.kernel import errors, sealed, secrets
from doorstep.kernel.ids import PaymentId

OURS, OTHER = "k" * 40, "f" * 40
# Only a sales channel has reported it.
PAYMENT = Payment(
    PaymentId(1), None, "sandbox", "pay-7", "1", "captured", "upi", 100, 0, "INR", NOON, None, None
)


@pytest.fixture
def stranger(retailer: Retailer, tmp_path: Path) -> Iterator[App]:
    """A process of the same installation with another key."""
    url = retailer.app.settings.database_url
    assert url is not None
    with opened(url.get_secret_value(), tmp_path / "stranger", secret_key=SecretStr(OTHER)) as app:
        yield app


def forget(retailer: Retailer) -> None:
    """As an installation is that was upgraded from a version without fingerprints."""
    retailer.write(lambda tx: tx.execute("UPDATE installation SET key_fingerprint = ''"))


def hook(app: App, to: str = "shop") -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(processes.web(app))
        async with httpx.AsyncClient(transport=transport, base_url="http://doorstep") as client:
            return await client.post(f"/hooks/{to}", content=b"{}", headers={"x-signature": "0" * 64})

    return asyncio.run(send())


def test_another_key_is_not_ready_and_asks_senders_to_come_again(stranger: App) -> None:
    ready = TestClient(processes.web(stranger)).get("/health/ready")
    assert ready.status_code == 503
    assert ready.json()["checks"]["secret_key"].startswith("The secret key is not the one")
    answer = hook(stranger)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert hook(stranger, "nobody").status_code == 404


def test_another_key_seals_nothing(retailer: Retailer, stranger: App) -> None:
    direct = stranger.registry.connector(Kind.CHANNELS, "direct")
    with stranger.db.write(actor="test") as tx, pytest.raises(sealed.WrongKey):
        stranger.registry.configure(
            tx,
            key="till",
            connector=direct,
            name="",
            settings={"webhook_secret": "0123456789abcdef"},
            mode=Mode.LIVE,
        )


def test_work_for_a_connection_that_cannot_be_opened_is_tried_again(stranger: App) -> None:
    registry = stranger.registry
    with stranger.db.read() as tx:
        ids = {str(row["key"]): int(str(row["id"])) for row in tx.rows("SELECT key, id FROM connections")}
    with pytest.raises(NotOpened, match="shop"):
        registry.channel(ids["shop"])
    with pytest.raises(NotOpened, match="pay"):
        gateways.of_payment(stranger.context, PAYMENT)
    assert issubclass(NotOpened, errors.Unavailable)


def test_the_log_names_each_connection(stranger: App, capsys: pytest.CaptureFixture[str]) -> None:
    stranger.registry.refresh()
    said = capsys.readouterr()
    assert "shop" in said.out + said.err


def test_a_single_connection_that_cannot_be_opened_stops_only_its_own_hooks(retailer: Retailer) -> None:
    foreign = secrets.Vault([OTHER]).seal({"webhook_secret": "0123456789abcdef"})
    statement = "UPDATE connections SET secrets = %s, changed_at = clock_timestamp() WHERE key = 'pay'"
    retailer.write(lambda tx: tx.execute(statement, (foreign,)))
    retailer.app.registry._looked_at = 0.0
    broken = hook(retailer.app, "pay")
    assert (broken.status_code, broken.headers["retry-after"]) == (503, "60")
    assert hook(retailer.app).status_code == 401
    assert TestClient(processes.web(retailer.app)).get("/health/ready").status_code == 200


def test_a_key_that_opens_everything_is_remembered_after_an_upgrade(
    retailer: Retailer, stranger: App
) -> None:
    forget(retailer)
    health.remember_key(stranger)
    assert retailer.read(sealed.fingerprint) == ""
    health.remember_key(retailer.app)
    assert retailer.read(sealed.fingerprint) == retailer.app.vault.fingerprints[0]


@pytest.fixture
def command(retailer: Retailer, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    for name, value in environment(retailer.app).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "400")
    return CliRunner()


@pytest.mark.parametrize("words", ["doctor", "connections list"])
def test_the_commands_name_what_cannot_be_opened(
    command: CliRunner, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setenv("DOORSTEP_SECRET_KEY", OTHER)
    done = command.invoke(create(), words.split())
    assert all(f"{key} " in done.stdout for key in ("shop", "pay", "shiphawk"))
    assert "cannot be opened" in done.stdout
    assert done.exit_code == (1 if words == "doctor" else 0)


def test_a_worker_with_another_key_does_not_start(
    command: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOORSTEP_SECRET_KEY", OTHER)
    with pytest.raises(sealed.WrongKey):
        processes.worker(metrics_port=0)


# Rotation ---------------------------------------------------------------------------------------------------------


def rotated(retailer: Retailer) -> secrets.Vault:
    return secrets.Vault([OTHER, OURS])


def test_a_rotation_ends(
    retailer: Retailer, command: CliRunner, monkeypatch: pytest.MonkeyPatch, stranger: App
) -> None:
    monkeypatch.setenv("DOORSTEP_SECRET_KEY", f"{OTHER},{OURS}")
    done = command.invoke(create(), ["secrets", "reseal"])
    assert done.exit_code == 0
    assert "Sealed under the new key: 4. Sealed under it already: 0." in done.stdout
    assert "Remove it from DOORSTEP_SECRET_KEY" in done.stdout
    again = command.invoke(create(), ["secrets", "reseal"])
    assert "Sealed under the new key: 0. Sealed under it already: 4." in again.stdout
    stranger.registry._looked_at = 0.0
    assert TestClient(processes.web(stranger)).get("/health/ready").status_code == 200
    assert hook(stranger).status_code == 401
    retailer.app.registry._looked_at = 0.0
    assert TestClient(processes.web(retailer.app)).get("/health/ready").status_code == 503


def test_an_interrupted_rotation_goes_on(retailer: Retailer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed, "_BATCH", 2)
    vault = rotated(retailer)
    first = retailer.write(lambda tx: sealed.reseal(tx, vault, place=sealed.Place()))
    assert (first.resealed, first.then) == (2, replace(sealed.Place(), after_id=first.then.after_id))  # type: ignore[union-attr]  # there is more
    done, place = 0, sealed.Place()
    while place is not None:
        batch = retailer.write(lambda tx, place=place: sealed.reseal(tx, vault, place=place))  # type: ignore[misc]  # bound now
        done, place = done + batch.resealed, batch.then  # type: ignore[assignment]  # ends with None
    assert done == 2


def test_a_secret_that_no_key_opens_keeps_the_old_key(
    retailer: Retailer, command: CliRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = secrets.Vault(["x" * 40]).seal({"webhook_secret": "0123456789abcdef"})
    retailer.write(lambda tx: tx.execute("UPDATE connections SET secrets = %s WHERE key = 'pay'", (lost,)))
    before = retailer.read(sealed.fingerprint)
    monkeypatch.setenv("DOORSTEP_SECRET_KEY", f"{OTHER},{OURS}")
    done = command.invoke(create(), ["secrets", "reseal"])
    assert done.exit_code == 1
    assert "Sealed with a key that is not here: connections " in done.stdout
    assert retailer.read(sealed.fingerprint) == before


def test_every_sealed_column_is_resealed(retailer: Retailer) -> None:
    found = retailer.read(
        lambda tx: tx.rows(
            """
            SELECT table_name, column_name FROM information_schema.columns
             WHERE table_schema = 'public' AND data_type = 'bytea' AND column_name ~ '(secret|sealed|token)'
            """
        )
    )
    assert {(row["table_name"], row["column_name"]) for row in found} == set(sealed.COLUMNS)
