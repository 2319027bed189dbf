"""Waits with everything imported, and divides itself for each job: `python -I -m ipse.documents.worker FD SECONDS MB`.

It never reads a document itself. Each process that comes of it does one job and ends.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from typing import NoReturn

import msgspec
import tzlocal

from ipse.documents.errors import DocumentTakesTooLong, DocumentTooLarge, DocumentUnreadable, place
from ipse.documents.worker.asking import Asking
from ipse.documents.worker.confinement import Confined, apart, confine
from ipse.documents.worker.frames import Done, Refused, Start, packed, received
from ipse.documents.worker.jobs import Job, do, loaded
from ipse.kernel.errors import PlatformError


def wait(control: socket.socket, seconds: int, megabytes: int) -> None:
    """Begin a process for each socket that comes, until the parent has gone."""
    jobs = loaded()
    tzlocal.get_localzone()  # kept from now on; looking it up takes files
    is_apart = apart()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    while True:
        _, handles, _, _ = socket.recv_fds(control, 1, 1)
        if not handles:
            return
        connection = socket.socket(fileno=handles[0])
        if os.fork() == 0:
            control.close()
            work(connection, jobs, lambda: confine(seconds, megabytes, is_apart=is_apart))
        connection.close()


def work(connection: socket.socket, jobs: Mapping[str, Job], confined: Callable[[], tuple[Confined, ...]]) -> NoReturn:
    """Do one job and end."""
    status = 1
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
        myself = os.pidfd_open(os.getpid())
        walls = confined()
        socket.send_fds(connection, [msgspec.json.encode(walls)], [myself])
        os.close(myself)
        signal.signal(signal.SIGXCPU, _out_of_time)
        message = received(connection)
        if isinstance(message, Start):
            connection.sendall(packed(_outcome(message, jobs, Asking(connection))))
            status = 0
    finally:
        os._exit(status)


def _outcome(start: Start, jobs: Mapping[str, Job], asking: Asking) -> Done | Refused:
    try:
        return Done(do(jobs[start.job], start.request, asking))
    except PlatformError as error:
        problems = error.fields.get("problems", ())
        return Refused(error.code, error.detail, tuple(map(str, problems if isinstance(problems, tuple) else ())))
    except MemoryError:
        return Refused(DocumentTooLarge.code, "the worker ran out of memory")
    except Exception as error:  # noqa: BLE001 - whatever a damaged file leads to, it is the file's fault
        return Refused(DocumentUnreadable.code, place(error))


def _out_of_time(*_: object) -> NoReturn:
    raise DocumentTakesTooLong("the time of the processor is used up")


if __name__ == "__main__":
    wait(socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]), int(sys.argv[3]))
