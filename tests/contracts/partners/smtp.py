"""SMTP on its partner server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import ClassVar

from tests import partners
from tests.contracts.partners import remote

from doorstep.domain.connections import model as connections


class Stage(remote.Remote):
    partner = "smtp"
    touch: ClassVar[Mapping[str, Mapping[str, str]]] = {"send": {}, "test": {}}

    def prepare(self, feature: str) -> Mapping[str, str]:
        return {}

    def effects(self, feature: str) -> int:
        return len(self.running.mails())


@contextmanager
def stage(connector: connections.Connector, running: partners.Partners) -> Iterator[Stage]:
    ready = running.ready["smtp"]
    with remote.session("smtp://127.0.0.1") as session:
        yield Stage(
            connector,
            running,
            session,
            host=ready["host"],
            port=ready["port"],
            security="plain",
            sender="shop@notnaked.example",
        )
