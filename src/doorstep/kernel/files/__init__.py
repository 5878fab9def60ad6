"""File exchange with partners: a folder, SFTP, S3 or a mailbox behind one small interface.

The stores' libraries are loaded with the first connection that needs them (settings.open_store).
"""

from __future__ import annotations

from doorstep.kernel.files.exchange import Exchange, MemorySentLog, OutgoingFile, SentFile, SentLog
from doorstep.kernel.files.settings import FileSettings, open_store
from doorstep.kernel.files.store import Entry, Store, checked, is_temporary

__all__ = [
    "Entry",
    "Exchange",
    "FileSettings",
    "MemorySentLog",
    "OutgoingFile",
    "SentFile",
    "SentLog",
    "Store",
    "checked",
    "is_temporary",
    "open_store",
]
