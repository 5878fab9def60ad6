"""Implement a third-party warehouse that exchanges files: orders out, confirmations and stock in, as CSV or X12."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import IO, Literal

import pydantic

from doorstep.adapters.warehouses.file_3pl.wire import documents, reports, tables, x12
from doorstep.domain.connections import model as connections
from doorstep.domain.fulfillment.model import warehouse
from doorstep.kernel import errors, files, http

FILES = connections.Feed("files", "Files of the warehouse", every_seconds=60.0, is_folder=True)
_MOST_X12_BYTES = 20_000_000  # an interchange is read as a whole


class Settings(files.FileSettings):
    """One account at a warehouse, as its specification of files says."""

    format: Literal["csv", "x12"] = pydantic.Field(
        default="csv",
        description="How orders are written. What the warehouse writes is read in either format.",
    )
    warehouse: str = pydantic.Field(
        default="MAIN", description="Name of the warehouse; map it to your location on the connection's page."
    )
    orders_folder: str = pydantic.Field(
        default="inbound", description="Where orders and cancels are written."
    )
    reports_folder: str = pydantic.Field(
        default="outbound", description="Where the warehouse writes its files."
    )
    archive_folder: str = pydantic.Field(default="archive", description="Where files go that were read.")
    errors_folder: str = pydantic.Field(default="errors", description="Where files go that cannot be read.")
    columns: str = pydantic.Field(
        default="", description="CSV: columns with other names, as order_ref=OrderNumber, sku=ItemCode."
    )
    services: str = pydantic.Field(
        default="", description="Services of the warehouse by shipping method, as Next day=express."
    )
    default_service: str = pydantic.Field(
        default="standard", description="The service of every other method."
    )
    sender_id: str = pydantic.Field(
        default="DEPOSITOR", max_length=15, description="X12: our id (ISA06, GS02)."
    )
    receiver_id: str = pydantic.Field(
        default="PARCEL3PL", max_length=15, description="X12: the warehouse's id (ISA08, GS03)."
    )

    @pydantic.field_validator("columns", "services")
    @classmethod
    def _pairs(cls, value: str) -> str:
        tables.renamed(value)
        return value


class File3pl:
    """Satisfies connections.ports FileSource, FileReceipts and Testable, and fulfillment.ports.Warehouse."""

    def __init__(self, settings: Settings, session: http.Session, sent: files.SentLog | None = None) -> None:
        store = files.open_store(settings, name=session.name)
        self.files = files.Exchange(session, store, sent or files.MemorySentLog())
        self._settings = settings
        self._columns = tables.renamed(settings.columns)
        self._services = {
            name.casefold(): service for name, service in tables.renamed(settings.services).items()
        }

    def test_connection(self) -> Sequence[connections.CheckFinding]:
        """Sign in, and look into both folders."""
        for folder in (self._settings.orders_folder, self._settings.reports_folder):
            self.files.list_files(folder)
        return ()

    def folder(self, feed: str) -> connections.Folder:
        """The folder that the warehouse writes to."""
        chosen = self._settings
        return connections.Folder(
            chosen.reports_folder, archive=chosen.archive_folder, errors=chosen.errors_folder
        )

    def split(self, feed: str, name: str, content: IO[bytes]) -> Iterator[connections.Part]:
        """Cut a file by its kind, which its name begins with. Raises Invalid for a kind that the warehouse does not have."""
        if name.casefold().endswith(".x12"):
            yield from documents.split(self._interchange(content))
            return
        kind = name.partition("_")[0]
        if kind not in tables.KINDS:
            raise errors.Invalid(
                f"{name} is none of the warehouse's files: {', '.join(sorted(tables.KINDS))}."
            )
        yield from tables.split(kind, content, columns=self._columns)

    @staticmethod
    def _interchange(content: IO[bytes]) -> x12.Interchange:
        raw = content.read(_MOST_X12_BYTES + 1)
        if len(raw) > _MOST_X12_BYTES:
            raise errors.Invalid(f"The interchange has more than {_MOST_X12_BYTES} bytes.")
        return x12.read(raw.decode("utf-8", errors="replace"))

    def parse(self, topic: str, headers: Mapping[str, str], body: bytes) -> Sequence[object]:
        """What a part of a file reports."""
        if topic in tables.KINDS:
            return reports.parse(topic, body, warehouse=self._settings.warehouse)
        return documents.parse(topic, body, warehouse=self._settings.warehouse)

    def acknowledge_file(self, feed: str, name: str, content: IO[bytes]) -> None:
        """Answer an interchange with a 997, once per content; tables and acknowledgements are not answered."""
        if not name.casefold().endswith(".x12"):
            return
        interchange = self._interchange(content)
        if not interchange.must_be_acknowledged:
            return
        content.seek(0)
        digest = hashlib.sha256(content.read()).hexdigest()
        sets = x12.acknowledged(interchange)
        self.files.send(f"997/{digest}", lambda number: self._x12("ack", number, "FA", "997", sets))

    def send(self, request: warehouse.FulfillmentRequest) -> str:
        """Write the file of an order, once per reference; returns its name."""
        to = request.recipient
        if not all((to.name or to.company, to.line1, to.city, to.country)):
            raise errors.Invalid("The warehouse needs name, street, city and country of the recipient.")
        service = self._services.get(request.service.casefold(), self._settings.default_service)
        if self._settings.format == "x12":
            sets = [(documents.control_of(request.reference), documents.order(request, service=service))]
            sent = self.files.send(
                request.reference, lambda number: self._x12("orders", number, "OW", "940", sets)
            )
        else:
            content = tables.order(request, service=service, columns=self._columns)
            sent = self.files.send(
                request.reference,
                lambda number: self._file("orders", number, "csv", content, len(request.lines)),
            )
        return sent.file.path.rpartition("/")[2]

    def cancel(self, *, reference: str, external_ref: str) -> warehouse.CancelAnswer:
        """Write the file that asks to stop an order; the answer comes in a file."""
        if self._settings.format == "x12":
            control = documents.control_of(reference, is_cancel=True)
            sets = [(control, documents.cancel(reference))]
            self.files.send(
                f"{reference}/cancel", lambda number: self._x12("cancel", number, "OW", "940", sets)
            )
        else:
            content = tables.cancel(reference, columns=self._columns)
            self.files.send(
                f"{reference}/cancel", lambda number: self._file("cancel", number, "csv", content, 1)
            )
        return warehouse.CancelAnswer.ASKED

    def _x12(
        self,
        kind: str,
        number: int,
        group: str,
        code: str,
        sets: Sequence[tuple[str, Sequence[x12.Segment]]],
    ) -> files.OutgoingFile:
        chosen = self._settings
        envelope = x12.Envelope(chosen.sender_id, chosen.receiver_id, number, datetime.now(UTC))
        content = x12.written(envelope, group=group, code=code, sets=sets)
        return self._file(kind, number, "x12", content, len(sets))

    def _file(self, kind: str, number: int, extension: str, content: bytes, rows: int) -> files.OutgoingFile:
        name = f"{kind}_{datetime.now(UTC):%Y%m%d%H%M%S}_{number}.{extension}"
        return files.OutgoingFile(f"{self._settings.orders_folder}/{name}", content, kind, rows)


CONNECTOR = connections.Connector(
    id="file_3pl",
    kind=connections.Kind.WAREHOUSES,
    label="3PL by files (CSV or X12)",
    settings=Settings,
    connect=File3pl,
    vendor=connections.Vendor(
        connections.Maturity.BETA,
        "A partner server over real SFTP in the tests, by a specification of its own, and published X12 samples.",
    ),
    features=frozenset({"fulfill", "cancel", "test", "acknowledge_files"}),
    feeds=(FILES,),
    exchanges_files=True,
)
