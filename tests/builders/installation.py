"""Open the application on a test's database, and read and write there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from pydantic import SecretStr
from tests import clock

from doorstep.bootstrap import App, open_app
from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.model import Work
from doorstep.domain.network import views as network
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import LocationId, OrderId
from doorstep.kernel.settings import Settings

T = TypeVar("T")


def opened(dsn: str, folder: Path, **chosen: Any) -> App:
    """The application on a migrated database, with the tests' clock and short waits; `chosen` are other settings."""
    given: dict[str, Any] = {
        "environment": "test", "database_url": SecretStr(dsn), "data_dir": folder, "secret_key": SecretStr("k" * 40),
        "clock_file": clock.FILE, "pool_size": 8, "max_attempts": 3, "retry_base_seconds": 0.02, "retry_longest_seconds": 0.05,
    }  # fmt: skip
    return open_app(Settings(**(given | chosen)), clock=clock.CLOCK)


def environment(app: App) -> dict[str, str]:
    """The settings with which another process uses the same database and clock."""
    chosen = app.settings
    assert chosen.database_url is not None
    return {
        "DOORSTEP_ENVIRONMENT": "test",
        "DOORSTEP_DATABASE_URL": chosen.database_url.get_secret_value(),
        "DOORSTEP_DATA_DIR": str(chosen.data_dir),
        "DOORSTEP_SECRET_KEY": "k" * 40,
        "DOORSTEP_CLOCK_FILE": str(chosen.clock_file),
    }


def location_ids(tx: ReadTx) -> dict[str, LocationId]:
    """The ids of all locations by code."""
    return {each.code: each.id for each in network.locations(tx).values()}


@dataclass
class Installation:
    """An open application, and the ids of its connections (by key) and locations (by code)."""

    app: App
    connection_ids: dict[str, int] = field(default_factory=dict)
    location_ids: dict[str, LocationId] = field(default_factory=dict)

    def read(self, look: Callable[[ReadTx], T]) -> T:
        with self.app.db.read() as tx:
            return look(tx)

    def write(self, work: Callable[[WriteTx], T], *, actor: str = "user:1") -> T:
        with self.app.db.write(actor=actor) as tx:
            return work(tx)

    def work(self, order_id: OrderId) -> list[Work]:
        """The fulfillment orders of an order."""
        return self.read(lambda tx: work_views.of_order(tx, order_id=order_id))
