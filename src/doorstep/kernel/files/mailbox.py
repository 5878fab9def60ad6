"""Files that come by mail: attachments of unread mails from senders that are allowed."""

from __future__ import annotations

import contextlib
import imaplib
import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Literal
from urllib.parse import SplitResult, quote, unquote

import imap_tools

from doorstep.kernel import errors, http
from doorstep.kernel.files.settings import FileSettings, host_of, listed, port_of, user_of
from doorstep.kernel.files.store import Entry

Security = Literal["tls", "plain"]


@dataclass(frozen=True, slots=True)
class Account:
    """A mailbox. `senders`: addresses (`edi@example.com`) or domains (`@example.com`) whose attachments are taken."""

    host: str
    port: int
    username: str
    senders: tuple[str, ...]
    password: str = field(default="", repr=False)
    security: Security = "tls"
    timeout_seconds: float = 30.0


class MailStore:
    """Satisfies Store, except that nothing is written. A folder is one of the mailbox; a mail moves as a whole.

    The path of an attachment is `folder/message id/number-name`, each quoted: it can be found after the mail moved.
    """

    def __init__(self, account: Account, *, name: str) -> None:
        self._account = account
        self._name = name

    def list_files(self, folder: str) -> Sequence[Entry]:
        """See Store. Mails of other senders, and those without a message id, stay as they are."""
        with self._opened(folder) as mailbox:
            found = mailbox.fetch(imap_tools.AND(seen=False), mark_seen=False)
            return [each for mail in found for each in self._entries(folder, mail)]

    def read(self, path: str) -> Iterator[bytes]:
        """See Store."""
        folder, message_id, file = _parts(path)
        with self._opened(folder) as mailbox:
            for mail in mailbox.fetch(_with_id(message_id), mark_seen=False):
                for number, attachment in enumerate(mail.attachments):
                    if f"{number}-{attachment.filename}" == file:
                        yield attachment.payload
                        return
        raise errors.NotFound(f"{self._name} has no mail with {file} in {folder}.")

    def write(self, path: str, content: bytes) -> None:
        """See Store."""
        raise errors.Refused(
            f"{self._name}: {path} ({len(content)} bytes) cannot be written: a mailbox is only read."
        )

    def move(self, path: str, folder: str, name: str) -> str:
        """See Store. The mail keeps its id, so the attachment keeps its name."""
        source, message_id, file = _parts(path)
        with self._opened(source) as mailbox:
            if not mailbox.folder.exists(folder):
                mailbox.folder.create(folder)
            if uids := mailbox.uids(_with_id(message_id)):
                mailbox.flag(uids, imap_tools.MailMessageFlags.SEEN, True)
                mailbox.move(uids, folder)
        return _path(folder, message_id, file)

    def close(self) -> None:
        """Nothing is open: servers end idle sessions."""

    def _entries(self, folder: str, mail: imap_tools.MailMessage) -> Iterator[Entry]:
        message_id = str(mail.obj.get("Message-ID", "")).strip()
        if not message_id or not self._is_allowed(mail.from_):
            return
        sent_at = mail.date.astimezone(UTC) if mail.date.tzinfo else mail.date.replace(tzinfo=UTC)
        for number, each in enumerate(mail.attachments):
            if each.filename:
                path = _path(folder, message_id, f"{number}-{each.filename}")
                yield Entry(path, each.filename, len(each.payload), sent_at, unit=message_id)

    def _is_allowed(self, sender: str) -> bool:
        address = sender.casefold()
        return any(
            address.endswith(each.casefold()) if each.startswith("@") else address == each.casefold()
            for each in self._account.senders
        )

    @contextlib.contextmanager
    def _opened(self, folder: str) -> Iterator[imap_tools.BaseMailBox]:
        """Sign in and open a folder."""
        account = self._account
        kind = imap_tools.MailBox if account.security == "tls" else imap_tools.MailBoxUnencrypted
        try:
            mailbox = kind(account.host, account.port, timeout=account.timeout_seconds)
            with contextlib.closing(_Socket(mailbox)), _login(mailbox, account):
                mailbox.folder.set(folder)
                yield mailbox
        except imap_tools.MailboxLoginError as problem:
            raise http.AuthFailed(f"{self._name}: the mailbox refuses user name or password.") from problem
        except imap_tools.MailboxFolderSelectError as problem:
            raise errors.NotFound(f"{self._name} has no folder {folder}.") from problem
        except (imap_tools.ImapToolsError, imaplib.IMAP4.error, OSError) as problem:
            raise http.Unanswered(f"{self._name} did not answer: {problem}", maybe_done=True) from problem


@dataclass(frozen=True, slots=True)
class _Socket:
    """The connection of a mailbox, which its logout does not close when the sign-in was refused."""

    mailbox: imap_tools.BaseMailBox

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.mailbox.client.shutdown()


def _login(mailbox: imap_tools.BaseMailBox, account: Account) -> imap_tools.BaseMailBox:
    return mailbox.login(account.username, account.password, initial_folder=None)


def _path(folder: str, message_id: str, file: str) -> str:
    return posixpath.join(quote(folder, safe=""), quote(message_id, safe=""), quote(file, safe=""))


def _parts(path: str) -> tuple[str, str, str]:
    parts = [unquote(each) for each in path.split("/")]
    if len(parts) != len(("folder", "message id", "file")):
        raise errors.Invalid(f"{path!r} is not the path of an attachment.", field="path")
    return parts[0], parts[1], parts[2]


def _with_id(message_id: str) -> imap_tools.AND:
    return imap_tools.AND(header=[imap_tools.H("Message-ID", message_id)])


def open_store(settings: FileSettings, parts: SplitResult, *, name: str) -> MailStore:
    """The store of an address imaps://user@host. Without allowed senders anybody could send files."""
    senders = listed(settings.senders)
    if not senders:
        raise errors.Invalid("Set senders: whose attachments are taken from the mailbox.", field="senders")
    account = Account(
        host=host_of(parts),
        port=port_of(parts),
        username=user_of(parts),
        senders=senders,
        password=settings.password.get_secret_value(),
        security="plain" if parts.scheme == "imap" else "tls",
        timeout_seconds=settings.file_timeout_seconds,
    )
    return MailStore(account, name=name)
