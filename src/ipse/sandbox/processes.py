"""Processes that live and die together: scheme, world, signature activation, certification.

All inherit the reading end of one pipe whose writing end only the parent holds: when the parent goes, however it goes,
the pipe closes and all stop. The parent in turn stops the others when one is gone.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Self

_LOOK_SECONDS = 0.1
STOP_SECONDS = 4.0
"""So long all may take to stop by themselves."""


@dataclass(frozen=True, slots=True)
class Part:
    """One process: what to run, and where its output goes."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str]


@dataclass(slots=True)
class Together:
    """The running processes."""

    parts: Sequence[Part]
    stopping: threading.Event = field(default_factory=threading.Event)
    _children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _lifeline: int = -1

    def __enter__(self) -> Self:
        reading, self._lifeline = os.pipe()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)
        for part in self.parts:
            with part.log.open("ab") as log:
                self._children[part.name] = subprocess.Popen(  # noqa: S603 - our own command line
                    [*part.command, "--lifeline", str(reading)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=dict(part.environment),
                    pass_fds=(reading,),
                    # Ctrl-C at the terminal is for the parent alone, which then stops all in order.
                    start_new_session=True,
                )
        os.close(reading)
        return self

    def __exit__(self, *_: object) -> None:
        for child in self._children.values():
            child.terminate()
        os.close(self._lifeline)
        until = time.monotonic() + STOP_SECONDS
        for child in self._children.values():
            try:
                child.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def ended(self) -> Part | None:
        """A part that is not running any more."""
        return next((part for part in self.parts if self._children[part.name].poll() is not None), None)

    def wait(self) -> Part | None:
        """Until asked to stop (None), or until a part ends by itself (that part)."""
        while not self.stopping.wait(_LOOK_SECONDS):
            if (part := self.ended()) is not None:
                return part
        return None

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping.set()
