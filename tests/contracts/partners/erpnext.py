"""ERPNext on its partner server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import ClassVar

from tests import partners
from tests.contracts.conftest import CONFIG
from tests.contracts.features import erp
from tests.contracts.partners import remote

from doorstep.domain.connections import model as connections

_CREATION = {"method": "POST", "path_regex": "/api/resource/Sales"}


class Stage(remote.Remote):
    partner = "erpnext"
    touch: ClassVar = {"test": {"method": "GET"}, "invoice": _CREATION, "credit_note": _CREATION}

    def prepare(self, feature: str) -> Mapping[str, str]:
        self.act("seed", documents=CONFIG["erpnext"]["documents"])
        return {} if feature in {"test", "invoice"} else {"invoice": self.connector.post(erp.INVOICE).number}

    def effects(self, feature: str) -> int:
        documents = self.state()["documents"]["Sales Invoice"].values()
        submitted = [one for one in documents if one["docstatus"] == 1]
        return sum(1 for one in submitted if bool(one.get("is_return")) is (feature == "credit_note"))


@contextmanager
def stage(connector: connections.Connector, running: partners.Partners) -> Iterator[Stage]:
    ready = running.ready["erpnext"]
    with remote.session(ready["url"]) as session:
        yield Stage(
            connector,
            running,
            session,
            base_url=ready["url"],
            api_key=ready["api_key"],
            api_secret=ready["api_secret"],
        )
