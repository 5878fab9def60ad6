"""A partner that exchanges files: a shop that sends orders line by line into a folder of the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import msgspec
from tests.builders import Retailer

from doorstep.delivery.worker.feeds import FeedReader
from doorstep.domain.connections.model import Connector, Feed, Folder, Kind, Maturity, Mode, Part, Vendor
from doorstep.domain.connections.views import files as views
from doorstep.domain.connections.views.files import TransferRow
from doorstep.domain.orders.model import OrderSnapshot
from doorstep.kernel import errors, files, http


class LineShop:
    """A shop that sends files with an order per line; a line in capitals makes the file unreadable."""

    marker = ""

    def __init__(
        self, settings: files.FileSettings, session: http.Session, sent: files.SentLog | None = None
    ) -> None:
        store = files.open_store(settings, name=session.name)
        self.files = files.Exchange(session, store, sent or files.MemorySentLog())

    def folder(self, feed: str) -> Folder:
        return Folder(feed, "*.json", marker=self.marker)

    def split(self, _feed: str, _name: str, content: IO[bytes]) -> Iterator[Part]:
        for number, line in enumerate(content):
            if line.isupper():
                raise errors.Invalid(f"Line {number + 1} is not an order.")
            yield Part("order", line)

    def parse(self, _topic: str, _headers: Any, body: bytes) -> list[object]:
        return [msgspec.json.decode(body, type=OrderSnapshot)]


LINES = Connector(
    "lines", Kind.CHANNELS, "Lines", files.FileSettings, LineShop, Vendor(Maturity.REFERENCE, "Tests."),
    feeds=(Feed("orders", "Orders", 300, is_folder=True),), exchanges_files=True,
)  # fmt: skip


class Partner:
    """The folder of the partner, and what became of its files."""

    def __init__(self, retailer: Retailer, root: Path) -> None:
        self.retailer, self.root = retailer, root
        (root / "orders").mkdir(parents=True)
        registry = retailer.app.registry
        registry.connectors[Kind.CHANNELS, "lines"] = LINES
        retailer.write(
            lambda tx: registry.configure(
                tx,
                key="lines",
                connector=LINES,
                name="Lines",
                settings={"address": f"file://{root}"},
                mode=Mode.LIVE,
            )
        )
        registry.look_again()
        self.id = registry.by_key("lines").id

    def put(self, name: str, *orders: OrderSnapshot | bytes) -> None:
        lines = [each if isinstance(each, bytes) else msgspec.json.encode(each) for each in orders]
        (self.root / "orders" / name).write_bytes(b"".join(line + b"\n" for line in lines))

    def look(self, times: int = 1) -> None:
        """A worker looks into the folder, and then reads the inbox."""
        for _ in range(times):
            self.retailer.write(
                lambda tx: tx.execute("UPDATE feed_readings SET due_at = now(), leased_until = NULL")
            )
            reader = FeedReader(self.retailer.app)
            reader.take()
            reader.wait()
            reader.close()
        self.retailer.settle()

    def transfers(self) -> list[TransferRow]:
        found = self.retailer.read(lambda tx: views.listed(tx, connection_id=self.id))
        return sorted(found, key=lambda each: each.id)

    def states(self) -> list[tuple[str, str]]:
        return [(each.name, each.state) for each in self.transfers()]

    def folder(self, name: str) -> list[str]:
        there = self.root / name
        return sorted(each.name for each in there.iterdir()) if there.exists() else []

    def error(self) -> str | None:
        statement = "SELECT error FROM feed_readings WHERE connection_id = %s"
        (found,) = self.retailer.read(lambda tx: tx.rows(statement, (self.id,)))
        return str(found["error"]) if found["error"] else None
