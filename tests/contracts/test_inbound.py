"""The contract of connections.ports.Inbound, for every connector that receives messages."""

from __future__ import annotations

import pytest
from tests.contracts import stage
from tests.contracts.conftest import Open

from doorstep.domain.connections import model as connections
from doorstep.domain.orders import model as orders
from doorstep.domain.payments import model as payments
from doorstep.domain.returns import model as returns
from doorstep.domain.shipping import model as shipping
from doorstep.kernel import errors

OBSERVATIONS = (
    orders.OrderSnapshot
    | payments.PaymentSnapshot
    | payments.RefundSnapshot
    | returns.ReturnSnapshot
    | shipping.TrackingSnapshot
)
RECEIVERS = [
    pytest.param(connector, id=f"{connector.kind}-{connector.id}")
    for connector in stage.found()
    if "inbound" in connector.features
]


@pytest.mark.parametrize("connector", RECEIVERS)
def test_a_genuine_message_is_observed(open_stage: Open, connector: connections.Connector) -> None:
    opened = open_stage(connector)
    hook = opened.hook()
    assert opened.connector.verify(hook.headers, hook.body)
    envelope = opened.connector.envelope(hook.headers, hook.body)
    observed = opened.connector.parse(envelope.topic, hook.headers, hook.body)
    assert observed
    assert all(isinstance(one, OBSERVATIONS) for one in observed)


@pytest.mark.parametrize("connector", RECEIVERS)
def test_a_message_without_proof_is_refused(open_stage: Open, connector: connections.Connector) -> None:
    opened = open_stage(connector)
    hook = opened.hook()
    assert not opened.connector.verify(
        {**hook.headers, hook.proof: hook.headers[hook.proof] + "x"}, hook.body
    )
    assert not opened.connector.verify({**hook.headers, hook.proof: "ü"}, hook.body)
    without = {name: value for name, value in hook.headers.items() if name != hook.proof}
    assert not opened.connector.verify(without, hook.body)


@pytest.mark.parametrize("connector", RECEIVERS)
def test_a_repeat_has_the_same_id_and_broken_bodies_have_one_too(
    open_stage: Open, connector: connections.Connector
) -> None:
    opened = open_stage(connector)
    hook = opened.hook()
    first, second = (opened.connector.envelope(hook.headers, hook.body) for _ in range(2))
    assert first == second
    for broken in (b"", b"{", b"\xff\xfe", b"[" * 50_000):
        assert opened.connector.envelope({}, broken).event_id


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe"])
@pytest.mark.parametrize("connector", RECEIVERS)
def test_a_broken_body_is_invalid(open_stage: Open, connector: connections.Connector, body: bytes) -> None:
    opened = open_stage(connector)
    hook = opened.hook()
    topic = opened.connector.envelope(hook.headers, hook.body).topic
    with pytest.raises(errors.Invalid):
        opened.connector.parse(topic, hook.headers, body)
