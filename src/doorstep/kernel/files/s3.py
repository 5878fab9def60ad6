"""Files in a bucket of Amazon S3 or of a store with the same API."""

from __future__ import annotations

import contextlib
import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import SplitResult, unquote

import boto3
import botocore.config
import botocore.exceptions

from doorstep.kernel import errors, http
from doorstep.kernel.files.settings import FileSettings, host_of
from doorstep.kernel.files.store import BLOCK_BYTES, Entry, checked, under


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket and the keys to it; `endpoint` is empty for Amazon itself."""

    name: str
    prefix: str = ""
    endpoint: str = ""
    region: str = ""
    access_key: str = ""
    secret_key: str = field(default="", repr=False)
    timeout_seconds: float = 30.0


class S3Store:
    """Satisfies Store. A folder is a prefix; an object is visible only when it is complete."""

    def __init__(self, bucket: Bucket, *, name: str) -> None:
        self._bucket = bucket
        self._name = name
        wait = botocore.config.Config(
            connect_timeout=bucket.timeout_seconds,
            read_timeout=bucket.timeout_seconds,
            retries={"total_max_attempts": 2},
        )
        self._client = boto3.client(
            "s3",
            endpoint_url=bucket.endpoint or None,
            region_name=bucket.region or "us-east-1",
            aws_access_key_id=bucket.access_key,
            aws_secret_access_key=bucket.secret_key,
            config=wait,
        )

    def list_files(self, folder: str) -> Sequence[Entry]:
        """See Store. A bucket has no folders of its own: one that holds nothing is empty."""
        prefix = f"{self._key(folder)}/".lstrip("/")
        with self._explained(folder):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket.name, Prefix=prefix, Delimiter="/"
            )
            found = [each for page in pages for each in page.get("Contents", ())]
        return [
            Entry(under(folder, name), name, int(each["Size"]), each["LastModified"])
            for each in found
            if (name := each["Key"][len(prefix) :])
        ]

    def read(self, path: str) -> Iterator[bytes]:
        """See Store."""
        with self._explained(path):
            body = self._client.get_object(Bucket=self._bucket.name, Key=self._key(path))["Body"]
            try:
                yield from body.iter_chunks(BLOCK_BYTES)
            finally:
                body.close()

    def write(self, path: str, content: bytes) -> None:
        """See Store."""
        with self._explained(path, changes=True):
            self._client.put_object(Bucket=self._bucket.name, Key=self._key(path), Body=content)

    def move(self, path: str, folder: str, name: str) -> str:
        """See Store."""
        target = under(folder, name)
        with self._explained(path, changes=True):
            if self._exists(path) or not self._exists(target):
                source = {"Bucket": self._bucket.name, "Key": self._key(path)}
                self._client.copy_object(Bucket=self._bucket.name, Key=self._key(target), CopySource=source)
                self._client.delete_object(**source)
        return target

    def close(self) -> None:
        """See Store."""
        self._client.close()

    def _exists(self, path: str) -> bool:
        try:
            self._client.head_object(Bucket=self._bucket.name, Key=self._key(path))
        except botocore.exceptions.ClientError as problem:
            if _status(problem) == HTTPStatus.NOT_FOUND:
                return False
            raise
        return True

    def _key(self, path: str) -> str:
        return posixpath.join(self._bucket.prefix, checked(path)).rstrip("/")

    @contextlib.contextmanager
    def _explained(self, path: str, *, changes: bool = False) -> Iterator[None]:
        try:
            yield
        except botocore.exceptions.ClientError as problem:
            raise self._refusal(path, problem, changes=changes) from problem
        except botocore.exceptions.NoCredentialsError as problem:
            raise http.AuthFailed(f"{self._name}: set access key and secret key.") from problem
        except (botocore.exceptions.BotoCoreError, OSError) as problem:
            raise http.Unanswered(f"{self._name} did not answer: {problem}", maybe_done=changes) from problem

    def _refusal(
        self, path: str, problem: botocore.exceptions.ClientError, *, changes: bool
    ) -> errors.DoorstepError:
        status = _status(problem)
        reason = str(problem.response.get("Error", {}).get("Message") or problem)
        if status == HTTPStatus.NOT_FOUND:
            return errors.NotFound(f"{self._name} has no {path or 'such folder'}: {reason}")
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            return http.AuthFailed(f"{self._name}: no access to {path}: {reason}")
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
            return http.Unanswered(f"{self._name} did not answer: {reason}", maybe_done=changes)
        return errors.Refused(f"{self._name}: {path}: {reason}")


def _status(problem: botocore.exceptions.ClientError) -> int:
    return int(problem.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def open_store(settings: FileSettings, parts: SplitResult, *, name: str) -> S3Store:
    """The store of an address s3://bucket/folder."""
    bucket = Bucket(
        name=host_of(parts),
        prefix=unquote(parts.path).strip("/"),
        endpoint=settings.endpoint,
        region=settings.region,
        access_key=settings.access_key,
        secret_key=settings.secret_key.get_secret_value(),
        timeout_seconds=settings.file_timeout_seconds,
    )
    return S3Store(bucket, name=name)
