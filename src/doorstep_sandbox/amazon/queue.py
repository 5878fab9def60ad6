"""A queue of Amazon SQS. Kept apart: boto3 takes a while to import, and most runs have no queue."""

from __future__ import annotations

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError


class Queue:
    """Sends to the queues of one endpoint; credentials are fixed, as test servers accept any."""

    def __init__(self, endpoint: str, region: str) -> None:
        self.client = boto3.client(
            "sqs",
            endpoint_url=endpoint,
            region_name=region,
            config=Config(proxies={}),  # the queue of a test is on this machine
            aws_access_key_id="sandbox",
            aws_secret_access_key="sandbox",  # noqa: S106 - no secret
        )

    def send(self, address: str, body: str) -> int:
        """The status of the answer. Raises OSError when the queue does not take the message."""
        try:
            answer = self.client.send_message(QueueUrl=address, MessageBody=body)
        except (BotoCoreError, ClientError) as error:
            raise OSError(type(error).__name__) from error
        return int(answer["ResponseMetadata"]["HTTPStatusCode"])
