"""Stock levels as a feed of listings (JSON_LISTINGS_FEED, version 2.0), and what its processing report says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from doorstep.domain.inventory.ports import StockLevel
from doorstep.kernel import parsing

UNDER_WAY = frozenset({"IN_QUEUE", "IN_PROGRESS"})
DONE = "DONE"
_ENCODER = msgspec.json.Encoder()


class FeedDocument(msgspec.Struct, rename="camel"):
    """Where a document is put or fetched; the address is good for five minutes."""

    feed_document_id: str
    url: str
    compression_algorithm: str = ""


class FeedCreated(msgspec.Struct, rename="camel"):
    """A feed that was started."""

    feed_id: str


class Feed(msgspec.Struct, rename="camel"):
    """How a feed stands. The report is there once it is done, and sometimes when it ended badly."""

    feed_id: str
    processing_status: str
    result_feed_document_id: str | None = None


class Issue(msgspec.Struct, rename="camel"):
    """What is wrong with a message."""

    message: str = ""
    severity: str = ""
    code: str = ""
    sku: str | None = None


class Report(msgspec.Struct, rename="camel"):
    """A processing report. Messages without an issue of severity ERROR were accepted."""

    issues: list[Issue] = []


class Submitted(msgspec.Struct):
    """A feed under way: its id, and our SKUs of listings that have another name."""

    feed: str
    skus: dict[str, str] = {}


def document(seller_id: str, levels: Sequence[StockLevel]) -> bytes:
    """The feed that sets these levels of stock that the seller ships."""
    messages = [
        {
            "messageId": number,
            "sku": level.listing,
            "operationType": "PATCH",
            "productType": "PRODUCT",
            "patches": [
                {
                    "op": "replace",
                    "path": "/attributes/fulfillment_availability",
                    "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": level.available}],
                }
            ],
        }
        for number, level in enumerate(levels, start=1)
    ]
    header = {"sellerId": seller_id, "version": "2.0", "issueLocale": "en_US"}
    return _ENCODER.encode({"header": header, "messages": messages})


def handle(feed_id: str, levels: Sequence[StockLevel]) -> str:
    """What is kept until the feed ends."""
    renamed = {level.listing: level.sku for level in levels if level.listing != level.sku}
    return _ENCODER.encode(Submitted(feed_id, renamed)).decode()


def submitted(kept: str) -> Submitted:
    """The feed of a handle."""
    return parsing.read(kept.encode(), Submitted)


def refused(report: bytes, skus: Mapping[str, str]) -> dict[str, str]:
    """Our SKUs that Amazon did not take, and why. Raises Invalid for what is no report."""
    found: dict[str, list[str]] = {}
    for issue in parsing.read(report, Report).issues:
        if issue.severity == "ERROR" and issue.sku:
            words = f"{issue.message.rstrip('.')}." + (f" ({issue.code})" if issue.code else "")
            found.setdefault(skus.get(issue.sku, issue.sku), []).append(words)
    return {sku: " ".join(dict.fromkeys(words)) for sku, words in found.items()}


def problems(report: bytes) -> str:
    """Every error of a report."""
    return _words(parsing.read(report, Report).issues)


def refusal(report: bytes) -> str:
    """Why Amazon refused the feed as a whole: errors that name no listing. Empty where there are none."""
    return _words([each for each in parsing.read(report, Report).issues if not each.sku])


def _words(issues: Sequence[Issue]) -> str:
    return " ".join(dict.fromkeys(each.message for each in issues if each.severity == "ERROR"))
