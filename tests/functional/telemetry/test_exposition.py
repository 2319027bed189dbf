"""`/metrics` of one process: answers also when the database is away, and at a port of its own for each process."""

from __future__ import annotations

import socket

import httpx
import pytest

from ipse.app.keystores import create_keystore, open_keystore
from ipse.app.metrics import Exposition
from ipse.app.server import Face, _watched
from ipse.kernel.ids import RandomIds
from ipse.kernel.keystore import Keystore
from ipse.kernel.settings import Address, Metrics
from ipse.storage.database import open_database
from tests.functional.sessions.house import living


@pytest.fixture(scope="module")
def keystore(tmp_path_factory: pytest.TempPathFactory) -> Keystore:
    path = tmp_path_factory.mktemp("keys") / "keystore.json"
    create_keystore(f"file:{path}", RandomIds())
    return open_keystore(f"file:{path}")


async def test_what_the_process_counted_is_told_without_its_database(keystore: Keystore, database_url: str) -> None:
    database = await open_database(database_url)
    async with living(keystore, database, first_port=24780) as house:
        transport = httpx.ASGITransport(app=Exposition(house.scheme))
        async with httpx.AsyncClient(transport=transport, base_url="http://metrics") as http:
            well = await http.get("/metrics")
            assert well.status_code == 200
            assert "ipse_scrape_failed 0.0" in well.text
            assert 'ipse_outbox_events{due="now"}' in well.text
            assert ("ipse_database_connections{" in well.text) == (database.engine == "postgresql")
            assert 'ipse_key_age_seconds{set="oidc",state="current"}' in well.text
            assert (await http.head("/metrics")).content == b""
            house.clock.advance(seconds=6)
            await database.close()
            ill = await http.get("/metrics")
            assert (ill.status_code, "ipse_scrape_failed 1.0" in ill.text) == (200, True)
            assert "ipse_http_request_seconds" in ill.text


def test_processes_of_one_installation_answer_at_ports_beside_each_other() -> None:
    with socket.socket() as listener:
        metrics = Metrics(listen=Address(port=9100))
        ports = [
            _watched(metrics, dict.fromkeys(faces, listener)).port
            for faces in (tuple(Face), (Face.ISSUER,), (Face.APP,), (Face.STAFF,))
        ]
    assert ports == [9100, 9100, 9101, 9102]
