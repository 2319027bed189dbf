"""What parent and worker say to each other: a length in four bytes, then msgpack."""

from __future__ import annotations

import socket
import struct
from typing import Final, Literal

import msgspec

LENGTH: Final = struct.Struct(">I")
MOST_QUESTIONS: Final = 64
"""That a worker may ask in one job."""
MOST_QUESTION: Final = 1_000_000
"""Bytes of a question."""


class Start(msgspec.Struct, frozen=True, tag=True):
    """Parent: do this."""

    job: str
    request: bytes


class Question(msgspec.Struct, frozen=True, tag=True):
    """Worker: find this out for me."""

    what: Literal["timestamp", "ocsp", "crl"]
    first: bytes
    second: bytes = b""


class Told(msgspec.Struct, frozen=True, tag=True):
    """Parent: this is what I was told; None: nothing."""

    answer: bytes | None


class Done(msgspec.Struct, frozen=True, tag=True):
    """Worker: this came of it."""

    answer: bytes


class Refused(msgspec.Struct, frozen=True, tag=True):
    """Worker: it cannot be done. `code` is one of `ipse.documents.errors`."""

    code: str
    detail: str
    problems: tuple[str, ...] = ()


FromParent = Start | Told
FromWorker = Question | Done | Refused


def packed(message: FromParent | FromWorker) -> bytes:
    """As it goes over the socket."""
    body = msgspec.msgpack.encode(message)
    return LENGTH.pack(len(body)) + body


def unpacked(body: bytes) -> FromWorker:
    """What a worker has said.

    Raises:
        msgspec.DecodeError: that is nothing a worker says.
    """
    message: FromWorker = msgspec.msgpack.decode(body, type=FromWorker)
    return message


def received(connection: socket.socket) -> FromParent:
    """The parent's next message.

    Raises:
        EOFError: the parent has gone.
    """
    (length,) = LENGTH.unpack(_exactly(connection, LENGTH.size))
    message: FromParent = msgspec.msgpack.decode(_exactly(connection, length), type=FromParent)
    return message


def _exactly(connection: socket.socket, count: int) -> bytes:
    whole = bytearray(count)
    view = memoryview(whole)
    while view:
        taken = connection.recv_into(view)
        if not taken:
            raise EOFError
        view = view[taken:]
    return bytes(whole)
