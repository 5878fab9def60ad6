"""The contract of connections.ports.Inbound, for every connector that receives messages."""

from __future__ import annotations

import pytest
from tests.contracts import stage
from tests.contracts.conftest import Open

from doorstep.domain.connections import model as connections
from doorstep.domain.fulfillment.model import warehouse
from doorstep.domain.notifications import model as notifications
from doorstep.domain.orders import model as orders
from doorstep.domain.payments import model as payments
from doorstep.domain.returns import model as returns
from doorstep.domain.shipping import model as shipping
from doorstep.kernel import errors

OBSERVATIONS = (
    connections.Hint
    | orders.OrderSnapshot
    | payments.PaymentSnapshot
    | payments.RefundSnapshot
    | returns.ReturnSnapshot
    | shipping.TrackingSnapshot
    | notifications.DeliveryReceipt
    | notifications.CustomerText
    | notifications.ContactChoice
    | warehouse.WarehouseUpdate
)
ACCEPTED, REFUSED = connections.Verdict.ACCEPTED, connections.Verdict.REFUSED


def without(hook: stage.Hook) -> dict[str, str]:
    """The headers of a message without its proof."""
    return {name: value for name, value in hook.headers.items() if name != hook.proof}


RECEIVERS = [
    pytest.param(connector, id=f"{connector.kind}-{connector.id}")
    for connector in stage.found()
    if "inbound" in connector.features
]


@pytest.mark.parametrize("connector", RECEIVERS)
def test_a_genuine_message_is_observed(open_stage: Open, connector: connections.Connector) -> None:
    opened = open_stage(connector)
    hook = opened.hook()
    request = connections.InboundRequest(hook.headers, hook.body)
    assert opened.connector.acknowledge(request).verdict is ACCEPTED
    envelope = opened.connector.envelope(request)
    observed = opened.connector.parse(envelope.topic, hook.headers, hook.body)
    assert observed
    assert all(isinstance(one, OBSERVATIONS) for one in observed)


@pytest.mark.parametrize("connector", RECEIVERS)
def test_a_message_without_proof_is_refused(open_stage: Open, connector: connections.Connector) -> None:
    opened = open_stage(connector)
    hook = opened.hook()
    for headers in (
        {**hook.headers, hook.proof: hook.headers[hook.proof] + "x"},
        {**hook.headers, hook.proof: "ü"},
        without(hook),
    ):
        request = connections.InboundRequest(headers, hook.body)
        assert opened.connector.acknowledge(request).verdict is REFUSED


@pytest.mark.parametrize("connector", RECEIVERS)
def test_a_repeat_has_the_same_id_and_broken_bodies_have_one_too(
    open_stage: Open, connector: connections.Connector
) -> None:
    opened = open_stage(connector)
    hook = opened.hook()
    first, second = (
        opened.connector.envelope(connections.InboundRequest(hook.headers, hook.body)) for _ in range(2)
    )
    assert first == second
    for broken in (b"", b"{", b"\xff\xfe", b"[" * 50_000):
        assert opened.connector.envelope(connections.InboundRequest({}, broken)).event_id


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe"])
@pytest.mark.parametrize("connector", RECEIVERS)
def test_a_broken_body_is_invalid(open_stage: Open, connector: connections.Connector, body: bytes) -> None:
    opened = open_stage(connector)
    hook = opened.hook()
    topic = opened.connector.envelope(connections.InboundRequest(hook.headers, hook.body)).topic
    with pytest.raises(errors.Invalid):
        opened.connector.parse(topic, hook.headers, body)
