"""Bringing a file to be judged, as programs do and as browsers do without any script."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from tests.functional.validation.conftest import MOST, Place
from tests.support.signed_papers import paper, sign_asic, sign_cades, sign_pdf
from tests.support.tampering import form_filled, text_changed

ETSI = "{http://uri.etsi.org/19102/v1.2.1#}"


@pytest.fixture(scope="module")
def signed(place: Place) -> bytes:
    return sign_pdf(place.authority, place.ada, paper(), level="B-LTA")


@pytest.fixture
def client(place: Place) -> Any:
    with httpx.Client(base_url=place.address, trust_env=False, timeout=30) as client:
        yield client


def test_a_good_file_as_the_body(client: httpx.Client, signed: bytes) -> None:
    answer = client.post("/validation/v1/validations", content=signed)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    told = answer.json()
    assert (told["verdict"], told["format"], len(told["signatures"])) == ("unchanged", "PDF", 2)
    first = told["signatures"][0]
    assert (first["indication"], first["level"], first["signer"]["name"]) == ("TOTAL-PASSED", "B-LTA", "Ada Peeters")
    assert first["signer"]["quality"] == "test"
    assert first["proven_at"].endswith("Z")


def test_a_form_with_a_detached_signature(client: httpx.Client, place: Place) -> None:
    signature = sign_cades(place.authority, place.ada, b"hello")
    files = {"file": ("a.p7s", signature), "content": ("a.txt", b"hello")}
    told = client.post("/validation/v1/validations", files=files).json()
    assert (told["verdict"], told["name"], told["signatures"][0]["covers"]) == ("unchanged", "a.p7s", ["a.txt"])
    files["content"] = ("a.txt", b"hullo")
    told = client.post("/validation/v1/validations", files=files).json()
    assert (told["verdict"], told["signatures"][0]["sub"]) == ("invalid", "HASH_FAILURE")


def test_the_report_as_xml(client: httpx.Client, place: Place) -> None:
    container = sign_asic(place.authority, place.ada, {"a.txt": b"a"}).packed()
    answer = client.post("/validation/v1/validations", content=container, headers={"accept": "application/xml"})
    report = ET.fromstring(answer.content)
    assert report.tag == f"{ETSI}ValidationReport"
    assert [each.text for each in report.iter(f"{ETSI}MainIndication")] == [
        "urn:etsi:019102:mainindication:total-passed"
    ]


def test_refusals(client: httpx.Client, place: Place) -> None:
    empty = client.post("/validation/v1/validations", content=b"")
    assert (empty.status_code, empty.json()["code"]) == (400, "no_file")
    large = client.post("/validation/v1/validations", content=bytes(MOST + 1))
    assert (large.status_code, large.json()["code"]) == (413, "upload_too_large")
    other = client.post("/validate", files={"file": b"x"}, headers={"origin": "https://evil.example"})
    assert other.status_code == 403


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
def test_the_page_without_script(client: httpx.Client, place: Place, signed: bytes, language: str) -> None:
    page = client.get("/validate", params={"lang": language})
    assert page.status_code == 200
    assert f'lang="{language}"' in page.text
    files = {"file": ("a.pdf", text_changed(signed)), "content": ("", b"")}
    answer = client.post("/validate", params={"lang": language}, files=files, headers={"origin": place.address})
    assert (answer.status_code, 'data-verdict="invalid"' in answer.text) == (200, True)


def test_the_page_refuses_in_its_own_form(client: httpx.Client, place: Place) -> None:
    origin = {"origin": place.address}
    nothing = client.post("/validate", files={"file": ("", b"")}, headers=origin)
    large = client.post("/validate", files={"file": ("a", bytes(MOST + 1))}, headers=origin)
    assert (nothing.status_code, large.status_code) == (400, 413)
    assert 'role="alert"' in nothing.text
    assert "larger than 2 MB" in large.text


def test_what_was_filled_in_afterwards_is_told(client: httpx.Client, place: Place) -> None:
    form = form_filled(sign_pdf(place.authority, place.ada, paper(form=True)))
    answer = client.post("/validate", files={"file": ("f.pdf", form)}, headers={"origin": place.address})
    assert 'data-verdict="changed"' in answer.text
    assert "amount" in answer.text


def test_slow_senders_take_no_more_than_their_places(client: httpx.Client, place: Place, signed: bytes) -> None:
    """A file is kept in memory while it comes: so many at a time, and the next is told at once."""
    head = b"POST /validation/v1/validations HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n%PDF-"
    with ExitStack() as stack:
        for _ in range(8):
            slow = stack.enter_context(socket.create_connection((client.base_url.host, client.base_url.port or 80)))
            slow.sendall(head)
        until = time.monotonic() + 10
        while (told := client.post("/validation/v1/validations", content=signed)).status_code == 200:
            assert time.monotonic() < until
        assert (told.status_code, told.json()["code"]) == (503, "documents_unavailable")
    until = time.monotonic() + 10
    while client.post("/validation/v1/validations", content=signed).status_code == 503:
        assert time.monotonic() < until
