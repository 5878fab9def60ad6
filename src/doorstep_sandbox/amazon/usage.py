"""Usage plans: a bucket per operation, with the default rates and bursts of the official models."""

from __future__ import annotations

from doorstep_sandbox.frame.limits import Bucket
from doorstep_sandbox.frame.wire import Json

PLANS: dict[str, tuple[float, int]] = {
    "searchOrders": (0.0056, 20),
    "getOrder": (0.5, 30),
    "ordersV0.getOrders": (0.0167, 20),
    "ordersV0.getOrder": (0.5, 30),
    "getOrderItems": (0.5, 30),
    "getOrderAddress": (0.5, 30),
    "getOrderBuyerInfo": (0.5, 30),
    "confirmShipment": (2, 10),
    "createRestrictedDataToken": (1, 10),
    "createFeedDocument": (0.5, 15),
    "createFeed": (0.0083, 15),
    "getFeed": (2, 15),
    "getFeeds": (0.0222, 10),
    "getFeedDocument": (0.0222, 10),
    "createDestination": (1, 5),
    "getDestinations": (1, 5),
    "createSubscription": (1, 5),
    "getSubscription": (1, 5),
    "deleteSubscriptionById": (1, 5),
    "getMarketplaceParticipations": (0.016, 15),
}


class Usage:
    """What each operation may still be called. A seller who needs more is given other plans: `change`."""

    def __init__(self) -> None:
        self.plans = dict(PLANS)
        self.buckets: dict[str, Bucket] = {}
        self.refill()

    def refill(self) -> None:
        self.buckets = {name: Bucket(burst, rate) for name, (rate, burst) in self.plans.items()}

    def take(self, operation: str) -> bool:
        bucket = self.buckets.get(operation)
        return bucket is None or bucket.take(1)

    def header(self, operation: str) -> str:
        plan = self.plans.get(operation)
        return f"{plan[0]}" if plan else ""

    def change(self, body: Json) -> Json:
        """Set plans by operation: {"searchOrders": {"rate": 1, "burst": 40}}; `default` puts all of them back."""
        if body.pop("default", False):
            self.plans = dict(PLANS)
        for name, plan in body.items():
            rate, burst = self.plans[name]
            self.plans[name] = float(plan.get("rate", rate)), int(plan.get("burst", burst))
        self.refill()
        return {name: {"rate": rate, "burst": burst} for name, (rate, burst) in self.plans.items()}
