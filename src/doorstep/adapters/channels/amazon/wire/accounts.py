"""What Amazon says about the seller's account, and about where notifications go."""

from __future__ import annotations

import msgspec


class Marketplace(msgspec.Struct, rename="camel"):
    """A marketplace."""

    id: str
    name: str = ""
    country_code: str = ""


class Standing(msgspec.Struct, rename="camel"):
    """Whether the seller may sell there."""

    is_participating: bool = False
    has_suspended_listings: bool = False


class Participation(msgspec.Struct, rename="camel"):
    """The seller in a marketplace."""

    marketplace: Marketplace
    participation: Standing
    store_name: str = ""


class ParticipationsAnswer(msgspec.Struct):
    """The seller's marketplaces."""

    payload: list[Participation] = []


class Subscription(msgspec.Struct, rename="camel"):
    """Where notifications of a type go."""

    subscription_id: str
    destination_id: str


class SubscriptionAnswer(msgspec.Struct):
    """A subscription."""

    payload: Subscription


class Sqs(msgspec.Struct):
    """A queue."""

    arn: str = ""


class Resource(msgspec.Struct):
    """What stands behind a destination."""

    sqs: Sqs | None = None


class Destination(msgspec.Struct, rename="camel"):
    """Where an application's notifications may go."""

    destination_id: str
    name: str = ""
    resource: Resource | None = None

    @property
    def queue_arn(self) -> str:
        return self.resource.sqs.arn if self.resource and self.resource.sqs else ""


class DestinationsAnswer(msgspec.Struct):
    """All destinations."""

    payload: list[Destination] = []


class DestinationAnswer(msgspec.Struct):
    """One destination."""

    payload: Destination
