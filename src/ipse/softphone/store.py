"""Where a phone's memory lives: a file, or the process.

A store hands out its state under a lock; nobody else sees or changes the phone until the lock is given back.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import msgspec

from ipse.softphone.errors import DamagedStore, NoPhone, PhoneBusy
from ipse.softphone.state import State

_OWNER_ONLY = 0o600
_LOCK_LOOK_SECONDS = 0.05


class Store(Protocol):
    """One phone's memory."""

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep every other thread and process out.

        Raises:
            PhoneBusy: somebody else holds the phone for too long.
        """

    def load(self) -> State:
        """The state as last saved; an empty one if there is none yet."""

    def save(self, state: State) -> None:
        """Keep the state; durable when this returns."""

    def forget(self) -> None:
        """Lose the phone."""


class MemoryStore:
    """A phone that lives as long as the process."""

    def __init__(self, state: State | None = None) -> None:
        self._state = state.copied() if state else State()
        self._lock = threading.RLock()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep every other thread out."""
        with self._lock:
            yield

    def load(self) -> State:
        """A copy of the state."""
        return self._state.copied()

    def save(self, state: State) -> None:
        """Keep the state."""
        self._state = state.copied()

    def forget(self) -> None:
        """Lose the phone."""
        self._state = State()


class FileStore:
    """A phone in one JSON file, readable by its owner only.

    Writes go to a file beside it which is synced, then moved over the old one: a kill at any point leaves the old
    state or the new one. The lock is a file of its own, because the state file is replaced with each write.
    """

    def __init__(self, path: Path, *, patience_seconds: float = 30.0) -> None:
        self.path = path
        self._patience = patience_seconds
        self._thread_lock = threading.RLock()
        self._depth = 0
        self._descriptor = -1

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep every other thread and process out.

        Raises:
            PhoneBusy: another process holds the phone for longer than `patience_seconds`.
        """
        with self._thread_lock:
            if not self._depth:
                self._descriptor = self._lock()
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if not self._depth:
                    os.close(self._descriptor)

    def _lock(self) -> int:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._beside("lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _OWNER_ONLY)
        give_up = time.monotonic() + self._patience
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return descriptor
            except BlockingIOError:
                if time.monotonic() >= give_up:
                    os.close(descriptor)
                    raise PhoneBusy(f"{self.path} is in use by another process") from None
                time.sleep(_LOCK_LOOK_SECONDS)

    def load(self) -> State:
        """The state in the file; an empty one if there is no file.

        Raises:
            DamagedStore: the file is not a phone's state.
            NoPhone: the file cannot be read.
        """
        try:
            octets = self.path.read_bytes()
        except FileNotFoundError:
            return State()
        except OSError as error:
            raise NoPhone(f"{self.path} cannot be read: {error.strerror}") from error
        try:
            return msgspec.json.decode(octets, type=State)
        except msgspec.DecodeError as error:
            raise DamagedStore(f"{self.path} is not a soft phone's store: {error}") from error

    def save(self, state: State) -> None:
        """Replace the file in one step; durable when this returns."""
        fresh = self._beside("new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, _OWNER_ONLY)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), _OWNER_ONLY)
            file.write(msgspec.json.format(msgspec.json.encode(state), indent=2) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
        self._sync_folder()

    def forget(self) -> None:
        """Delete the file."""
        self.path.unlink(missing_ok=True)
        self._sync_folder()

    def _beside(self, ending: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{ending}")

    def _sync_folder(self) -> None:
        descriptor = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
