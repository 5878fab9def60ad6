"""The contract of notifications.ports.Messenger, for every messenger found."""

from __future__ import annotations

import pytest
from tests.contracts import stage
from tests.contracts.conftest import Open

from doorstep.domain.connections import model as connections
from doorstep.domain.notifications import model as notifications
from doorstep.kernel import ids

KIND = connections.Kind.MESSENGERS
MESSAGE = notifications.OutgoingMessage(
    message_id=ids.MessageId(7),
    reference="message-7",
    to="meera@example.in",
    to_name="Meera Iyer",
    subject="Your order is on its way",
    text="Hello",
    html="<p>Hello</p>",
)
FEATURES = {
    "send": stage.Feature(
        act=lambda messenger, _: messenger.send(MESSAGE), good=bool, repeats_after_doubt=False
    )
}
CASES = stage.cases(KIND, FEATURES)


def test_features_are_known() -> None:
    assert stage.undeclared(KIND, FEATURES) == set()


@pytest.mark.parametrize("case", CASES)
def test_happy_answer(open_stage: Open, case: stage.Case) -> None:
    stage.happy(open_stage(case.connector), case)


@pytest.mark.parametrize("fault", stage.Fault)
@pytest.mark.parametrize("case", CASES)
def test_fault(open_stage: Open, case: stage.Case, fault: stage.Fault) -> None:
    stage.faulty(open_stage(case.connector), case, fault)


@pytest.mark.parametrize("case", CASES)
def test_the_same_reference_has_the_same_id(open_stage: Open, case: stage.Case) -> None:
    """A messenger cannot take back or look up; that it is asked once is the business of flows."""
    opened = open_stage(case.connector)
    context = opened.prepare(case.name)
    assert case.feature.act(opened.connector, context) == case.feature.act(opened.connector, context)
