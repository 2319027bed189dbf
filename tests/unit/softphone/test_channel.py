"""Sending: stored before sent, the same bytes until answered, chain values, effects that survive a crash.

The counterparty is a small HTTP server that answers as each test scripts it and keeps what it was sent.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from ipse.softphone.activation import new_key
from ipse.softphone.channel import Channel
from ipse.softphone.connections import connect
from ipse.softphone.errors import NoAnswer, Refused
from ipse.softphone.state import Claimed, Pending, State
from ipse.softphone.store import FileStore


class Scripted(ThreadingHTTPServer):
    """Answers from a list; `None` breaks the connection instead. Notes what the store held at that moment."""

    def __init__(self, store: FileStore) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.store = store
        self.script: list[tuple[int, dict[str, Any]] | None] = []
        self.bodies: list[str] = []
        self.stored: list[Pending | None] = []

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Scripted

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.stored.append(self.server.store.load().pending)
        answer = self.server.script.pop(0)
        if answer is None:
            self.connection.close()
            return
        status, members = answer
        body = json.dumps(members).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def scheme(tmp_path: Path) -> Iterator[Scripted]:
    server = Scripted(FileStore(tmp_path / "phone.json"))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    server.store.save(State(base=server.base, key=new_key(), phone="p", chain="c0", active=True))
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with connect() as client:
        yield client


def _channel(scheme: Scripted, http: httpx.Client, patience: float = 5.0) -> Channel:
    return Channel(store=scheme.store, http=http, patience_seconds=patience)


def _compose(purpose: str) -> Any:
    return lambda state: Pending("/home", "application/jose", f"{purpose}|{state.chain}", purpose)


def test_a_message_is_stored_before_it_is_sent_and_forgotten_after(scheme: Scripted, http: httpx.Client) -> None:
    scheme.script = [(200, {"chain": "c1"})]
    _channel(scheme, http).exchange("home", _compose("home"))
    assert scheme.stored[0] is not None
    assert scheme.stored[0].body == scheme.bodies[0] == "home|c0"
    after = scheme.store.load()
    assert (after.pending, after.chain) == (None, "c1")


def test_the_same_bytes_go_again_until_answered(scheme: Scripted, http: httpx.Client) -> None:
    scheme.script = [None, (503, {}), None, (200, {"chain": "c1", "x": 1})]
    answer = _channel(scheme, http).exchange("home", _compose("home"))
    assert answer["x"] == 1
    assert scheme.bodies == ["home|c0"] * 4


def test_without_an_answer_the_message_is_kept_and_goes_first_next_time(scheme: Scripted, http: httpx.Client) -> None:
    scheme.script = [None] * 2
    with pytest.raises(NoAnswer):
        _channel(scheme, http, patience=0.25).exchange("show a", _compose("show a"))
    scheme.script = [(200, {"chain": "c1"}), (200, {"chain": "c2"})]
    _channel(scheme, http).exchange("home", _compose("home"))
    assert scheme.bodies[-2:] == ["show a|c0", "home|c1"]


def test_a_repeated_wish_after_a_crash_gets_the_first_outcome(scheme: Scripted, http: httpx.Client) -> None:
    scheme.script = [None] * 2
    with pytest.raises(NoAnswer):
        _channel(scheme, http, patience=0.25).exchange("approval a approved", _compose("approval a approved"))
    scheme.script = [(200, {"chain": "c1", "outcome": "approved"})]
    answer = _channel(scheme, http).exchange("approval a approved", _compose("approval a approved"))
    assert answer["outcome"] == "approved"
    assert set(scheme.bodies) == {"approval a approved|c0"}


def test_an_error_with_chain_counted_and_one_without_changed_nothing(scheme: Scripted, http: httpx.Client) -> None:
    scheme.script = [(403, {"code": "wrong_code", "tries_left": 2, "chain": "c1"}), (401, {"code": "wrong_signature"})]
    with pytest.raises(Refused) as refused:
        _channel(scheme, http).exchange("home", _compose("home"))
    assert (refused.value.code, refused.value.tries_left) == ("wrong_code", 2)
    assert scheme.store.load().chain == "c1"
    with pytest.raises(Refused, match="wrong_signature"):
        _channel(scheme, http).exchange("home", _compose("home"))
    after = scheme.store.load()
    assert (after.chain, after.pending) == ("c1", None)


def test_a_claim_is_remembered_by_its_start(scheme: Scripted, http: httpx.Client) -> None:
    scheme.script = [(200, {"chain": "c1", "action": "act", "start": "qr"})]
    _channel(scheme, http).exchange("claim digest", _compose("claim digest"))
    assert scheme.store.load().claimed == {"digest": Claimed(action="act", start="qr")}


def test_a_changed_code_takes_effect_when_the_answer_arrives_late(scheme: Scripted, http: httpx.Client) -> None:
    state = scheme.store.load()
    state.salts, state.code_key_id, state.next_code_key_id = {"old": "1", "new": "2"}, "old", "new"
    scheme.store.save(state)
    scheme.script = [None] * 2
    with pytest.raises(NoAnswer):
        _channel(scheme, http, patience=0.25).exchange("change-code", _compose("change-code"))
    assert set(scheme.store.load().salts) == {"old", "new"}
    scheme.script = [(200, {"chain": "c1", "code_key_id": "new"})]
    _channel(scheme, http).settle()
    after = scheme.store.load()
    assert (after.code_key_id, after.salts) == ("new", {"new": "2"})


def test_a_refused_change_of_code_leaves_the_old_one(scheme: Scripted, http: httpx.Client) -> None:
    state = scheme.store.load()
    state.salts, state.code_key_id, state.next_code_key_id = {"old": "1", "new": "2"}, "old", "new"
    scheme.store.save(state)
    scheme.script = [(403, {"code": "wrong_code", "chain": "c1"})]
    with pytest.raises(Refused):
        _channel(scheme, http).exchange("change-code", _compose("change-code"))
    after = scheme.store.load()
    assert (after.code_key_id, after.salts, after.next_code_key_id) == ("old", {"old": "1"}, "")


@pytest.mark.parametrize("code", ["phone_stopped", "phone_copied", "unknown_phone"])
def test_a_phone_that_is_told_its_end_remembers_it(scheme: Scripted, http: httpx.Client, code: str) -> None:
    scheme.script = [(403, {"code": code})]
    with pytest.raises(Refused):
        _channel(scheme, http).exchange("home", _compose("home"))
    assert scheme.store.load().stopped == code
