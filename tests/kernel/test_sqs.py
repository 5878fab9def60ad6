"""The queue of SQS over real HTTP: messages come until they are deleted, and failures say whose they are."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import boto3
import botocore.exceptions
import pytest
from moto.server import ThreadedMotoServer

from doorstep.kernel import errors, http
from doorstep.kernel.sources import sqs

REGION = "eu-west-1"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def sender(endpoint: str) -> Any:
    return boto3.client(
        "sqs",
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


@pytest.fixture
def url(sender: Any, request: pytest.FixtureRequest) -> str:
    name = "".join(each for each in request.node.name if each.isalnum())[:70]
    return str(sender.create_queue(QueueName=name)["QueueUrl"])


def opened(url: str, endpoint: str, **more: Any) -> sqs.SqsQueue:
    keys = {"access_key": "test", "secret_key": "test", "timeout_seconds": 5.0, **more}
    return sqs.SqsQueue(sqs.Address(url, REGION, endpoint=endpoint, **keys), name="acme")


def test_messages_are_received_and_deleted(sender: Any, url: str, endpoint: str) -> None:
    for number in range(12):
        sender.send_message(QueueUrl=url, MessageBody=f"message {number} – ₹")
    queue = opened(url, endpoint)
    assert queue.waiting() == 12
    received = []
    while found := queue.receive():
        received += found
    assert {each.body.decode() for each in received} == {f"message {number} – ₹" for number in range(12)}
    queue.delete([each.receipt for each in received])
    queue.delete([each.receipt for each in received])
    assert (queue.receive(), queue.waiting()) == ([], 0)


def test_what_is_not_deleted_comes_again(sender: Any, url: str, endpoint: str) -> None:
    sender.send_message(QueueUrl=url, MessageBody="once")
    queue = opened(url, endpoint)
    (first,) = queue.receive()
    assert queue.receive() == []
    sender.change_message_visibility(QueueUrl=url, ReceiptHandle=first.receipt, VisibilityTimeout=0)
    (again,) = queue.receive()
    assert (again.id, again.body) == (first.id, first.body)


def test_a_queue_that_does_not_exist(url: str, endpoint: str) -> None:
    with pytest.raises(errors.NotFound, match="there is no queue"):
        opened(f"{url}-gone", endpoint).receive()


def test_a_queue_that_does_not_answer() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    queue = opened("http://127.0.0.1/1/q", f"http://127.0.0.1:{port}", timeout_seconds=0.5)
    for work, maybe_done in ((queue.receive, False), (lambda: queue.delete(["r"]), True)):
        with pytest.raises(http.Unanswered) as caught:
            work()
        assert caught.value.maybe_done is maybe_done


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("InvalidClientTokenId", 403, http.AuthFailed),
        ("AccessDenied", 400, http.AuthFailed),
        ("Whatever", 403, http.AuthFailed),
        ("QueueDoesNotExist", 400, errors.NotFound),
        ("ThrottlingException", 400, http.Unanswered),
        ("InternalFailure", 500, http.Unanswered),
        ("InvalidParameterValue", 400, http.Rejected),
    ],
)
def test_refusals_are_errors_of_ours(
    endpoint: str, monkeypatch: pytest.MonkeyPatch, code: str, status: int, kind: type[errors.DoorstepError]
) -> None:
    queue = opened("http://127.0.0.1/1/q", endpoint)
    answer: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}

    def refuse(**_: object) -> None:
        raise botocore.exceptions.ClientError(answer, "ReceiveMessage")

    monkeypatch.setattr(queue._client, "receive_message", refuse)
    with pytest.raises(kind):
        queue.receive()


def test_without_keys_a_person_must_act(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = opened("http://127.0.0.1/1/q", endpoint)

    def refuse(**_: object) -> None:
        raise botocore.exceptions.NoCredentialsError

    monkeypatch.setattr(queue._client, "receive_message", refuse)
    with pytest.raises(http.AuthFailed, match="no keys"):
        queue.receive()
