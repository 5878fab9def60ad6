"""Set up the demo: the sample retailer, its users, and its connections to the partners."""

from __future__ import annotations

import csv
import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from doorstep.bootstrap import App, open_app
from doorstep.delivery.cli import samples
from doorstep.delivery.cli.demo import audit
from doorstep.delivery.cli.demo.doors import Doors, Keys
from doorstep.delivery.cli.demo.stage import STORE_CARRIER, Stage, new_password
from doorstep.delivery.cli.terminal import styled
from doorstep.domain.connections.model import Kind, Mode
from doorstep.domain.identity import actions as identity
from doorstep.domain.identity.model import Role
from doorstep.domain.network import views as network
from doorstep.kernel import log, settings
from doorstep.kernel.db import WriteTx

_PEOPLE = (
    ("admin@notnaked.example", "Administrator", Role.ADMINISTRATOR, ""),
    ("operations@notnaked.example", "Operations", Role.OPERATIONS, ""),
    ("warehouse-a@notnaked.example", "Picker, Warehouse A", Role.LOCATION_STAFF, "WH-A"),
    ("store-22@notnaked.example", "Associate, Store 22", Role.LOCATION_STAFF, "ST-22"),
    ("viewer@notnaked.example", "Read only", Role.READ_ONLY, ""),
)


@dataclass(frozen=True, slots=True)
class Login:
    """A user's sign-in to the console."""

    email: str
    password: str
    role: str


def partners_config(hooks: str, folder: Path = samples.NOTNAKED) -> dict[str, object]:
    """The sandbox's configuration: webhook addresses, and the retailer's data in the ERP."""
    first = tomllib.loads((folder / "locations.toml").read_text())["location"][0]
    with (folder / "skus.csv").open(newline="") as handle:
        items = [_item(row) for row in csv.DictReader(handle)]
    company = {
        "doctype": "Company",
        "company_name": first["company"],
        "abbr": "NNR",
        "country": "India",
        "default_currency": "INR",
        "gstin": first["gstin"],
    }
    return {
        "backoff_factor": 0.0002,
        "shopify": {"webhook_url": f"{hooks}/shopify"},
        "shiphawk": {"webhook_url": f"{hooks}/shiphawk"},
        "shiprocket": {"webhook_url": f"{hooks}/{STORE_CARRIER}"},
        "razorpay": {"webhook_url": f"{hooks}/razorpay"},
        "erpnext": {"documents": [company, *items]},
    }


def _item(row: dict[str, str]) -> dict[str, str]:
    return {
        "doctype": "Item",
        "item_code": row["sku"],
        "item_name": row["title"],
        "gst_hsn_code": row["hsn"],
        "item_group": row["category"],
        "stock_uom": "Nos",
    }


def connect_partners(app: App, stage: Stage) -> None:
    """Configure a connection to each partner server."""

    def work(tx: WriteTx) -> None:
        for key, kind, connector_id, name, chosen in _accounts(stage.partners):
            connector = app.registry.connector(kind, connector_id)
            app.registry.configure(
                tx, key=key, connector=connector, name=name, settings=chosen, mode=Mode.LIVE
            )

    app.db.transact(work, actor="demo")


def _accounts(at: Mapping[str, Mapping[str, str]]) -> list[tuple[str, Kind, str, str, dict[str, object]]]:
    return [
        (
            "shopify", Kind.CHANNELS, "shopify", "NotNaked",
            {
                "base_url": at["shopify"]["url"],
                "access_token": at["shopify"]["access_token"],
                "client_id": at["shopify"]["client_id"],
                "webhook_secret": at["shopify"]["client_secret"],
            },
        ),
        (
            "shiphawk", Kind.CARRIERS, "shiphawk", "ShipHawk",
            {
                "base_url": at["shiphawk"]["url"] + "/api/v4",
                "api_key": at["shiphawk"]["api_key"],
                "webhook_username": at["shiphawk"]["webhook_user"],
                "webhook_password": at["shiphawk"]["webhook_password"],
            },
        ),
        (
            STORE_CARRIER, Kind.CARRIERS, "shiprocket", "Shiprocket",
            {
                "base_url": at["shiprocket"]["url"] + "/v1/external",
                "email": at["shiprocket"]["email"],
                "password": at["shiprocket"]["password"],
                "webhook_token": at["shiprocket"]["webhook_token"],
            },
        ),
        (
            "razorpay", Kind.PAYMENTS, "razorpay", "Razorpay",
            {
                "base_url": at["razorpay"]["url"] + "/v1",
                "key_id": at["razorpay"]["key_id"],
                "key_secret": at["razorpay"]["key_secret"],
                "webhook_secret": at["razorpay"]["webhook_secret"],
            },
        ),
        (
            "erpnext", Kind.ERP, "erpnext", "ERPNext",
            {
                "base_url": at["erpnext"]["url"],
                "api_key": at["erpnext"]["api_key"],
                "api_secret": at["erpnext"]["api_secret"],
            },
        ),
        (
            "mail", Kind.MESSENGERS, "smtp", "Mail",
            {
                "host": at["smtp"]["host"],
                "port": at["smtp"]["port"],
                "security": "plain",
                "sender": "orders@notnaked.example",
                "sender_name": "NotNaked",
            },
        ),
    ]  # fmt: skip


def invite_people(app: App) -> list[Login]:
    """Every user who may sign in to this demo, with new passwords."""

    def work(tx: WriteTx) -> list[Login]:
        logins = []
        for email, name, role, code in _PEOPLE:
            password = new_password()
            location = network.by_code(tx, code=code).id if code else None
            user = identity.NewUser(email=email, name=name, role=role, location_id=location)
            identity.create_user(tx, user=user, password=password, now=app.clock.now())
            logins.append(Login(email, password, role.value))
        return logins

    return app.db.transact(work, actor="demo")


def issue_keys(app: App) -> Keys:
    """API keys for the demo's users."""
    now = app.clock.now()

    def work(tx: WriteTx) -> Keys:
        key = identity.NewKey(name="Demo: operations", role=Role.OPERATIONS, location_id=None)
        operations = identity.create_api_key(tx, key=key, now=now)
        staff = {}
        for code in ("WH-A", "ST-22"):
            location = network.by_code(tx, code=code).id
            key = identity.NewKey(name=f"Demo: {code}", role=Role.LOCATION_STAFF, location_id=location)
            staff[code] = identity.create_api_key(tx, key=key, now=now)
        return Keys(operations, staff)

    return app.db.transact(work, actor="demo")


@contextmanager
def set_up(stage: Stage, out: Console) -> Iterator[tuple[App, Doors, list[Login]]]:
    """Set up the demo, with a printed line for each slow part."""
    _say(out, "Partners: Shopify, ShipHawk, Shiprocket, Razorpay, ERPNext, mail")
    stage.start_partners(partners_config(f"{stage.url}/hooks"))
    _say(out, "Database: embedded PostgreSQL, schema, sample retailer NotNaked")
    log.configure(style="console", level="error", stream=sys.stderr)
    with open_app(settings.load(**stage.settings()), migrate=True) as app:
        loaded = samples.load_into(app, samples.NOTNAKED)
        samples.let_rules_decide(app, samples.NOTNAKED / "rules.yaml")
        connect_partners(app, stage)
        logins, keys = invite_people(app), issue_keys(app)
        _say(out, f"{loaded} Now web and worker")
        doors = Doors(stage, keys, lambda: audit.rows_written(app))
        try:
            stage.start_doorstep()
            yield app, doors, logins
        finally:  # before we leave the database: a process that is killed while it starts would not stop it
            doors.close()
            stage.stop()


def _say(out: Console, what: str) -> None:
    out.print(styled("[dim]·[/dim] {what}", what=what))
