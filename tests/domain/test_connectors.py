"""What a connector declares is known."""

from __future__ import annotations

import pytest

from doorstep.domain.connections.model import Connector, Kind, Maturity, Vendor
from doorstep.kernel import errors


def test_a_feature_that_nobody_knows_is_refused() -> None:
    vendor = Vendor(Maturity.BETA, "Nothing yet.")
    with pytest.raises(errors.Invalid, match="acme declares unknown features: lables"):
        Connector("acme", Kind.CARRIERS, "Acme", object, object, vendor, frozenset({"lables", "test"}))


def test_a_feature_that_needs_a_setting_is_there_when_it_is_set() -> None:
    vendor = Vendor(Maturity.BETA, "Nothing yet.")
    shop = Connector(
        "acme", Kind.CHANNELS, "Acme", object, object, vendor,
        frozenset({"test", "publish_stock"}), needs={"publish_stock": "warehouse"},
    )  # fmt: skip
    assert [shop.does("publish_stock", {"warehouse": name}) for name in ("", "w-1")] == [False, True]
    assert not shop.does("publish_stock", {})
    assert shop.does("test", {})
    assert not shop.does("subscribe", {"warehouse": "w-1"})
    with pytest.raises(errors.Invalid, match="acme says what features need that it does not declare"):
        Connector(
            "acme", Kind.CHANNELS, "Acme", object, object, vendor, frozenset(), needs={"publish_stock": "warehouse"}
        )  # fmt: skip
