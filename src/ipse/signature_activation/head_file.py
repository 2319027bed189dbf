"""The head of the audit log, outside the database: an older copy of the whole database is known by it.

Two slots are written in turn, so that one is always whole. The file also says that one process alone serves.
"""

from __future__ import annotations

import fcntl
import hmac
import os
from pathlib import Path

from ipse.kernel.settings import SettingsError
from ipse.signature_activation.lines import FIRST

_NUMBER, _DIGEST, _MAC = 8, 32, 32
_SLOT = _NUMBER + _DIGEST + _MAC


class HeadFile:
    """The file, held open and locked."""

    def __init__(self, path: Path, key: bytes, *, alone: bool = True) -> None:
        self._key = key
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if alone:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._file)
            raise SettingsError(f"another process serves already, and holds {path}") from error

    def read(self) -> tuple[int, bytes]:
        """Number and digest of the last line that was noted; zero where none was."""
        slots = [os.pread(self._file, _SLOT, place) for place in (0, _SLOT)]
        return max((self._opened(slot) for slot in slots), key=lambda head: head[0])

    def write(self, seq: int, digest: bytes) -> None:
        """Note a line; on disk when this returns."""
        content = seq.to_bytes(_NUMBER) + digest
        os.pwrite(self._file, content + self._mac(content), (seq % 2) * _SLOT)
        os.fdatasync(self._file)

    def restart(self, seq: int, digest: bytes) -> None:
        """Note a line in place of all that was noted, later ones too."""
        self.write(seq, digest)
        os.pwrite(self._file, bytes(_SLOT), ((seq + 1) % 2) * _SLOT)
        os.fdatasync(self._file)

    def close(self) -> None:
        """Let others have it."""
        os.close(self._file)

    def _opened(self, slot: bytes) -> tuple[int, bytes]:
        content, mac = slot[: _NUMBER + _DIGEST], slot[_NUMBER + _DIGEST :]
        if len(slot) != _SLOT or not hmac.compare_digest(self._mac(content), mac):
            return 0, FIRST
        return int.from_bytes(content[:_NUMBER]), content[_NUMBER:]

    def _mac(self, content: bytes) -> bytes:
        return hmac.digest(self._key, b"head" + content, "sha256")
