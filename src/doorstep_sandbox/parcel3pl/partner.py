"""Serve a third-party warehouse over SFTP (SPECIFICATION.md). Its HTTP port serves only /_control."""

from __future__ import annotations

import asyncio
import importlib
import shutil
import tempfile
import time
from pathlib import Path
from typing import ClassVar, Protocol

from starlette.responses import Response

from doorstep_sandbox.frame import clock, outgoing
from doorstep_sandbox.frame.calls import Call, Route
from doorstep_sandbox.frame.partner import Partner, Verb
from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.parcel3pl import exchange, inbound, outbound, x12
from doorstep_sandbox.parcel3pl.warehouse import Warehouse

OTHER_LINE = "another line of the order was rejected"


class Account(Protocol):
    """Who may sign in: see `sftp.Account`."""

    password: str
    keys: list[str]


class Server(Protocol):
    """What `sftp.serve` gives."""

    host_key: str

    @property
    def port(self) -> int: ...

    def close(self) -> None: ...


class Parcel3pl(Partner):
    """`format` (csv or x12) is how it writes what answers nothing; an order is answered in its own format."""

    name = "parcel3pl"
    empty_state: ClassVar[Json] = {
        "stock": {},
        "orders": {},
        "advices": {},
        "known": [],
        "held": [],
        "interchanges": [],
        "files": 0,
        "serial": 0,
        "manner": exchange.MANNER,
    }
    generated: ClassVar[dict[str, int]] = {"username": 4, "password": 12}
    account: Account
    server: Server | None = None
    polling: asyncio.Task[None] | None = None
    temporary: Path | None = None

    async def open(self) -> Json:
        """Listen, and look into /inbound every `poll_seconds`."""
        # asyncssh takes 150 ms to import; only a running server needs it.
        sftp = importlib.import_module("doorstep_sandbox.parcel3pl.sftp")
        if "folder" in self.settings:
            self.folder = Path(self.settings["folder"])
        else:
            self.folder = self.temporary = Path(tempfile.mkdtemp(prefix="parcel3pl-"))
        keys = [self.settings["public_key"]] if "public_key" in self.settings else []
        account: Account = sftp.Account(
            self.settings["username"],
            self.settings["password"],
            keys,
            self.folder,
            self.faults.pick,
            self.calls,
        )
        self.account = account
        self.files = exchange.Exchange(self.folder, self.state)
        port = int(self.settings.get("port", 0))
        server: Server = await sftp.serve(account, port, self.settings.get("host_private_key"))
        self.server = server
        self.polling = asyncio.create_task(self._poll(float(self.settings.get("poll_seconds", 0.05))))
        return {"host": sftp.HOST, "port": server.port, "host_key": server.host_key}

    async def close(self) -> None:
        if self.polling:
            self.polling.cancel()
        if self.server:
            self.server.close()
        if self.temporary:
            shutil.rmtree(self.temporary, ignore_errors=True)

    def routes(self) -> list[Route]:
        return []

    def verbs(self) -> dict[str, Verb]:
        return {
            "script": self.script,
            "authorize_key": self.authorize_key,
            "password": self.change_password,
            "stock": self.put_stock,
            "read": self.read_now,
            "pick": lambda body: self._move(body, "picking"),
            "pack": self.pack,
            "ship": self.ship,
            "cancel": self.cancel,
            "receive": self.receive,
            "adjust": self.adjust,
            "snapshot": self.snapshot,
            "release": lambda _: {"released": self.files.release()},
            "files": lambda _: self.files.listing(),
        }

    def authorize(self, call: Call) -> Response | None:
        return None

    def sign(self, draft: outgoing.Draft) -> dict[str, str]:
        return {}

    def reset(self) -> None:
        super().reset()
        for name in exchange.FOLDERS:
            shutil.rmtree(self.folder / name, ignore_errors=True)
        self.files = exchange.Exchange(self.folder, self.state)

    # control verbs

    def script(self, body: Json) -> Json:
        """How files behave: `reading`, `hold`, `duplicates`, `cut_off_next`, `slow_seconds`, `slow_parts`, `shuffle_seed`; `format`."""
        if "format" in body:
            self.settings["format"] = body["format"]
        changes = {key: value for key, value in body.items() if key != "format"}
        unknown = changes.keys() - exchange.MANNER.keys()
        if unknown:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        self.state["manner"] |= changes
        return {**self.state["manner"], "format": self._format()}

    def authorize_key(self, body: Json) -> Json:
        self.account.keys.append(str(body["public_key"]))
        return {"keys": len(self.account.keys)}

    def change_password(self, body: Json) -> Json:
        """`password`: the old one ends; sessions that are open go on."""
        self.account.password = self.settings["password"] = str(body["password"])
        return {"password": self.account.password}

    def put_stock(self, body: Json) -> Json:
        """`items`: [`sku`, `on_hand`, `condition`?]."""
        for item in body["items"]:
            self.warehouse.put(item["sku"], item.get("condition", "good"), int(item["on_hand"]))
        return {"stock": self.state["stock"]}

    def read_now(self, body: Json) -> Json:
        return {"read": self._read()}

    def pack(self, body: Json) -> Json:
        order = self.warehouse.pack(body["order_ref"], body.get("cartons"), self.state["serial"])
        self.state["serial"] += len(order["cartons"])
        self._say([(body["order_ref"], "packed", "")])
        return order

    def ship(self, body: Json) -> Json:
        """One order, or `orders` that leave with one file; what is not packed yet is packed first."""
        shipments = []
        for one in body.get("orders", [body]):
            order = self.warehouse.order(one["order_ref"])
            if order["state"] == "received":
                self.warehouse.move(one["order_ref"], "picking")
            if order["state"] == "picking":
                self.pack(one)
            reference = f"SH{self.next_number('shipment', 1):06d}"
            shipments.append(self.warehouse.ship(one["order_ref"], reference, one))
        self._confirm(shipments)
        self._say([(one["order_ref"], "shipped", "") for one in shipments])
        return {"shipments": shipments}

    def cancel(self, body: Json) -> Json:
        """The warehouse cancels by itself."""
        return self._move(body, "canceled")

    def receive(self, body: Json) -> Json:
        """`lines`: [`sku`, `quantity`, `damaged`?, `line_ref`?, `lot`?, `expires_on`?], `advice_ref`?, `closed`? (true)."""
        rows = self.warehouse.receive(f"RC{self.next_number('receipt', 1):06d}", body)
        if self._format() == "x12":
            self._send("receipts", "RE", [("944", outbound.receipt_944(rows))])
        else:
            self.files.write("receipts", "csv", outbound.table("receipts", rows))
        return {"receipt": rows}

    def adjust(self, body: Json) -> Json:
        """`changes`: [`sku`, `quantity`, `reason`, `condition`?, `note`?], or one of them."""
        entries = [
            self.warehouse.adjust(f"AD{self.next_number('adjustment', 1):06d}", one)
            for one in body.get("changes", [body])
        ]
        self.files.write("adjustments", "csv", outbound.table("adjustments", entries))
        return {"adjustments": entries}

    def snapshot(self, body: Json) -> Json:
        rows = self.warehouse.snapshot()
        return {"files": self.files.write("stock", "csv", outbound.table("stock", rows))}

    # work

    @property
    def warehouse(self) -> Warehouse:
        return Warehouse(self.state)

    async def _poll(self, seconds: float) -> None:
        while True:
            if self.state["manner"]["reading"]:
                self._read()
            await asyncio.sleep(seconds)

    def _read(self) -> int:
        taken = self.files.read(self._take, time.monotonic())
        if taken:
            self.save()
        return taken

    def _take(self, name: str, raw: bytes) -> None:
        kind, extension = name.partition("_")[0], name.rpartition(".")[2]
        if extension == "x12":
            self._take_interchange(name, raw.decode("utf-8", "replace"))
        elif extension != "csv" or kind not in inbound.REQUIRED:
            raise inbound.UnreadableError("the name must be orders_, cancel_ or advice_ with .csv or .x12")
        elif kind == "orders":
            self._acknowledge(name, [self._order(one, name, "csv") for one in inbound.orders(raw)])
        elif kind == "cancel":
            self._cancel([row["order_ref"] for row in inbound.rows("cancel", raw)])
        else:
            self.state["advices"] |= {one["advice_ref"]: one for one in inbound.advices(raw)}

    def _take_interchange(self, name: str, text: str) -> None:
        found = x12.parse(text)
        known = f"{found.sender}/{found.control}"
        is_repeated = known in self.state["interchanges"]
        groups = [group for group in found.groups if group.code != "FA"]
        for group in groups:
            for one in group.sets:
                self._take_set(name, one, is_repeated=is_repeated)
        if groups:
            self._send("ack", "FA", [("997", x12.acknowledgement(group)) for group in groups])
        if not is_repeated:
            self.state["interchanges"].append(known)

    def _take_set(self, name: str, one: x12.TransactionSet, *, is_repeated: bool) -> None:
        if one.code == "940":
            order = inbound.order_of_940(one)
            if one.error or is_repeated:
                return
            if order["canceled"]:
                self._cancel([order["order_ref"]])
                return
            rows = self._order(order, name, "x12")
            if rows[0]["result"] != "accepted":
                self._acknowledge(name, [rows])
        elif one.code == "943":
            advice = inbound.advice_of_943(one)
            if not one.error and not is_repeated:
                self.state["advices"][advice["advice_ref"]] = advice
        else:
            one.error = one.error or "1"

    def _order(self, order: Json, name: str, form: str) -> list[Json]:
        """Accept an order or not; the rows of its acknowledgement."""
        common = {"file": name, "order_ref": order["order_ref"]}
        if order["order_ref"] in self.state["orders"]:
            return [{**common, "result": "duplicate", "reason": "the first order counts"}]
        if not order["order_ref"]:
            return [{**common, "result": "rejected", "reason": "order_ref is missing"}]
        faults = inbound.faults(order, set(self.state["stock"]))
        result = "rejected" if faults else "accepted"
        if not faults:
            self.warehouse.accept({**order, "format": form})
            self._say([(order["order_ref"], "received", "")])
        default = OTHER_LINE if faults else ""
        return [
            {
                **common,
                "line_ref": line["line_ref"],
                "result": result,
                "reason": faults.get(position, default),
            }
            for position, line in enumerate(order["lines"])
        ]

    def _acknowledge(self, name: str, orders: list[list[Json]]) -> None:
        rows = [row for order in orders for row in order]
        self.files.write("ack", "csv", outbound.table("ack", rows))

    def _cancel(self, references: list[str]) -> None:
        at = clock.zulu(clock.now())
        rows = []
        for reference in references:
            before = self.state["orders"].get(reference, {}).get("state")
            result, reason = self.warehouse.cancel(reference)
            rows.append({"order_ref": reference, "result": result, "reason": reason, "at": at})
            if result == "canceled" and before != "canceled":
                self._say([(reference, "canceled", "")])
        self.files.write("cancels", "csv", outbound.table("cancels", rows))

    def _move(self, body: Json, state: str) -> Json:
        order = self.warehouse.move(body["order_ref"], state)
        self._say([(body["order_ref"], state, body.get("note", ""))])
        return order

    def _say(self, changes: list[tuple[str, str, str]]) -> None:
        at = clock.zulu(clock.now())
        rows = [{"order_ref": ref, "status": status, "at": at, "note": note} for ref, status, note in changes]
        self.files.write("status", "csv", outbound.table("status", rows))

    def _confirm(self, shipments: list[Json]) -> None:
        """Each order is confirmed in the format that it came in."""
        for form in ("csv", "x12"):
            chosen = [one for one in shipments if self.warehouse.order(one["order_ref"])["format"] == form]
            if chosen and form == "x12":
                sets = [("945", outbound.shipment_945(one, "PARCEL3PL")) for one in chosen]
                self._send("shipments", "SW", sets)
            elif chosen:
                rows = [row for one in chosen for row in outbound.shipment_rows(one)]
                self.files.write("shipments", "csv", outbound.table("shipments", rows))

    def _send(self, kind: str, group: str, sets: list[tuple[str, list[x12.Segment]]]) -> None:
        sender = str(self.settings.get("our_id", "PARCEL3PL"))
        receiver = str(self.settings.get("depositor_id", "DEPOSITOR"))
        header = x12.Header(sender, receiver, self.next_number("interchange", 1), clock.now())
        self.files.write(kind, "x12", x12.write(header, group, sets).encode())

    def _format(self) -> str:
        return str(self.settings.get("format", "csv"))
