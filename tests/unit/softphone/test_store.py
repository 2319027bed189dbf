"""The file a phone lives in."""

from __future__ import annotations

import multiprocessing
import os
import stat
import threading
from pathlib import Path

import pytest

from ipse.softphone.errors import DamagedStore, PhoneBusy
from ipse.softphone.state import Pending, State
from ipse.softphone.store import FileStore, MemoryStore, Store


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return FileStore(tmp_path / "phone.json") if request.param == "file" else MemoryStore()


def test_a_state_is_kept_and_read_again(store: Store) -> None:
    state = State(phone="p", chain="c", salts={"k": "s"}, pending=Pending("/home", "application/jose", "x", "home"))
    store.save(state)
    assert store.load() == state


def test_changing_a_loaded_state_changes_nothing_kept(store: Store) -> None:
    store.save(State(phone="p"))
    store.load().salts["k"] = "s"
    assert store.load().salts == {}


def test_without_a_file_the_phone_is_empty_and_after_forgetting_too(store: Store) -> None:
    assert store.load() == State()
    store.save(State(phone="p"))
    store.forget()
    assert store.load() == State()


def test_only_the_owner_may_read_it_whatever_the_mask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = FileStore(tmp_path / "phone.json")
        store.save(State(phone="p"))
    finally:
        os.umask(before)
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600


def test_a_half_written_file_never_replaces_the_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileStore(tmp_path / "phone.json")
    store.save(State(phone="old"))

    def pulled_plug(_: int) -> None:
        raise OSError("power lost")

    monkeypatch.setattr(os, "fsync", pulled_plug)
    with pytest.raises(OSError, match="power lost"):
        store.save(State(phone="new"))
    assert store.load().phone == "old"


def test_another_content_is_named_as_damage(tmp_path: Path) -> None:
    path = tmp_path / "phone.json"
    path.write_text("[1, 2")
    with pytest.raises(DamagedStore, match="not a soft phone's store"):
        FileStore(path).load()


def _hold(path: Path, held: multiprocessing.synchronize.Event, free: multiprocessing.synchronize.Event) -> None:
    with FileStore(path).held():
        held.set()
        free.wait(20)


def test_two_processes_cannot_hold_one_phone(tmp_path: Path) -> None:
    path = tmp_path / "phone.json"
    context = multiprocessing.get_context("spawn")
    held, free = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(path, held, free))
    other.start()
    try:
        assert held.wait(20)
        with pytest.raises(PhoneBusy), FileStore(path, patience_seconds=0.1).held():
            pass
    finally:
        free.set()
        other.join(20)
    with FileStore(path, patience_seconds=1).held():
        pass


def test_one_holder_may_hold_again_and_threads_wait(store: Store) -> None:
    order: list[str] = []

    def second() -> None:
        with store.held():
            order.append("second")

    with store.held(), store.held():
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.1)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]
