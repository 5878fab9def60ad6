"""Run GraphQL documents against the shop, and apply the @idempotent directive."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from graphql import GraphQLError, build_schema, get_directive_values, graphql_sync

from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.shopify import aftermath, fulfillments, model, queries, stock, subscriptions
from doorstep_sandbox.shopify.paging import Info
from doorstep_sandbox.shopify.shop import Shop
from doorstep_sandbox.shopify.views import Views

SCHEMA = build_schema((Path(__file__).parent / "schema.graphql").read_text(encoding="utf-8"))
REQUIRES_KEY = {"inventoryAdjustQuantities"}
REMEMBERS_KEY = {"inventoryAdjustQuantities", "inventorySetQuantities", "refundCreate"}
Mutation = Callable[[Json], Json]


class Engine:
    """The shop behind its GraphQL schema."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.views = Views(shop)
        self.subscriptions = subscriptions.Subscriptions(shop)
        self.root = {**queries.Queries(shop, self.views, self.subscriptions).root, **self._mutations()}

    def run(self, document: str, variables: Json, operation: str | None) -> Json:
        """`data` and, if there are any, `errors` with Shopify's extension codes."""
        result = graphql_sync(
            SCHEMA, document, root_value=self.root, variable_values=variables, operation_name=operation
        )
        answer: Json = {}
        if result.errors:
            answer["errors"] = [error.formatted for error in result.errors]
        if result.data is not None or not result.errors:
            answer["data"] = result.data
        return answer

    def _mutations(self) -> Json:
        fulfilling = fulfillments.Fulfilling(self.shop, self.views)
        stocking = stock.Stock(self.shop, self.views)
        after = aftermath.Aftermath(self.shop, self.views)
        table: dict[str, Mutation] = {
            "fulfillmentCreate": fulfilling.create,
            "fulfillmentTrackingInfoUpdate": fulfilling.update_tracking,
            "fulfillmentEventCreate": fulfilling.add_event,
            "fulfillmentCancel": fulfilling.cancel,
            "inventorySetQuantities": stocking.set,
            "inventoryAdjustQuantities": stocking.adjust,
            "orderCancel": after.cancel_order,
            "refundCreate": after.refund,
            "returnCreate": after.create_return,
            "returnApproveRequest": after.approve,
            "returnDeclineRequest": after.decline,
            "returnProcess": after.process,
            "webhookSubscriptionCreate": self.subscriptions.create,
            "webhookSubscriptionDelete": self.subscriptions.delete,
        }
        return {name: self._mutation(name, work) for name, work in table.items()}

    def _mutation(self, name: str, work: Mutation) -> Callable[..., Json]:
        errors_field = "orderCancelUserErrors" if name == "orderCancel" else "userErrors"

        def resolve(info: Info, **arguments: object) -> Json:
            entry = self._remembered(info, name, arguments)
            if entry is not None and entry["id"]:
                return {**self._again(entry), errors_field: []}
            try:
                answer = work(arguments)
            except fulfillments.Refusal as refusal:
                return {errors_field: [refusal.error]}
            if entry is not None:
                entry.update(_pointer(answer))
            return {**answer, errors_field: []}

        return resolve

    def _remembered(self, info: Info, name: str, arguments: Json) -> Json | None:
        """The stored result of this key, a new one the first time; None without a key."""
        directive = SCHEMA.get_directive("idempotent")
        values = directive and get_directive_values(directive, info.field_nodes[0], info.variable_values)
        if not values:
            if name in REQUIRES_KEY:
                message = f"The @idempotent directive is required for {name}"
                raise GraphQLError(message, extensions={"code": "BAD_REQUEST"})
            return None
        if name not in REMEMBERS_KEY:
            return None
        digest = hashlib.sha256(
            json.dumps([name, arguments], sort_keys=True, default=str).encode()
        ).hexdigest()
        entry: Json = self.shop.state["idempotent"].setdefault(values["key"], {"digest": digest, "id": None})
        if entry["digest"] != digest:
            message = "The idempotency key has been used with different parameters"
            raise GraphQLError(message, extensions={"code": "IDEMPOTENCY_KEY_PARAMETER_MISMATCH"})
        return entry

    def _again(self, entry: Json) -> Json:
        """Return the first response again without any effect."""
        if entry["kind"] == "refund":
            for order in self.shop.orders():
                for each in order["refunds"]:
                    if model.gid("Refund", each["id"]) == entry["id"]:
                        return {"refund": self.views.refund(order, each), "order": self.views.order(order)}
        return {"inventoryAdjustmentGroup": {**entry["group"], "changes": []}}


def _pointer(answer: Json) -> Json:
    """What must be stored to return the same response again."""
    if "refund" in answer:
        return {"kind": "refund", "id": answer["refund"]["id"]}
    group = {key: value for key, value in answer["inventoryAdjustmentGroup"].items() if key != "changes"}
    return {"kind": "stock", "id": group["id"], "group": group}
