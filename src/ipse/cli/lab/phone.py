"""The phone of a lab: the soft phone, answering by itself, or when an HTTP call on loopback says so.

    POST /phone/{handle of a page, id of an action, or latest}/approve     also: reject
    POST /ciba?auth_req_id=…&action=allow                                  also: deny; the template that suites want

One test person has at most one addressed request at a time, so a back-channel request needs no other name.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import httpx
import structlog

from ipse.cli.lab.file import LabFile
from ipse.softphone import Activation, PhoneError, Request, SoftPhone

LOOK_SECONDS: Final = 0.3
_ADDRESSED_EVERY: Final = 3
"""Of so many looks one is for addressed requests, which costs a signed message."""
_PATIENCE: Final = 10.0
_DECISIONS: Final = {"approve": "approve", "allow": "approve", "reject": "reject", "deny": "reject"}

log = structlog.get_logger("ipse.lab")


class NothingWaits(Exception):
    """No such request came in time."""


@dataclass
class LabPhone:
    """One person's phone, and what waits for it."""

    lab: LabFile
    base: str
    soft: SoftPhone
    http: httpx.Client
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _looks: int = 0

    def ready(self, world: str) -> None:
        """Become the person's phone, unless it is."""
        if self.soft.state.active and not self.soft.state.stopped:
            return
        person = self.lab.person
        self.soft.activate(
            Activation(base=self.base, bank=person.bank, person=person.id, code=person.code, world=world)
        )

    def pages(self) -> list[dict[str, Any]]:
        """Requests with a page that nobody has taken."""
        found: list[dict[str, Any]] = self.http.get(f"{self.base}/lab/requests").raise_for_status().json()
        return found

    def look(self) -> None:
        """Answer what the file wants answered without being told."""
        for page in self.pages():
            mode = self.lab.client(page["client_id"]).phone
            if mode != "ask" and page["age"] >= self.lab.phone_seconds:
                self._decide_page(page, mode)
        self._looks += 1
        if self._looks % _ADDRESSED_EVERY == 0:
            with self._lock:
                for one in self.soft.requests():
                    mode = next(
                        (client.addressed for client in self.lab.clients if client.name == one["partner"]), "ask"
                    )
                    if mode != "ask" and not one["digits"]:
                        self._decide(self.soft.claim_addressed(one["action"]), mode)

    def answer(self, which: str, decision: str) -> None:
        """Approve or reject one request; waits a little for it to come.

        Raises:
            NothingWaits: it did not.
        """
        until = time.monotonic() + _PATIENCE
        while not self._answered(which, decision):
            if time.monotonic() >= until:
                raise NothingWaits
            time.sleep(LOOK_SECONDS)

    def _answered(self, which: str, decision: str) -> bool:
        with self._lock:
            addressed = [one for one in self.soft.requests() if which in {"latest", one["action"]}]
            if addressed:
                action = addressed[-1]["action"]
                self._decide(self.soft.claim_addressed(action), decision)
                return True
        pages = [page for page in self.pages() if which in {"latest", page["handle"]}]
        if pages:
            self._decide_page(pages[-1], decision)
        return bool(pages)

    def _decide_page(self, page: dict[str, Any], decision: str) -> None:
        with self._lock:
            self._decide(self.soft.claim(page["qr"]), decision)

    def _decide(self, request: Request, decision: str) -> None:
        if decision == "approve":
            self.soft.approve(request, self.lab.person.code)
        else:
            self.soft.reject(request)
        log.info("lab.phone", outcome=decision)


def keep_looking(phone: LabPhone, stopping: threading.Event) -> None:
    """Answer by itself until told to stop; a request that went away meanwhile stops nothing."""
    while not stopping.wait(LOOK_SECONDS):
        try:
            phone.look()
        except (PhoneError, httpx.HTTPError) as error:
            log.info("lab.phone", error=type(error).__name__)


def listening(phone: LabPhone) -> ThreadingHTTPServer:
    """A server on loopback that tells the phone what to do; the caller runs and closes it."""
    return ThreadingHTTPServer(("127.0.0.1", phone.lab.phone_port), _handler(phone.answer))


def _handler(answer: Callable[[str, str], None]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if "origin" in self.headers:
                self._say(403, "not for pages in a browser")
                return
            which, decision = _asked(self.path)
            if decision is None:
                self._say(404, "no such address")
                return
            try:
                answer(which, decision)
            except NothingWaits:
                self._say(404, "nothing waits")
            except PhoneError as error:
                self._say(409, str(error))
            else:
                self._say(200, decision)

        def _say(self, status: int, what: str) -> None:
            body = json.dumps({"outcome" if status == 200 else "error": what}).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            """Say nothing: the phone has its own log."""

    return Handler


def _asked(path: str) -> tuple[str, str | None]:
    """Which request, and what to do with it; no decision for another address."""
    parts = urlsplit(path)
    words = parts.path.strip("/").split("/")
    if parts.path == "/ciba":
        action = parse_qs(parts.query).get("action", [""])[0]
        return "latest", _DECISIONS.get(action)
    if len(words) == 3 and words[0] == "phone":
        return words[1], _DECISIONS.get(words[2])
    return "", None
