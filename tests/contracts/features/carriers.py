"""Features of shipping.ports.Carrier."""

from __future__ import annotations

from collections.abc import Mapping

from tests.adapters import parcels
from tests.contracts import stage

from doorstep.domain.connections import model as connections
from doorstep.domain.shipping import model as shipping
from doorstep.domain.shipping import ports

KIND = connections.Kind.CARRIERS


def _void(carrier: ports.Carrier, context: Mapping[str, str]) -> bool:
    carrier.void_label(shipping.Label(context["label"], context["tracking_number"], "", "", ""))
    return True


def _track(carrier: ports.Carrier, context: Mapping[str, str]) -> shipping.TrackingSnapshot:
    return carrier.track(tracking_number=context["tracking_number"], external_id=context["label"])


def _numbered(label: shipping.Label) -> bool:
    return bool(label.external_id and label.tracking_number and label.carrier)


FEATURES = {
    "label": stage.Feature(
        act=lambda carrier, _: carrier.buy_label(parcels.OUT),
        find=lambda carrier, _: carrier.find_label(parcels.OUT),
        good=lambda label: _numbered(label) and label.pdf.startswith(b"%PDF"),
    ),
    "return_pickup": stage.Feature(
        act=lambda carrier, _: carrier.buy_label(parcels.BACK),
        find=lambda carrier, _: carrier.find_label(parcels.BACK),
        good=_numbered,
    ),
    "void": stage.Feature(act=_void, good=bool),
    "track": stage.Feature(
        act=_track,
        good=lambda seen: [scan.status for scan in seen.scans] == [shipping.TrackingStatus.IN_TRANSIT],
        reads=True,
    ),
}
