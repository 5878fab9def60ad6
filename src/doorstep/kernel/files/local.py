"""Files in a folder of this machine or of a network drive that is mounted here."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import SplitResult, unquote

from doorstep.kernel import errors, http
from doorstep.kernel.files.settings import FileSettings
from doorstep.kernel.files.store import BLOCK_BYTES, Entry, checked, temporary, under


class LocalStore:
    """Satisfies Store. What leads out of the folder, also by a link, is refused."""

    def __init__(self, root: str, *, name: str) -> None:
        self._root = Path(root)
        self._name = name

    def list_files(self, folder: str) -> Sequence[Entry]:
        """See Store."""
        with self._explained(folder):
            return [
                Entry(
                    under(folder, each.name),
                    each.name,
                    each.stat().st_size,
                    datetime.fromtimestamp(each.stat().st_mtime, UTC),
                )
                for each in sorted(self._inside(folder).iterdir())
                if each.is_file() and not each.is_symlink()
            ]

    def read(self, path: str) -> Iterator[bytes]:
        """See Store."""
        with self._explained(path), self._inside(path).open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                yield block

    def write(self, path: str, content: bytes) -> None:
        """See Store."""
        with self._explained(path):
            unfinished = self._inside(temporary(path))
            with unfinished.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(self._inside(path))

    def move(self, path: str, folder: str, name: str) -> str:
        """See Store."""
        target = under(folder, name)
        with self._explained(path):
            source, there = self._inside(path), self._inside(target)
            there.parent.mkdir(exist_ok=True)
            if source.exists() or not there.exists():
                source.replace(there)
        return target

    def close(self) -> None:
        """Nothing is open."""

    def _inside(self, path: str) -> Path:
        found = (self._root / checked(path)).resolve()
        if not found.is_relative_to(self._root.resolve()):
            raise errors.Refused(f"{self._name}: {path} leads out of the folder.")
        return found

    @contextlib.contextmanager
    def _explained(self, path: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as problem:
            raise errors.NotFound(f"{self._name} has no {path or 'such folder'}.") from problem
        except PermissionError as problem:
            raise http.AuthFailed(f"{self._name}: no access to {path}.") from problem
        except OSError as problem:
            reason = problem.strerror or str(problem)
            raise http.Unanswered(f"{self._name}: {path}: {reason}", maybe_done=True) from problem


def open_store(settings: FileSettings, parts: SplitResult, *, name: str) -> LocalStore:
    """The store of an address file:///folder."""
    return LocalStore(unquote(parts.path), name=name)
