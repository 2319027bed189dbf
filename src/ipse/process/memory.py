"""The memory of a process that holds keys."""

from __future__ import annotations

import contextlib
import ctypes
import resource

_PR_SET_DUMPABLE = 4


def keep_memory_private() -> None:
    """Let nobody have this process's memory, which holds the keys: no core dump, no debugger of the same user."""
    with contextlib.suppress(OSError, ValueError):  # a supervisor may have forbidden the call, having made it itself
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
