"""Servers of a process that ends as a whole: by a signal, or when whoever started it is gone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Iterator

import uvicorn


class Server(uvicorn.Server):
    """A server whose signals are the process's business: it may be one of several."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


def stop_when_told(stop: Callable[[], None], lifeline: int | None = None) -> None:
    """Have `stop` called in the running loop at SIGTERM and SIGINT.

    With `lifeline`, the reading end of a pipe, also when its other end closes: the process that started us is gone.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    if lifeline is None:
        return

    def readable() -> None:
        if not os.read(lifeline, 1):
            loop.remove_reader(lifeline)
            stop()

    loop.add_reader(lifeline, readable)
