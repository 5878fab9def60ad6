"""What a vendor's name most likely means."""

from __future__ import annotations

import pytest

from doorstep.domain.connections.model.maps import suggest

OURS = {"razorpay", "paypal"}


@pytest.mark.parametrize(
    ("external", "meant"),
    [
        ("1 Razorpay", "razorpay"),
        ("razorpay (UPI)", "razorpay"),
        ("Razorpay Secure - Cards, UPI, NetBanking", "razorpay"),
        ("PAYPAL_EXPRESS", "paypal"),
        ("PayPal or Razorpay", None),
        ("Cash on Delivery (COD)", None),
        ("manual", None),
        ("", None),
    ],
)
def test_exactly_one_gateway_must_fit(external: str, meant: str | None) -> None:
    assert suggest(external, OURS) == meant
