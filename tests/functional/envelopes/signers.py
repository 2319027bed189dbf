"""People at our own pages: a browser without scripts each, and a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import urljoin

import httpx

from ipse.softphone import Activation, MemoryStore, SoftPhone

CODE = "13579"
_TOKEN = re.compile(r'name="token" value="([^"]+)"')
_FRAME = re.compile(r'data-content="([^"]+)"')
_HERE = re.compile(r'data-here="([^"]+)"')


@dataclass
class Person:
    """Somebody with a browser and a phone."""

    base: str
    phone: SoftPhone
    http: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60, follow_redirects=True))

    def get(self, path: str) -> httpx.Response:
        """A page."""
        return self.http.get(urljoin(self.base, path))

    def post(self, path: str, files: Any = None, **fields: str) -> httpx.Response:
        """A form of ours, as a page holds it."""
        found = _TOKEN.search(self.get("/block").text)
        assert found is not None
        data = {**fields, "token": found[1]}
        return self.http.post(urljoin(self.base, path), data=data, files=files, headers={"Origin": self.base})

    def sign_in(self, onward: str = "/envelopes") -> httpx.Response:
        """With the phone; the page one goes on to."""
        return self.approve(self.post("/session/begin", onward=onward))

    def approve(self, waiting: httpx.Response) -> httpx.Response:
        """Approve what a waiting page shows, and every page of ours after it that waits, too."""
        while (frame := _FRAME.search(waiting.text)) is not None:
            here = _HERE.search(waiting.text)
            assert here is not None
            request = self.phone.claim(unescape(frame[1]))
            self.phone.approve(request, CODE)
            waiting = self.get(f"{here[1]}/finish")
        return waiting

    def bring(self, files: Mapping[str, bytes]) -> httpx.Response:
        """Upload; the page of the draft."""
        parts = [("files", (name, content, "application/pdf")) for name, content in files.items()]
        return self.post("/envelopes", files=parts)


@contextmanager
def person(base: str, name: str, bank: str = "bank-lys") -> Iterator[Person]:
    """A person of the sandbox, active."""
    with SoftPhone(MemoryStore()) as phone:
        phone.activate(Activation(base=base, bank=bank, person=name, code=CODE))
        found = Person(base, phone)
        try:
            yield found
        finally:
            found.http.close()


def envelope_of(page: httpx.Response) -> str:
    """The path of the envelope that a page is about."""
    found = re.fullmatch(r"/envelopes/[A-Za-z0-9_-]{22}", page.url.path)
    assert found is not None, (page.url, page.status_code, page.text[-2000:])
    return found[0]
