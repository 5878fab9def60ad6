"""The 3PL by files on a folder whose calls can fail as an SFTP server's do."""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from tests.contracts.features import warehouses
from tests.contracts.stage import Fault, Hook

from doorstep.domain.connections import model as connections
from doorstep.kernel import files, http
from doorstep.kernel.files.local import LocalStore
from doorstep.kernel.files.store import Entry

T = TypeVar("T")
_KINDS = {"fulfill": "orders_", "cancel": "cancel_", "acknowledge_files": "ack_"}


class Folder(LocalStore):
    """A store whose next call of a kind (write or read) fails."""

    def __init__(self, root: str, *, name: str) -> None:
        super().__init__(root, name=name)
        self.due: deque[tuple[Fault, bool]] = deque()

    def _call(self, work: Callable[[], T], *, reads: bool) -> T:
        if not self.due or self.due[0][1] is not reads:
            return work()
        fault = self.due.popleft()[0]
        if fault is Fault.ERROR:
            raise http.Rejected("The server refuses.")
        is_done = fault in {Fault.TIME_OUT, Fault.MALFORMED}
        if is_done:
            work()
        raise http.Unanswered("The server did not answer.", maybe_done=is_done and not reads)

    def list_files(self, folder: str) -> Sequence[Entry]:
        return self._call(lambda: LocalStore.list_files(self, folder), reads=True)

    def write(self, path: str, content: bytes) -> None:
        self._call(lambda: LocalStore.write(self, path, content), reads=False)


class Stage:
    """One format of the connector."""

    def __init__(self, connector: connections.Connector, root: Path, session: http.Session) -> None:
        for name in ("inbound", "outbound"):
            (root / name).mkdir()
        self.root = root
        settings: Any = connector.settings
        self.connector: Any = connector.connect(
            settings(address=f"file://{root}", format="x12"), session, files.MemorySentLog()
        )
        self.store = Folder(str(root), name="partner")
        self.connector.files = files.Exchange(session, self.store, files.MemorySentLog())

    def prepare(self, feature: str) -> Mapping[str, str]:
        return {"external_ref": self.connector.send(warehouses.REQUEST)} if feature == "cancel" else {}

    def fail(self, feature: str, fault: Fault) -> None:
        self.store.due.append((fault, feature == "test"))

    def effects(self, feature: str) -> int:
        names = [each.name for each in (self.root / "inbound").iterdir()]
        return sum(name.startswith(_KINDS[feature]) for name in names)

    def hook(self) -> Hook:
        raise NotImplementedError("the warehouse sends files only")


@contextmanager
def stage(connector: connections.Connector, _running: object) -> Iterator[Stage]:
    with tempfile.TemporaryDirectory() as root, http.Session("partner", "") as session:
        yield Stage(connector, Path(root), session)
