"""Features of connections.ports that connectors of every kind may have."""

from __future__ import annotations

import io
from typing import Any

from tests.clock import NOON
from tests.contracts import stage

from doorstep.domain.connections.model import CheckFinding

ADDRESS = "https://shop.example.com/hooks/test"


def _checked(connector: Any) -> tuple[CheckFinding, ...]:
    return tuple(connector.test_connection())


def _subscribed(connector: Any) -> frozenset[str]:
    """The topics that are sent to us, whether they were there or are set up now."""
    found = connector.ensure_subscriptions(ADDRESS)
    return frozenset(found.present) | frozenset(found.added)


# A shipment (945), in the only format of files that is answered.
_DAY = f"{NOON:%Y%m%d}"
INTERCHANGE = (
    f"ISA*00*          *00*          *ZZ*PARCEL3PL      *ZZ*DEPOSITOR      *{_DAY[2:]}*1000*U*00401*000000007*0*P*>~"
    f"GS*SW*PARCEL3PL*DEPOSITOR*{_DAY}*1000*7*X*004010~ST*945*0001~W06*F*FO-7*{_DAY}*SH1~SE*3*0001~GE*1*7~IEA*1*000000007~"
)


def _answered(connector: Any) -> bool:
    connector.acknowledge_file("files", "shipments_1.x12", io.BytesIO(INTERCHANGE.encode()))
    return True


FEATURES = {
    "acknowledge_files": stage.Feature(act=lambda connector, _: _answered(connector), good=bool),
    "test": stage.Feature(
        act=lambda connector, _: _checked(connector),
        good=lambda found: all(str(each.name) and str(each.message) for each in found),
        reads=True,
    ),
    "subscribe": stage.Feature(act=lambda connector, _: _subscribed(connector), good=bool),
}
