"""Traces reach a collector over real HTTP, hang together, and hold nothing of anybody (T-19)."""

from __future__ import annotations

import gzip
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import msgspec
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from ipse.app.keystores import create_keystore, open_keystore
from ipse.app.traces import tracing
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import Keystore
from ipse.kernel.settings import SettingsError, Traces
from ipse.storage.database import Database
from ipse.storage.measured import MeasuredDatabase
from ipse.telemetry import spans
from tests.functional.oidc.installation import settings_at
from tests.functional.sessions.house import House, handle_of, living

FIRST_PORT = 24740
CANARY = "CanaryThatNobodyMayRead"
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)


@dataclass
class Collector:
    """What came in, and with which headers others were called."""

    address: str
    bodies: list[bytes] = field(default_factory=list)
    called_with: list[dict[str, str]] = field(default_factory=list)

    def spans(self) -> list[Any]:
        found = []
        for body in self.bodies:
            request = ExportTraceServiceRequest.FromString(body)
            found += [each for one in request.resource_spans for scope in one.scope_spans for each in scope.spans]
        return found

    def named(self, name: str) -> list[Any]:
        return [each for each in self.spans() if each.name == name]


@contextmanager
def collecting() -> Iterator[Collector]:
    """A tiny receiver of OTLP over HTTP on a port of its own."""
    collector = Collector("")

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path == "/v1/traces":
                packed = self.headers.get("content-encoding") == "gzip"
                collector.bodies.append(gzip.decompress(body) if packed else body)
            collector.called_with.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        collector.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield collector
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Keystore:
    path = tmp_path_factory.mktemp("keys") / "keystore.json"
    create_keystore(f"file:{path}", RandomIds())
    return open_keystore(f"file:{path}")


@pytest.fixture
async def house(keystore: Keystore, database: Database) -> AsyncIterator[House]:
    trusted = ("127.0.0.2",)
    measured = MeasuredDatabase(database)
    async with living(keystore, measured, first_port=FIRST_PORT, trusted_proxies=trusted) as found:
        yield found


def traced(collector: Collector, share: float = 1.0) -> AbstractContextManager[None]:
    wanted = Traces(endpoint=f"{collector.address}/v1/traces", share=share)
    return tracing(msgspec.structs.replace(settings_at(FIRST_PORT, ""), traces=wanted))


async def log_in(house: House) -> str:
    """A person signs in to our own pages; what nobody may read of it."""
    phone = await house.works.handset()
    async with house.browser() as browser:
        begun = await browser.begin()
        await browser.approved(begun, phone)
        await browser.http.get(f"/v2/sign-in/{CANARY}?{CANARY}={CANARY}", headers={"X-Canary": CANARY})
        return handle_of(begun)


async def test_a_trace_tells_route_statements_and_calls_and_nothing_of_anybody(house: House) -> None:
    with collecting() as collector:
        with traced(collector):
            handle = await log_in(house)
            outgoing = house.works.features.desk.outgoing
            with spans.span("request", kind="server"):
                assert spans.traceparent()["traceparent"].startswith("00-")
                await outgoing.fetch(f"{collector.address}/partner", method="POST", body=b"{}")
        assert spans.traceparent() == {}
        finish = collector.named("GET /v2/sign-in/{handle}/finish")
        assert len(finish) == 1
        inside = [each for each in collector.spans() if each.parent_span_id == finish[0].span_id]
        assert {each.name for each in inside} >= {"update actions"}
        assert {each.trace_id for each in inside} == {finish[0].trace_id}
        attributes = {one.key: one.value.string_value for one in finish[0].attributes}
        assert attributes == {
            "http.route": "/v2/sign-in/{handle}/finish",
            "http.request.method": "GET",
            "ipse.status": "3xx",
        }
        assert collector.named("call partner")
        told = b"".join(collector.bodies)
        for secret in (CANARY, handle, house.base.removeprefix("http://")):
            assert secret.encode() not in told, secret
        asked = [headers for headers in collector.called_with if headers.get("user-agent") == "ipse"]
        assert asked
        assert not any("traceparent" in headers for headers in asked)


@pytest.mark.parametrize(("address", "believed"), [("127.0.0.2", True), ("127.0.0.1", False)])
async def test_a_traceparent_is_believed_from_our_own_proxy_alone(house: House, address: str, believed: bool) -> None:
    transport = httpx.AsyncHTTPTransport(local_address=address)
    with collecting() as collector:
        with traced(collector):
            async with httpx.AsyncClient(
                transport=transport, base_url=house.base.replace("localhost", "127.0.0.1")
            ) as http:
                await http.get("/healthz", headers={"traceparent": PARENT})
        (request,) = collector.named("GET /healthz")
        assert (request.trace_id.hex() == TRACE) == believed
        assert bool(request.parent_span_id) == believed


def test_an_error_is_named_and_never_told(engine: str) -> None:
    with collecting() as collector:
        with traced(collector), pytest.raises(ValueError, match=CANARY), spans.span("call partner"):
            raise ValueError(CANARY)
        (failed,) = collector.named("call partner")
        assert [(one.key, one.value.string_value) for one in failed.attributes] == [("error.type", "ValueError")]
        assert CANARY.encode() not in b"".join(collector.bodies)


def test_a_collector_that_is_away_costs_traces_and_nothing_else(engine: str) -> None:
    with traced(Collector("http://127.0.0.1:9")), spans.span("request") as made:
        assert made is not None
    with collecting() as collector:
        with traced(collector, share=0.0), spans.span("request"):
            pass
        assert collector.bodies == []


def test_without_its_packages_the_settings_are_refused(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(SettingsError, match=r"requirements/traces\.txt"), traced(Collector("http://127.0.0.1:4318")):
        pass
