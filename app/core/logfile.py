"""A log file that several processes write and rotate together (LOG_FILE: 10 MB, 5 backups).

Every line is one write to a file opened for appending, so lines of different processes do not mix. Rotation is done
under a lock, by whoever comes first; the others see that the name now means another file and follow. Nothing here
ever raises: a log on a full disk must not stop a request.
"""

import fcntl
import logging
import os
from pathlib import Path

MAX_BYTES = 10_000_000
BACKUPS = 5
PRIVATE = 0o640


class SharedLogFile(logging.Handler):
    """Append records to a file, and rotate it when it grows too large."""

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES, backups: int = BACKUPS) -> None:
        super().__init__()
        self._path = path
        self._max_bytes = max_bytes
        self._backups = backups
        self._file = -1

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; when it cannot be written it is lost, and the program goes on."""
        try:
            line = f"{self.format(record)}\n".encode("utf-8", "backslashreplace")
            self._follow_rename()
            if os.fstat(self._file).st_size + len(line) > self._max_bytes:
                self._rotate(len(line))
            os.write(self._file, line)
        except (OSError, ValueError, TypeError):
            self._drop()

    def close(self) -> None:
        """Close the file."""
        self._drop()
        super().close()

    def _drop(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, PRIVATE)

    def _follow_rename(self) -> None:
        if self._file >= 0 and not self._is_current():
            self._drop()
        if self._file < 0:
            self._open()

    def _is_current(self) -> bool:
        try:
            named = self._path.stat()
        except FileNotFoundError:
            return False
        own = os.fstat(self._file)
        return (named.st_dev, named.st_ino) == (own.st_dev, own.st_ino)

    def _rotate(self, coming: int) -> None:
        lock = os.open(f"{self._path}.lock", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._follow_rename()
            if os.fstat(self._file).st_size + coming > self._max_bytes:
                self._shift()
                self._drop()
                self._open()
        finally:
            os.close(lock)

    def _shift(self) -> None:
        for number in range(self._backups - 1, 0, -1):
            older = Path(f"{self._path}.{number}")
            if older.exists():
                older.replace(f"{self._path}.{number + 1}")
        self._path.replace(f"{self._path}.1")
