"""Features of notifications.ports.Messenger."""

from __future__ import annotations

from tests.contracts import stage

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
