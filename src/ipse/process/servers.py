"""Servers of a process that ends as a whole: by a signal, or when whoever started it is gone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn

from ipse.kernel.settings import Address


class Server(uvicorn.Server):
    """A server whose signals are the process's business: it may be one of several."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield


@contextlib.contextmanager
def bound(address: Address, refused: Callable[[str], Exception]) -> Iterator[socket.socket]:
    """Hold a port, not listening yet; `refused` makes the error that says why it cannot be had."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address.host, address.port))
        except OSError as error:
            raise refused(f"cannot listen on {address.host} port {address.port}: {error.strerror}") from error
        yield listener


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
