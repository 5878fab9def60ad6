"""Feeds: documents at presigned addresses, and a queue that ends each feed after some looks or seconds."""

from __future__ import annotations

import gzip
import json
import secrets
from collections.abc import Callable, Mapping
from typing import ClassVar
from xml.etree.ElementTree import ParseError

from starlette.responses import JSONResponse, Response

from doorstep_sandbox.amazon import errors, search
from doorstep_sandbox.frame import clock
from doorstep_sandbox.frame.calls import Call, VendorError
from doorstep_sandbox.frame.wire import Json

ADDRESS_SECONDS = 300
GZIP = b"\x1f\x8b"
IN_QUEUE, IN_PROGRESS, DONE, FATAL = "IN_QUEUE", "IN_PROGRESS", "DONE", "FATAL"

# Processes the content of a feed (its id first) and returns the report. Raises ValueError or ParseError: FATAL.
Processor = Callable[[str, bytes], bytes]


class Feeds:
    """`state` and `settings` are the partner's. Content is kept as Latin-1 text, which holds any bytes."""

    plain: ClassVar[Json] = {"looks": 2, "seconds": 0, "fatal_next": 0}

    def __init__(
        self, settings: Json, state: Callable[[], Json], processors: Mapping[str, Processor]
    ) -> None:
        self.settings = settings
        self.state = state
        self.processors = processors
        self.manner: Json = dict(self.plain)
        self.base_url = ""

    def configure(self, body: Json) -> Json:
        """Control verb: `looks` of getFeed (or `seconds`) until a feed ends; `fatal_next` feeds end as FATAL."""
        unknown = set(body) - set(self.plain)
        if unknown:
            message = f"unknown feed setting: {', '.join(sorted(unknown))}"
            raise ValueError(message)
        self.manner |= body
        return dict(self.manner)

    def create_document(self, call: Call) -> Response:
        content_type = errors.body_of(call).get("contentType")
        if not isinstance(content_type, str) or "/" not in content_type:
            raise errors.invalid("contentType is required.")
        document = self._new_document(content_type=content_type, ends_at=clock.epoch() + ADDRESS_SECONDS)
        body = {"feedDocumentId": document["id"], "url": self._address(document)}
        return JSONResponse(body, 201)

    def upload(self, call: Call) -> Response:
        """PUT to the presigned address, which ends after five minutes and is signed for one content type."""
        document = self._presigned(call)
        if call.headers.get("content-type", "") != document["content_type"]:
            text = "The request signature we calculated does not match the signature you provided."
            raise errors.upload(403, "SignatureDoesNotMatch", text)
        document["content"] = call.body.decode("latin-1")
        return Response(status_code=200)

    def download(self, call: Call) -> Response:
        document = self._presigned(call)
        if document["content"] is None:
            raise errors.upload(404, "NoSuchKey", "The specified key does not exist.")
        return Response(document["content"].encode("latin-1"), media_type="application/octet-stream")

    def create(self, call: Call) -> Response:
        body = errors.body_of(call)
        kind, document = body.get("feedType"), body.get("inputFeedDocumentId")
        if kind not in self.processors:
            raise errors.invalid(f"Invalid request parameters: feedType {kind} is not supported.")
        if not isinstance(body.get("marketplaceIds"), list) or not body["marketplaceIds"]:
            raise errors.invalid("Invalid request parameters: marketplaceIds is required.")
        if document not in self.state()["documents"]:
            raise errors.invalid("Invalid request parameters: inputFeedDocumentId is unknown.")
        identifier = str(50_000_000_000 + len(self.state()["feeds"]) + 1)
        self.state()["feeds"][identifier] = {
            "feedId": identifier,
            "feedType": kind,
            "marketplaceIds": body["marketplaceIds"],
            "createdTime": clock.zulu(clock.now()),
            "processingStatus": IN_QUEUE,
            "document": document,
            "looks": 0,
            "ends_at": clock.epoch() + float(self.manner["seconds"]),
            "fatal": self.manner["fatal_next"] > 0,
        }
        self.manner["fatal_next"] = max(0, self.manner["fatal_next"] - 1)
        return JSONResponse({"feedId": identifier}, 202)

    def read(self, call: Call) -> Response:
        feed: Json | None = self.state()["feeds"].get(call.params["feed_id"])
        if feed is None:
            raise errors.missing()
        self._advance(feed)
        return JSONResponse(_shown(feed))

    def read_many(self, call: Call) -> Response:
        """The newest first; `feedTypes` is required here, as there are no page tokens."""
        kinds = search.split(call.query.get("feedTypes"))
        if not kinds:
            raise errors.invalid("feedTypes is required.")
        wanted = search.split(call.query.get("processingStatuses"))
        found = [feed for feed in reversed(self.state()["feeds"].values()) if feed["feedType"] in kinds]
        shown = [_shown(feed) for feed in found if not wanted or feed["processingStatus"] in wanted]
        return JSONResponse({"feeds": shown[: int(call.query.get("pageSize", 10))]})

    def read_document(self, call: Call) -> Response:
        document: Json | None = self.state()["documents"].get(call.params["document_id"])
        if document is None:
            raise errors.missing()
        document["ends_at"] = clock.epoch() + ADDRESS_SECONDS
        body = {"feedDocumentId": document["id"], "url": self._address(document)}
        if (document["content"] or "").startswith(GZIP.decode("latin-1")):
            body["compressionAlgorithm"] = "GZIP"
        return JSONResponse(body)

    def _advance(self, feed: Json) -> None:
        """One look: IN_QUEUE, then IN_PROGRESS, then the end. The work is done when the feed ends."""
        if feed["processingStatus"] in {DONE, FATAL}:
            return
        feed["looks"] += 1
        timed = self.manner["seconds"] > 0
        if clock.epoch() < feed["ends_at"] if timed else feed["looks"] <= self.manner["looks"]:
            if feed["looks"] > 1:
                feed["processingStatus"] = IN_PROGRESS
                feed.setdefault("processingStartTime", clock.zulu(clock.now()))
            return
        feed.setdefault("processingStartTime", clock.zulu(clock.now()))
        feed["processingEndTime"] = clock.zulu(clock.now())
        self._process(feed)

    def _process(self, feed: Json) -> None:
        content = self.state()["documents"][feed["document"]]["content"]
        feed["processingStatus"] = FATAL
        if feed["fatal"] or content is None:
            return
        raw = content.encode("latin-1")
        try:
            plain = gzip.decompress(raw) if raw.startswith(GZIP) else raw
            report = self.processors[feed["feedType"]](feed["feedId"], plain)
        except (ValueError, ParseError, OSError):
            return
        result = self._new_document(content_type="", ends_at=0)
        result["content"] = gzip.compress(report, mtime=0).decode("latin-1")
        feed.update(processingStatus=DONE, resultFeedDocumentId=result["id"])

    def _new_document(self, *, content_type: str, ends_at: float) -> Json:
        identifier = f"amzn1.tortuga.4.eu.{secrets.token_hex(8)}"
        document = {
            "id": identifier,
            "signature": secrets.token_hex(16),
            "content_type": content_type,
            "ends_at": ends_at,
            "content": None,
        }
        self.state()["documents"][identifier] = document
        return document

    def _address(self, document: Json) -> str:
        signed = f"X-Amz-Expires={ADDRESS_SECONDS}&X-Amz-Signature={document['signature']}"
        return f"{self.base_url}/feed-documents/{document['id']}?{signed}"

    def _presigned(self, call: Call) -> Json:
        document: Json | None = self.state()["documents"].get(call.params["document_id"])
        if document is None or call.query.get("X-Amz-Signature") != document["signature"]:
            raise errors.upload(403, "AccessDenied", "Access Denied")
        if document["ends_at"] <= clock.epoch():
            raise errors.upload(403, "AccessDenied", "Request has expired")
        return document


def _shown(feed: Json) -> Json:
    return {
        name: value for name, value in feed.items() if name not in {"document", "looks", "ends_at", "fatal"}
    }


def issues_of(refusal: VendorError) -> str:
    """The message in an error of the API, for a processing report."""
    document: Json = json.loads(bytes(refusal.response.body))
    return str(document["errors"][0]["message"])
