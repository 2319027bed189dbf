"""What a probe makes of an answer: of each kind of trouble a failure with a reason, and of its own troubles nothing."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from ipse.kernel.ids import RandomIds
from ipse.probes.clients.login import read_page
from ipse.probes.clients.others import Others
from ipse.probes.model import FailedError

if TYPE_CHECKING:
    from collections.abc import Iterator

GOOD = b'{"issuer": "http://127.0.0.1:%d", "jwks_uri": "http://127.0.0.1:%d/keys"}'


@contextlib.contextmanager
def answering(*answers: bytes, pause: float = 0, drip: float = 0) -> Iterator[int]:
    """A server that gives each of these answers in turn, perhaps late, perhaps byte by byte; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        stopping = threading.Event()

        def serve() -> None:
            for answer in answers:
                with contextlib.suppress(OSError):
                    connection, _ = listener.accept()
                    with connection:
                        _take(connection)
                        stopping.wait(pause)
                        said = answer.replace(b"%d", str(port).encode())
                        for place in range(0, len(said), 1 if drip else len(said) or 1):
                            connection.sendall(said[place : place + (1 if drip else len(said))])
                            if drip and stopping.wait(drip):
                                break

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield port
        finally:
            stopping.set()
            listener.close()
            thread.join(5)


def _take(connection: socket.socket) -> None:
    """Read a whole request: who leaves some of it unread breaks the connection."""
    head = b""
    while b"\r\n\r\n" not in head:
        head += connection.recv(65_536)
    head, _, body = head.partition(b"\r\n\r\n")
    lengths = [line.partition(b":")[2] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while lengths and len(body) < int(lengths[0]):
        body += connection.recv(65_536)


def http(body: bytes, *, status: int = 200, kind: str = "application/json") -> bytes:
    """An answer whose connection ends."""
    return f"HTTP/1.1 {status} x\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n".encode() + body


def others(seconds: float = 1) -> Others:
    """Somebody with little patience."""
    return Others(seconds, None, RandomIds())


def test_a_provider_that_answers_as_itself_is_well() -> None:
    with answering(http(GOOD), http(b'{"keys": [{"kty": "EC"}]}')) as port:
        others().provider(f"http://127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([http(b"", status=500)], "discovery: answered 500"),
        ([http(b"", status=302)], "discovery: answered 302"),
        ([http(b"<html>")], "discovery: did not answer a JSON object"),
        ([http(b"[]")], "discovery: did not answer a JSON object"),
        ([http(b'{"issuer": "https://other.example"}')], "discovery: is of another issuer"),
        ([http(b" " * 1_000_001)], "discovery: answered more than 1000000 bytes"),
        ([b""], "discovery: no answer"),
        ([b"nonsense\r\n\r\n"], "discovery: no answer"),
        ([http(GOOD), http(b'{"keys": []}')], "keys: publishes no key"),
        ([http(GOOD), http(b"", status=404)], "keys: answered 404"),
    ],
)
def test_any_other_answer_is_a_failure_that_says_why(answers: list[bytes], said: str) -> None:
    with answering(*answers) as port, pytest.raises(FailedError, match=said):
        others().provider(f"http://127.0.0.1:{port}")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("slowly", [{"pause": 100}, {"drip": 0.02}])
def test_nobody_holds_a_probe_longer_than_its_time(slowly: dict[str, float]) -> None:
    with answering(http(GOOD), **slowly) as port, pytest.raises(FailedError, match="in time"):
        others(0.5).provider(f"http://127.0.0.1:{port}")


def test_nobody_there_is_a_failure_and_no_crash() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(FailedError, match="ConnectError"):
        others().page(f"http://127.0.0.1:{port}/")


def answer(status: ocsp.OCSPResponseStatus) -> bytes:
    """A responder's answer."""
    body = ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)
    return http(body, kind="application/ocsp-response")


def test_a_responder_need_not_know_the_certificate_to_be_well() -> None:
    with answering(answer(ocsp.OCSPResponseStatus.UNAUTHORIZED)) as port:
        others().responders((f"http://127.0.0.1:{port}/ocsp",))


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (answer(ocsp.OCSPResponseStatus.TRY_LATER), "try_later"),
        (http(b"0\x03abc", kind="application/ocsp-response"), "did not answer as a responder"),
        (http(b"", status=503), "answered 503"),
    ],
)
def test_a_responder_that_cannot_answer_is_down(said: bytes, reason: str) -> None:
    with answering(said) as port, pytest.raises(FailedError, match=reason) as caught:
        others().responders((f"http://127.0.0.1:{port}/ocsp",))
    assert caught.value.effect == "full"


def test_one_of_two_responders_down_is_a_partial_failure() -> None:
    good = answering(answer(ocsp.OCSPResponseStatus.UNAUTHORIZED))
    with good as well, answering(http(b"", status=503)) as down, pytest.raises(FailedError) as caught:
        others().responders((f"http://127.0.0.1:{well}/ocsp", f"http://127.0.0.1:{down}/ocsp"))
    assert caught.value.effect == "partial"


@pytest.mark.parametrize("said", [http(b"x", kind="application/timestamp-reply"), http(b"", status=500)])
def test_without_time_stamps_signatures_are_finished_later(said: bytes) -> None:
    with answering(said) as port, pytest.raises(FailedError) as caught:
        others().stamp(f"http://127.0.0.1:{port}/")
    assert caught.value.effect == "degraded"


@pytest.mark.parametrize("page", [b"", b"<html><body>An error", b'<img id="qr" data-content="">', b"\xff\xfe" * 1000])
def test_a_page_without_a_qr_code_is_no_sign_in_page(page: bytes) -> None:
    with pytest.raises(FailedError, match="shows no QR code"):
        read_page(page)
