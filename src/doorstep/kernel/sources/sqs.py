"""Read a queue of Amazon SQS: a message stays hidden for a while once it is read, and is deleted when it is stored.

Import this module where a queue is opened: its library takes 150 ms to load.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

import boto3
import botocore.config
import botocore.exceptions

from doorstep.kernel import errors, http, transactions

MOST_AT_ONCE = 10  # what one call of SQS takes
_HIDDEN_SECONDS = 120  # a message that was not stored in this time comes again
_CREDENTIALS = frozenset(
    {"InvalidClientTokenId", "SignatureDoesNotMatch", "AccessDenied", "AccessDeniedException", "InvalidSecurity",
     "UnrecognizedClientException", "ExpiredToken", "InvalidAccessKeyId"}
)  # fmt: skip
_NO_QUEUE = frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"})


@dataclass(frozen=True, slots=True)
class Address:
    """A queue and the keys to it; `endpoint` is empty for Amazon itself, and without keys the machine's own role is used."""

    url: str
    region: str
    access_key: str = ""
    secret_key: str = field(default="", repr=False)
    endpoint: str = ""
    timeout_seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class QueueMessage:
    """A message, and the receipt that deletes it."""

    id: str
    body: bytes = field(repr=False)
    receipt: str = field(repr=False)


class SqsQueue:
    """One queue; thread-safe. `name` is the connection, for messages of errors."""

    def __init__(self, address: Address, *, name: str) -> None:
        self._address = address
        self._name = name
        wait = botocore.config.Config(
            connect_timeout=address.timeout_seconds,
            read_timeout=address.timeout_seconds,
            retries={"total_max_attempts": 2},
        )
        self._client = boto3.client(
            "sqs",
            endpoint_url=address.endpoint or None,
            region_name=address.region,
            aws_access_key_id=address.access_key or None,
            aws_secret_access_key=address.secret_key or None,
            config=wait,
        )

    def receive(self) -> Sequence[QueueMessage]:
        """Up to ten messages. Others do not get them for two minutes; what is not deleted by then comes again."""
        with self._explained():
            answer = self._client.receive_message(
                QueueUrl=self._address.url,
                MaxNumberOfMessages=MOST_AT_ONCE,
                VisibilityTimeout=_HIDDEN_SECONDS,
                WaitTimeSeconds=0,
            )
        return [
            QueueMessage(
                each["MessageId"], each["Body"].encode(errors="surrogatepass"), each["ReceiptHandle"]
            )
            for each in answer.get("Messages", ())
        ]

    def delete(self, receipts: Sequence[str]) -> None:
        """Delete messages. One that is gone or was given out anew is left alone: it comes again and is known then."""
        for start in range(0, len(receipts), MOST_AT_ONCE):
            part = receipts[start : start + MOST_AT_ONCE]
            entries = [{"Id": str(number), "ReceiptHandle": each} for number, each in enumerate(part)]
            with self._explained(changes=True):
                self._client.delete_message_batch(QueueUrl=self._address.url, Entries=entries)

    def waiting(self) -> int:
        """About how many messages wait; raises what is wrong with address or keys."""
        with self._explained():
            answer = self._client.get_queue_attributes(
                QueueUrl=self._address.url, AttributeNames=["ApproximateNumberOfMessages"]
            )
        return int(answer["Attributes"]["ApproximateNumberOfMessages"])

    @contextlib.contextmanager
    def _explained(self, *, changes: bool = False) -> Iterator[None]:
        transactions.refuse_in_transaction(f"{self._name}: queue")
        try:
            yield
        except botocore.exceptions.ClientError as problem:
            raise self._refusal(problem) from problem
        except botocore.exceptions.NoCredentialsError as problem:
            raise http.AuthFailed(f"{self._name}: there are no keys to the queue.") from problem
        except botocore.exceptions.BotoCoreError as problem:
            raise http.Unanswered(
                f"{self._name}: the queue does not answer: {problem}", maybe_done=changes
            ) from problem

    def _refusal(self, problem: botocore.exceptions.ClientError) -> errors.DoorstepError:
        error = problem.response.get("Error", {})
        code, words = str(error.get("Code", "")), str(error.get("Message", ""))
        status = int(problem.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        if code in _CREDENTIALS or status == HTTPStatus.FORBIDDEN:
            return http.AuthFailed(f"{self._name}: the queue refuses our keys: {words}")
        if code in _NO_QUEUE:
            return errors.NotFound(f"{self._name}: there is no queue {self._address.url}.")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or "Throttl" in code:
            return http.Unanswered(f"{self._name}: the queue fails: {words}", maybe_done=False)
        return http.Rejected(f"{self._name}: the queue refuses the call: {words}", code=code)
