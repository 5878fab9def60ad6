"""Verify webhooks with a connection's former secret for a day after a change, so that a rotation loses no message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

import pydantic

from doorstep.bootstrap import connection_settings
from doorstep.domain.connections import actions
from doorstep.domain.connections.model import Ack, Connection, Connector, InboundRequest, Verdict
from doorstep.domain.connections.ports import Inbound
from doorstep.domain.connections.views import FormerSecrets
from doorstep.kernel import errors, http
from doorstep.kernel.db import WriteTx
from doorstep.kernel.secrets import Vault
from doorstep.kernel.time import Clock

_GOOD_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Former:
    """The connector as it was opened with the former secrets, and until when it counts."""

    receiver: Inbound
    secrets: FormerSecrets


def keep(
    tx: WriteTx, *, before: Connection, connector: Connector, new: Mapping[str, object], vault: Vault
) -> None:
    """Keep the former secrets if one that verifies webhooks changes."""
    model = connection_settings.model_of(connector)
    verifying = [name for name, field in model.model_fields.items() if connection_settings.verifies(field)]
    if all(new.get(name) == before.settings.get(name) for name in verifying):
        return
    secret = {name: value for name, value in before.settings.items() if name in new}
    actions.keep_former_secrets(tx, connection_id=before.id, sealed=vault.seal(secret), good_for=_GOOD_FOR)


def opened(
    former: FormerSecrets,
    *,
    connection: Connection,
    connector: Connector,
    session: http.Session,
    vault: Vault,
) -> Former:
    """The connector with the former secrets; raises Invalid if they cannot be opened, or are too weak to verify with."""
    settings = {**connection.settings, **vault.open_(former.sealed)}
    model: pydantic.BaseModel = connection_settings.opened(connector, settings)
    if any(each.blocks_webhooks for each in connection_settings.weak_settings(model)):
        raise errors.Invalid("The former webhook secret is too weak: it does not count.")
    return Former(cast("Inbound", connector.connect(model, session)), former)


def acknowledge(receiver: Inbound, former: Former | None, request: InboundRequest, clock: Clock) -> Ack:
    """The acknowledgement by the current secret, else by the former one while it counts."""
    ack = receiver.acknowledge(request)
    if ack.verdict is not Verdict.REFUSED or former is None or former.secrets.good_until <= clock.now():
        return ack
    return former.receiver.acknowledge(request)
