"""The guarded fetcher against real servers: what it calls, what it refuses, and how every call ends (T-23)."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from ipse.kernel.settings import Environment
from ipse.oidc.clients import RequestUriClient
from ipse.web.outgoing import Fetched, Outgoing, OutgoingFailed, OutgoingRefused
from tests.functional.partners.network import PUBLIC, Network, Server, always, serving, tls

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

PRODUCTION, SANDBOX, LAB = Environment.PRODUCTION, Environment.SANDBOX, Environment.LAB


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as running:
        running.says(b"{}")
        yield running


@pytest.fixture
async def outgoing() -> AsyncIterator[Outgoing]:
    made = Outgoing(SANDBOX)
    yield made
    await made.close()


def local(server: Server, path: str = "/") -> str:
    return f"http://127.0.0.1:{server.port}{path}"


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/",
        "https://0.0.0.0/", "https://0/", "https://localhost/", "https://LOCALHOST/", "https://localhost./",
        "https://10.0.0.1/", "https://172.16.0.1/", "https://172.31.255.255/", "https://192.168.1.1/",
        "https://169.254.169.254/latest/meta-data/", "https://100.64.0.1/", "https://100.127.255.254/",
        "https://192.0.0.8/", "https://198.18.0.1/", "https://224.0.0.1/", "https://255.255.255.255/",
        "https://240.0.0.1/", "https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/", "https://[::ffff:10.0.0.1]/", "https://[::127.0.0.1]/", "https://[fe80::1]/",
        "https://[fc00::1]/", "https://[fd12:3456::1]/", "https://[fec0::1]/", "https://[ff02::1]/",
        "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "https://[2001:0:7f00:1::]/",
        "https://[2001:db8::1]/", "https://[100::1]/",
    ],
)  # fmt: skip
async def test_production_calls_no_address_of_its_own_network(url: str) -> None:
    """T-23: IPv4 in every spelling, IPv6 that stands for IPv4, link-local, carrier-grade NAT, multicast."""
    network = Network(1)
    outgoing = Outgoing(PRODUCTION, backend=network)
    with pytest.raises((OutgoingRefused, OutgoingFailed)) as refused:
        await outgoing.fetch(url)
    assert refused.value.reason in {
        "the host is at an address that is not of the public Internet",
        "the host name has no address",
        "an address names a host, no user and no fragment",
    }
    assert network.dialled == [], "nothing was called"


@pytest.mark.parametrize(
    "url",
    [
        "http://partner.example/", "ftp://partner.example/", "file:///etc/passwd", "gopher://partner.example/",
        "https://user@partner.example/", "https://user:pass@partner.example/", "https://partner.example/#part",
        "https:///path", "https://", "//partner.example/", "partner.example", "", "https://partner.example:99999/",
        "https://partner.example:0/", "https://partner.example/a b", "https://partner.example/\n", "https://ex\\ample/",
        "https://pärtner.example/", "https://partner.example/" + "a" * 2048, "https://[::1%25eth0]/", "https://a_b/",
        "https://127.0.0.1\\@partner.example/", "https://-x.example/",
    ],
)  # fmt: skip
async def test_an_address_is_https_and_plain(url: str) -> None:
    network = Network(1)
    with pytest.raises(OutgoingRefused):
        await Outgoing(PRODUCTION, resolve=always(PUBLIC), backend=network).fetch(url)
    assert network.dialled == []


@pytest.mark.parametrize("environment", [SANDBOX, LAB])
async def test_loopback_is_called_in_sandbox_and_lab_only(server: Server, environment: Environment) -> None:
    answered = await Outgoing(environment).fetch(local(server))
    assert answered == Fetched(200, {"content-length": "2", "content-type": "application/json"}, b"{}")
    named = await Outgoing(environment).fetch(f"http://localhost:{server.port}/")
    assert named.status == 200
    for url in ("http://10.0.0.1/", "https://10.0.0.1/", "http://partner.example/"):
        with pytest.raises(OutgoingRefused):
            await Outgoing(environment, resolve=always("10.0.0.1")).fetch(url)
    with pytest.raises(OutgoingRefused):
        await Outgoing(PRODUCTION).fetch(local(server))


@pytest.mark.parametrize(
    "addresses", [("127.0.0.1",), (PUBLIC, "10.0.0.1"), ("::ffff:192.168.0.1",), ("fe80::1%eth0",), ()]
)
async def test_a_name_with_one_bad_address_is_not_called(addresses: Sequence[str]) -> None:
    network = Network(1)
    with pytest.raises((OutgoingRefused, OutgoingFailed)):
        await Outgoing(PRODUCTION, resolve=always(*addresses), backend=network).fetch("https://partner.example/")
    assert network.dialled == []


async def test_a_name_that_changes_its_mind_gains_nothing(tmp_path: Path) -> None:
    """T-23, DNS rebinding: the connection goes to the address that was judged, whatever the name says next."""
    answers = [[PUBLIC], ["127.0.0.1"]]
    asked = []

    async def rebinding(host: str, _port: int) -> Sequence[str]:
        asked.append(host)
        return answers.pop(0)

    context, trusted = tls(tmp_path, "partner.example")
    async with serving(context) as server:
        server.says(b"{}")
        network = Network(server.port)
        outgoing = Outgoing(PRODUCTION, resolve=rebinding, backend=network, context=trusted)
        assert (await outgoing.fetch("https://partner.example/keys")).status == 200
        assert (asked, network.dialled) == (["partner.example"], [PUBLIC]), "resolved once, and that address called"
        with pytest.raises(OutgoingRefused):
            await outgoing.fetch("https://partner.example/keys")
        assert network.dialled == [PUBLIC], "the second look found loopback, and nobody was called"
        await outgoing.close()


async def test_the_certificate_is_of_the_host_that_was_asked_for(tmp_path: Path) -> None:
    context, trusted = tls(tmp_path, "somebody.example")
    async with serving(context) as server:
        server.says(b"{}")
        outgoing = Outgoing(PRODUCTION, resolve=always(PUBLIC), backend=Network(server.port), context=trusted)
        assert (await outgoing.fetch("https://somebody.example/")).body == b"{}"
        with pytest.raises(OutgoingFailed, match="certificate"):
            await outgoing.fetch("https://partner.example/")
        untrusting = Outgoing(PRODUCTION, resolve=always(PUBLIC), backend=Network(server.port))
        with pytest.raises(OutgoingFailed, match="certificate"):
            await untrusting.fetch("https://somebody.example/")


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
async def test_redirects_are_not_followed(server: Server, outgoing: Outgoing, status: str) -> None:
    async with serving() as inner:
        inner.says(b"secret")
        server.says(b"", status=status, headers=[f"Location: {local(inner)}"])
        with pytest.raises(OutgoingFailed, match="redirects are not followed"):
            await outgoing.fetch(local(server))
        assert inner.asked == []


async def test_an_answer_has_a_size(server: Server, outgoing: Outgoing) -> None:
    server.says(b"x" * 1000)
    assert len((await outgoing.fetch(local(server), most_bytes=1000)).body) == 1000
    with pytest.raises(OutgoingFailed, match="more than 999 bytes"):
        await outgoing.fetch(local(server), most_bytes=999)


async def test_an_answer_without_an_end_is_cut_off(server: Server, outgoing: Outgoing) -> None:
    """T-23: chunked for ever; the reader gives up long before its time."""

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            await writer.drain()

    server.behave = endless
    with pytest.raises(OutgoingFailed, match="more than 65536 bytes"):
        await outgoing.fetch(local(server))


async def test_compressed_answers_are_refused(server: Server, outgoing: Outgoing) -> None:
    """T-23: a bomb of 10 MB in 10 kB is never opened."""
    server.says(gzip.compress(bytes(10_000_000)), headers=["Content-Encoding: gzip"])
    with pytest.raises(OutgoingFailed, match="compressed"):
        await outgoing.fetch(local(server))
    assert b"\r\nAccept-Encoding: identity\r\n" in server.asked[0]


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nContent-Le"])
async def test_a_call_ends_in_time(server: Server, outgoing: Outgoing, sent: bytes) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(sent)
        await writer.drain()
        await reader.read()

    server.behave = silent
    began = time.monotonic()
    with pytest.raises(OutgoingFailed, match="no answer in time"):
        await outgoing.fetch(local(server), seconds=0.2)
    assert time.monotonic() - began < 1


async def test_a_slow_drip_does_not_stretch_the_time(server: Server, outgoing: Outgoing) -> None:
    async def dripping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    server.behave = dripping
    with pytest.raises(OutgoingFailed, match="no answer in time"):
        await outgoing.fetch(local(server), seconds=0.3)


async def test_broken_answers_are_failures(server: Server, outgoing: Outgoing) -> None:
    for answer in (b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", b""):
        server.answer = answer
        with pytest.raises(OutgoingFailed, match="connection failed"):
            await outgoing.fetch(local(server))
    with pytest.raises(OutgoingFailed, match="nobody listens"):
        await outgoing.fetch("http://127.0.0.1:9/")


async def test_only_the_types_that_were_asked_for(server: Server, outgoing: Outgoing) -> None:
    server.says(b"{}", headers=["Content-Type: Application/JSON; charset=utf-8"])
    assert (await outgoing.fetch(local(server), accept_types=("application/json",))).media_type == "application/json"
    server.says(b"<html>", headers=["Content-Type: text/html"])
    with pytest.raises(OutgoingFailed, match="another media type than application/json"):
        await outgoing.fetch(local(server), accept_types=("application/json",))
    server.says(b"{}", status="404 Not Found", headers=["Content-Type: text/html"])
    assert (await outgoing.fetch(local(server), accept_types=("application/json",))).status == 404


async def test_what_is_sent(server: Server, outgoing: Outgoing) -> None:
    server.says(b"", status="204 No Content", headers=["Set-Cookie: a=b"])
    answered = await outgoing.fetch(
        local(server, "/ping?a=b"), method="POST", headers={"Authorization": "Bearer x"}, body=b'{"a":1}'
    )
    assert answered.status == 204
    await outgoing.fetch(local(server))
    head = server.asked[0]
    assert head.startswith(b"POST /ping?a=b HTTP/1.1\r\n")
    for line in (b"Authorization: Bearer x", b"Content-Length: 7", b"Host: 127.0.0.1:%d" % server.port):
        assert b"\r\n" + line + b"\r\n" in head
    assert b"ookie" not in server.asked[1], "no cookies are kept"


async def test_no_proxy_of_the_environment_is_used(
    server: Server, outgoing: Outgoing, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await Outgoing(SANDBOX).fetch(local(server))).status == 200


async def test_many_calls_at_once(server: Server, outgoing: Outgoing) -> None:
    answers = await asyncio.gather(*(outgoing.fetch(local(server)) for _ in range(120)))
    assert {answer.status for answer in answers} == {200}


async def test_a_silent_name_server_holds_up_nobody_else(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """T-23: anybody can make us look up a registered name. It takes no thread that signs, and one for each name."""
    answering, asked, ask = threading.Event(), [], socket.getaddrinfo
    begun, loop = asyncio.Event(), asyncio.get_running_loop()

    def silent(host: str, *arguments: Any, **more: Any) -> Any:
        if host != "silent.example":
            return ask(host, *arguments, **more)
        asked.append(host)
        loop.call_soon_threadsafe(begun.set)
        answering.wait(10)
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    outgoing = Outgoing(SANDBOX)
    calls = [asyncio.create_task(outgoing.fetch("https://silent.example/", seconds=2)) for _ in range(40)]
    try:
        await begun.wait()
        assert await asyncio.wait_for(asyncio.to_thread(lambda: "signed"), 1) == "signed"
        named = await outgoing.fetch(f"http://localhost:{server.port}/", seconds=1)
        assert (named.status, asked) == (200, ["silent.example"])
    finally:
        answering.set()
        failed = await asyncio.gather(*calls, return_exceptions=True)
        await outgoing.close()
    assert {str(error) for error in failed} == {"the host name has no address"}


async def test_a_slow_host_holds_up_no_request_object_of_another(server: Server) -> None:
    """R-31: strangers who ask again and again for what a slow host keeps leave room for everybody else."""

    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving() as slow:
        slow.behave = silent
        outgoing = Outgoing(SANDBOX)
        client = RequestUriClient(outgoing)
        calls = [asyncio.create_task(client.fetch(local(slow))) for _ in range(60)]
        await asyncio.sleep(0.1)
        server.says(b"a.b.c")
        assert await asyncio.wait_for(client.fetch(local(server)), 2) == "a.b.c"
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await outgoing.close()
