"""Every file store keeps the same promises: a folder, an SFTP server, a bucket; and a mailbox, which is only read."""

from __future__ import annotations

import asyncio
import imaplib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import asyncssh
import boto3
import pytest
from moto.server import ThreadedMotoServer
from pydantic import SecretStr, ValidationError

from doorstep.kernel import errors, files, http
from doorstep.kernel.files import FileSettings, Store, is_temporary, open_store
from doorstep.kernel.files.store import checked

HOST_KEY = asyncssh.generate_private_key("ssh-ed25519")
USER_KEY = asyncssh.generate_private_key("ssh-ed25519")
PINNED = HOST_KEY.get_fingerprint()


class SftpServer:
    """asyncssh's own server on a loopback port, in a thread."""

    def __init__(self, root: Path) -> None:
        self.root, self.sessions, self.port = root, 0, 0
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.start()

    def start(self) -> None:
        owner = self

        class Door(asyncssh.SSHServer):
            def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
                owner.sessions += 1
                owner.connections.append(conn)

            def password_auth_supported(self) -> bool:
                return True

            def validate_password(self, username: str, password: str) -> bool:
                return (username, password) == ("doorstep", "a password")

        async def listen() -> asyncssh.SSHAcceptor:
            return await asyncssh.create_server(
                Door, "127.0.0.1", self.port, server_host_keys=[HOST_KEY], sftp_factory=self.session,
                authorized_client_keys=asyncssh.import_authorized_keys(USER_KEY.export_public_key().decode()),
            )  # fmt: skip

        self.connections: list[asyncssh.SSHServerConnection] = []
        self.acceptor = asyncio.run_coroutine_threadsafe(listen(), self.loop).result(10)
        self.port = self.acceptor.get_port()

    def session(self, channel: asyncssh.SSHServerChannel) -> asyncssh.SFTPServer:
        return asyncssh.SFTPServer(channel, chroot=str(self.root).encode())

    def drop(self) -> None:
        """End every session without a word."""
        for each in self.connections:
            self.loop.call_soon_threadsafe(each.abort)
        time.sleep(0.1)  # until the sockets are closed

    def stop(self) -> None:
        async def close() -> None:
            self.acceptor.close()
            await self.acceptor.wait_closed()
            waiting = asyncio.all_tasks() - {asyncio.current_task()}
            for each in waiting:
                each.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

        self.drop()
        asyncio.run_coroutine_threadsafe(close(), self.loop).result(10)


@pytest.fixture
def sftp(tmp_path: Path) -> Iterator[SftpServer]:
    root = tmp_path / "server"
    root.mkdir()
    server = SftpServer(root)
    yield server
    server.stop()
    server.loop.call_soon_threadsafe(server.loop.stop)
    server.thread.join(10)
    server.loop.close()


def sftp_settings(server: SftpServer, **given: object) -> FileSettings:
    chosen = {
        "address": f"sftp://doorstep@127.0.0.1:{server.port}",
        "host_key": PINNED,
        "password": "a password",
    }
    return FileSettings.model_validate({**chosen, **given})


@contextmanager
def opened(settings: FileSettings) -> Iterator[Store]:
    store = open_store(settings, name="partner")
    yield store
    store.close()


@pytest.fixture(scope="module")
def s3_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def s3_settings(endpoint: str, bucket: str) -> FileSettings:
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
    client = boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", **keys)
    client.create_bucket(Bucket=bucket)
    client.close()
    return FileSettings(
        address=f"s3://{bucket}/exchange", endpoint=endpoint, access_key="key", secret_key=SecretStr("secret")
    )


@pytest.fixture(params=["folder", "sftp", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store whose folder "in" exists."""
    if request.param == "folder":
        (tmp_path / "in").mkdir()
        settings = FileSettings(address=f"file://{tmp_path}")
    elif request.param == "sftp":
        server: SftpServer = request.getfixturevalue("sftp")
        (server.root / "in").mkdir()
        settings = sftp_settings(server)
    else:
        settings = s3_settings(request.getfixturevalue("s3_endpoint"), f"b{abs(hash(tmp_path)) % 10**9}")
    with opened(settings) as found:
        yield found


def test_what_is_written_is_listed_and_read(store: Store) -> None:
    content = bytes(range(256)) * 40_000
    store.write("in/large.bin", content)
    store.write("in/é ü.csv", b"sku\n")
    found = {each.name: each for each in store.list_files("in")}
    assert {name: each.size for name, each in found.items()} == {"large.bin": len(content), "é ü.csv": 4}
    assert found["large.bin"].modified_at is not None
    assert b"".join(store.read(found["large.bin"].path)) == content


def test_a_file_is_replaced_as_a_whole(store: Store) -> None:
    for content in (b"first and longer", b"second"):
        store.write("in/a.csv", content)
    assert [(each.name, each.size) for each in store.list_files("in")] == [("a.csv", 6)]
    assert b"".join(store.read("in/a.csv")) == b"second"


def test_a_move_makes_the_folder_and_its_repeat_changes_nothing(store: Store) -> None:
    store.write("in/a.csv", b"a")
    assert store.move("in/a.csv", "archive", "000001-a.csv") == "archive/000001-a.csv"
    assert store.move("in/a.csv", "archive", "000001-a.csv") == "archive/000001-a.csv"
    assert store.list_files("in") == []
    assert b"".join(store.read("archive/000001-a.csv")) == b"a"


def test_what_is_missing_is_not_found(store: Store) -> None:
    with pytest.raises(errors.NotFound):
        b"".join(store.read("in/none.csv"))
    with pytest.raises(errors.NotFound):
        store.move("in/none.csv", "archive", "none.csv")


def test_paths_that_leave_the_store_are_refused(store: Store) -> None:
    for path in ("../other", "/etc/passwd", "in/../../x", "in\\..\\x", "in/\0"):
        with pytest.raises(errors.Invalid):
            store.write(path, b"")
    assert checked("./in//a.csv") == "in/a.csv"


def test_a_link_out_of_a_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret").write_text("s")
    (tmp_path / "in" / "link").symlink_to(tmp_path / "secret")
    with opened(FileSettings(address=f"file://{tmp_path}/in")) as found:
        assert found.list_files("") == []
        with pytest.raises(errors.Refused):
            b"".join(found.read("link"))


def test_an_unknown_host_key_is_refused_and_shown(sftp: SftpServer) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").get_fingerprint()
    wrong = sftp_settings(sftp, host_key=other)
    with opened(wrong) as found, pytest.raises(http.AuthFailed, match=r"not the pinned one") as refusal:
        found.list_files("")
    assert PINNED in refusal.value.message
    with pytest.raises(errors.Invalid, match="Set host_key"):
        open_store(sftp_settings(sftp, host_key=" "), name="partner")


def test_a_host_key_may_be_pinned_as_public_key_and_beside_the_next_one(sftp: SftpServer) -> None:
    public = HOST_KEY.export_public_key().decode()
    other = asyncssh.generate_private_key("ssh-ed25519").get_fingerprint()
    with opened(sftp_settings(sftp, host_key=f"{other}, {public}")) as found:
        assert found.list_files("") == []


def test_sftp_signs_in_by_key_and_refuses_a_wrong_password(sftp: SftpServer) -> None:
    key = USER_KEY.export_private_key().decode()
    with opened(sftp_settings(sftp, password="", private_key=key)) as found:
        assert found.list_files("") == []
    for wrong in ({"password": "wrong"}, {"private_key": "no key"}):
        with opened(sftp_settings(sftp, **wrong)) as found, pytest.raises(http.AuthFailed):
            found.list_files("")


def test_one_session_is_kept_and_opened_again_when_it_was_lost(sftp: SftpServer) -> None:
    with opened(sftp_settings(sftp)) as found:
        for _ in range(5):
            found.list_files("")
        assert sftp.sessions == 1
        sftp.drop()
        assert found.list_files("") == []
        assert sftp.sessions == 2
        sftp.stop()
        with pytest.raises(http.Unanswered):
            found.list_files("")
        sftp.start()
        assert found.list_files("") == []


def test_a_server_that_does_not_answer_is_given_up(sftp: SftpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(sftp_settings(sftp, file_timeout_seconds=0.3)) as found:
        found.list_files("")
        monkeypatch.setattr(asyncssh.SFTPServer, "scandir", _never)
        with pytest.raises(http.Unanswered, match="did not answer"):
            found.list_files("")


def _never(_self: asyncssh.SFTPServer, _path: bytes) -> Iterator[asyncssh.SFTPName]:
    time.sleep(1)
    yield from ()


def test_a_bucket_without_access_or_without_an_answer(s3_endpoint: str) -> None:
    settings = s3_settings(s3_endpoint, "closed")
    missing = settings.model_copy(update={"address": "s3://no-such-bucket"})
    with opened(missing) as found, pytest.raises(errors.NotFound):
        found.list_files("in")
    silent = settings.model_copy(update={"endpoint": "http://127.0.0.1:9"})
    with opened(silent) as found, pytest.raises(http.Unanswered):
        found.list_files("in")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def imap() -> Iterator[int]:
    """pymap, an IMAP server, with one empty mailbox."""
    port = _free_port()
    command = [
        str(Path(sys.executable).parent / "pymap"), "--host", "127.0.0.1", "--port", str(port), "--no-tls", "dict", "--demo-user", "edi", "--demo-password", "a password",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ends_at = time.monotonic() + 20
    while time.monotonic() < ends_at:
        try:
            imaplib.IMAP4("127.0.0.1", port).logout()
            break
        except OSError:
            time.sleep(0.05)
    yield port
    process.terminate()
    process.wait(10)


def deliver(port: int, sender: str, message_id: str, **attachments: bytes) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = (
        sender,
        "edi@example.com",
        "Files",
        message_id,
    )
    mail["Date"] = "Mon, 04 May 2026 10:00:00 +0000"
    mail.set_content("Attached.")
    for name, content in attachments.items():
        mail.add_attachment(content, maintype="text", subtype="csv", filename=f"{name}.csv")
    with imaplib.IMAP4("127.0.0.1", port) as mailbox:
        mailbox.login("edi", "a password")
        mailbox.append("INBOX", "", imaplib.Time2Internaldate(0.0), mail.as_bytes())


def mail_settings(port: int, **given: object) -> FileSettings:
    chosen = {
        "address": f"imap://edi@127.0.0.1:{port}",
        "password": "a password",
        "senders": "@parcel.example, edi@x.example",
    }
    return FileSettings.model_validate({**chosen, **given})


def test_attachments_of_unread_mails_from_allowed_senders_are_files(imap: int) -> None:
    deliver(imap, "Robot <robot@parcel.example>", "<1@parcel.example>", stock=b"sku\nA\n", ship=b"order\n1\n")
    deliver(imap, "somebody@else.example", "<2@else.example>", stock=b"sku\nZ\n")
    with opened(mail_settings(imap)) as found:
        listed = {each.name: each for each in found.list_files("INBOX")}
        assert set(listed) == {"stock.csv", "ship.csv"}
        assert {each.unit for each in listed.values()} == {"<1@parcel.example>"}
        assert b"".join(found.read(listed["ship.csv"].path)).replace(b"\r", b"") == b"order\n1\n"
        assert len(found.list_files("INBOX")) == 2  # reading does not mark them


def test_a_mail_is_archived_by_moving_it_and_its_files_stay_readable(imap: int) -> None:
    deliver(imap, "edi@x.example", "<3@x.example>", stock=b"sku\nA\n")
    with opened(mail_settings(imap)) as found:
        (entry,) = found.list_files("INBOX")
        moved = [found.move(entry.path, "Archive", "000001-stock.csv") for _ in range(2)]
        assert moved[0] == moved[1]
        assert found.list_files("INBOX") == []
        assert b"".join(found.read(moved[0])).startswith(b"sku")
        with pytest.raises(errors.NotFound):
            b"".join(found.read(entry.path))
        with pytest.raises(errors.Refused):
            found.write("INBOX/a.csv", b"")


def test_a_mailbox_refuses_a_wrong_password_and_needs_senders(imap: int) -> None:
    with opened(mail_settings(imap, password="wrong")) as found, pytest.raises(http.AuthFailed):
        found.list_files("INBOX")
    with opened(mail_settings(imap)) as found, pytest.raises(errors.NotFound):
        found.list_files("No such folder")
    with pytest.raises(errors.Invalid, match="Set senders"):
        open_store(mail_settings(imap, senders=""), name="partner")
    with opened(mail_settings(_free_port())) as found, pytest.raises(http.Unanswered):
        found.list_files("INBOX")


def test_addresses_are_checked_before_a_store_is_opened() -> None:
    for wrong in ("ftp://host", "sftp://", "nonsense", "sftp://user:password@host"):
        with pytest.raises(ValidationError):
            FileSettings(address=wrong)
    with pytest.raises(errors.Invalid, match="user name"):
        open_store(FileSettings(address="sftp://host", host_key=PINNED), name="partner")


def test_names_of_files_that_are_being_written() -> None:
    assert all(map(is_temporary, (".a.csv", "~a.csv", "a.csv.tmp", "A.CSV.PART", "a.filepart")))
    assert not any(map(is_temporary, ("a.csv", "temporary.csv", "part.csv")))


def test_the_exchange_of_a_connection_follows_its_mode(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a")
    modes: tuple[http.Mode, ...] = ("off", "shadow", "live")
    for mode in modes:
        with http.Session("partner", "", mode=mode) as session:
            store = open_store(FileSettings(address=f"file://{tmp_path}"), name="partner")
            exchange = files.Exchange(session, store, files.MemorySentLog())
            if mode == "off":
                with pytest.raises(http.SwitchedOff):
                    exchange.list_files("")
                continue
            assert [each.name for each in exchange.list_files("")] == ["a.csv"]
            if mode == "shadow":
                for change in (
                    lambda each=exchange: each.move("a.csv", "archive", "a.csv"),
                    lambda each=exchange: each.send(
                        "ref", lambda number: files.OutgoingFile(f"{number}.csv", b"")
                    ),
                ):
                    with pytest.raises(http.Shadowed):
                        change()
    assert [each.name for each in tmp_path.iterdir()] == ["a.csv"]


def test_a_file_is_sent_once_per_reference_with_its_number(tmp_path: Path) -> None:
    with http.Session("partner", "") as session:
        sent = files.MemorySentLog()
        store = open_store(FileSettings(address=f"file://{tmp_path}"), name="partner")
        exchange = files.Exchange(session, store, sent)
        for reference in ("order 1", "order 2", "order 1"):
            exchange.send(reference, lambda number: files.OutgoingFile(f"{number}.csv", b"%d" % number))
    assert sorted(each.name for each in tmp_path.iterdir()) == ["1.csv", "2.csv"]
    assert all(each.is_written for each in sent.files.values())
