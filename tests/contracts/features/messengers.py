"""Features of notifications.ports.Messenger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tests.contracts import stage

from doorstep.domain.connections import model as connections
from doorstep.domain.notifications import model as notifications
from doorstep.domain.notifications.ports import Messenger
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
    template="shipped",
    variables={"name": "Meera", "order_number": "1007", "carrier": "ShipHawk"},
)


def _send(messenger: Messenger, context: Mapping[str, str]) -> str:
    """To the address that the medium needs."""
    with messenger.open() as mailing:
        return mailing.send(replace(MESSAGE, to=context.get("to", MESSAGE.to)))


FEATURES = {"send": stage.Feature(act=_send, good=bool, repeats_after_doubt=False)}
