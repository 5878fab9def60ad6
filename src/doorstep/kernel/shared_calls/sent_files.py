"""The files that a connection has sent, which all processes share: each is stored, with its number, before it is written."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping

from doorstep.kernel.db import Connection, Database, to_type
from doorstep.kernel.files import OutgoingFile, SentFile

_COLUMNS = "id, number, path, content, feed, rows, state"


class SharedSentLog:
    """Satisfies files.SentLog. One process at a time gives out a number of a connection."""

    def __init__(self, db: Database, connection: str) -> None:
        self._db = db
        self._connection = connection

    def begin(self, reference: str, build: Callable[[int], OutgoingFile]) -> SentFile:
        """See SentLog."""
        with self._db.connection() as connection:
            try:
                self._db.move_clock(connection)
                sent = self._find(connection, reference) or self._add(connection, reference, build)
                connection.commit()
            finally:
                connection.rollback()  # a build that failed leaves no number
        return sent

    def _find(self, connection: Connection, reference: str) -> SentFile | None:
        connection.execute("SELECT FROM connections WHERE key = %s FOR NO KEY UPDATE", (self._connection,))
        row = connection.execute(
            f"""
            SELECT {_COLUMNS} FROM file_transfers
             WHERE connection_id = (SELECT id FROM connections WHERE key = %s) AND direction = 'out' AND reference = %s
            """,
            (self._connection, reference),
        ).fetchone()
        return _sent(row) if row is not None else None

    def _add(self, connection: Connection, reference: str, build: Callable[[int], OutgoingFile]) -> SentFile:
        found = connection.execute(
            """
            SELECT coalesce(max(number), 0) + 1 AS number FROM file_transfers
             WHERE connection_id = (SELECT id FROM connections WHERE key = %s) AND direction = 'out'
            """,
            (self._connection,),
        ).fetchone()
        number = to_type(found["number"], int) if found else 1
        file = build(number)
        row = connection.execute(
            f"""
            INSERT INTO file_transfers (connection_id, direction, feed, name, path, size_bytes, sha256, state, rows, reference,
                                        number, content)
            SELECT id, 'out', %s, %s, %s, %s, %s, 'writing', %s, %s, %s, %s FROM connections WHERE key = %s
            RETURNING {_COLUMNS}
            """,
            (
                file.what,
                posixpath.basename(file.path),
                file.path,
                len(file.content),
                file.sha256,
                file.rows,
                reference,
                number,
                file.content,
                self._connection,
            ),
        ).fetchone()
        if row is None:
            raise RuntimeError(f"there is no connection {self._connection}")
        return _sent(row)

    def written(self, sent: SentFile) -> None:
        """See SentLog."""
        self._update(
            sent, "state = 'written', error = NULL, ended_at = business_now(), moved_at = business_now()"
        )

    def failed(self, sent: SentFile, error: str) -> None:
        """See SentLog."""
        self._update(sent, "attempts = attempts + 1, error = %s", error)

    def _update(self, sent: SentFile, what: str, *values: str) -> None:
        with self._db.connection() as connection:
            self._db.move_clock(connection)
            connection.execute(f"UPDATE file_transfers SET {what} WHERE id = %s", (*values, sent.id))
            connection.commit()


def _sent(row: Mapping[str, object]) -> SentFile:
    file = OutgoingFile(
        to_type(row["path"], str),
        bytes(to_type(row["content"], bytes)),
        to_type(row["feed"], str),
        to_type(row["rows"], int),
    )
    return SentFile(
        to_type(row["id"], int), to_type(row["number"], int), file, is_written=row["state"] == "written"
    )
