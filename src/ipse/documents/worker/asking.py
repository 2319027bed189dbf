"""How a job asks its parent, the only one it can talk to."""

from __future__ import annotations

import socket
from typing import Literal

from ipse.documents.errors import NotAnswered
from ipse.documents.worker.frames import Question, Told, packed, received


class Asking:
    """Sends a question and waits. Every method raises NotAnswered."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def timestamp(self, digest: bytes) -> bytes:
        """A TimeStampToken over a digest, in DER."""
        return self._asked("timestamp", digest)

    def ocsp(self, certificate: bytes, issuer: bytes) -> bytes:
        """An OCSPResponse about a certificate, in DER."""
        return self._asked("ocsp", certificate, issuer)

    def crl(self, url: str) -> bytes:
        """A certificate revocation list, in DER."""
        return self._asked("crl", url.encode())

    def _asked(self, what: Literal["timestamp", "ocsp", "crl"], first: bytes, second: bytes = b"") -> bytes:
        self._connection.sendall(packed(Question(what, first, second)))
        message = received(self._connection)
        if not isinstance(message, Told) or message.answer is None:
            raise NotAnswered(f"no answer to {what}")
        return message.answer
