"""The process: how it begins, how it says why not, how it ends, and two of them on one database."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from tests.functional.app.conftest import LOGIN, open_shop
from tests.functional.app.installation import PORTS, Place, handle_of, stop
from tests.support.postgres import Postgres

pytestmark = pytest.mark.processes
STOP_SECONDS = 5


@dataclass
class Stream:
    """A waiting page's news as they arrive, with their times."""

    events: list[tuple[float, str]] = field(default_factory=list)
    open: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)

    def heard(self, word: str, *, within: float) -> float:
        """When an event holding the word came."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            for at, event in self.events:
                if word in event:
                    return at
            time.sleep(0.01)
        raise AssertionError(f"{word!r} not in {self.events}")


@contextmanager
def waiting(client: httpx.Client, path: str) -> Iterator[Stream]:
    """Listen to an event stream in a thread of its own."""
    stream = Stream()

    def listen() -> None:
        try:
            with client.stream("GET", path, headers={"accept": "text/event-stream"}, timeout=30) as answer:
                assert answer.status_code == 200, answer.status_code
                for line in answer.iter_lines():
                    stream.events.append((time.monotonic(), line))
                    stream.open.set()
        except httpx.TransportError:
            pass
        finally:
            stream.ended.set()

    thread = threading.Thread(target=listen)
    thread.start()
    try:
        assert stream.open.wait(10), "the stream did not begin"
        yield stream
    finally:
        thread.join(timeout=20)


def browser_of(place: Place) -> tuple[httpx.Client, str, str]:
    """A browser on the sign-in page: its client with the cookie, the page's path, the page."""
    client = place.client()
    page = client.get("/v2/authorization", params=LOGIN)
    if page.status_code != 200:
        client.close()
        raise AssertionError(page.text)
    client.headers["cookie"] = page.headers["set-cookie"].partition(";")[0]
    return client, f"/v2/sign-in/{handle_of(page.text)}", page.text


async def test_a_stop_ends_parked_waits_within_five_seconds(small: Place) -> None:
    """Open streams do not hold the process: they end, cleanly, and so does it."""
    await open_shop(small)
    with small.serving() as process, ExitStack() as stack:
        streams = []
        for _ in range(5):
            client, path, _ = browser_of(small)
            stack.enter_context(closing(client))
            streams.append(stack.enter_context(waiting(client, path + "/events")))
        took = stop(process)
        assert all(stream.ended.wait(2) for stream in streams)
    assert took < STOP_SECONDS, took


def test_a_pipe_that_closes_ends_the_process(small: Place) -> None:
    """Whoever started it is gone, by `kill -9` if need be: nothing is left behind."""
    theirs, ours = os.pipe()
    try:
        with small.serving("--lifeline", str(theirs), pass_fds=(theirs,)) as process:
            os.close(theirs)
            os.write(ours, b"x")
            time.sleep(0.2)
            assert process.poll() is None, "a byte in the pipe is no reason to stop"
            os.close(ours)
            ours = -1
            assert process.wait(timeout=STOP_SECONDS) == 0
    finally:
        if ours >= 0:
            os.close(ours)


@pytest.mark.parametrize("name", ["listen", "app_listen"])
def test_a_taken_port_is_told_with_its_holder(small: Place, name: str) -> None:
    port = small.settings[name]["port"]
    with socket.create_server(("127.0.0.1", port)):
        ended = small.ipse("serve")
    assert ended.returncode == 1
    assert f"ipse: port {port} on 127.0.0.1 is taken by process {os.getpid()}:" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_address_of_another_machine_is_told(small: Place) -> None:
    assert (
        "mend listen, app_listen or staff.listen"
        in small.changed(listen={"host": "192.0.2.1", "port": small.port}).refusal()
    )


@pytest.mark.parametrize(
    ("database", "told"),
    [
        ("sqlite:///{folder}/empty.db", "the database lacks {missing}migrations, first 0001_foundation.sql; run: ipse"),
        ("sqlite:///nowhere/ipse.db", "the database cannot be opened (/nowhere/ipse.db: No such file or directory)"),
        ("sqlite:///{folder}/ipse.toml", "file is not a database"),
        ("postgresql://ipse@127.0.0.1:18899/ipse", "start it, or mend database"),
    ],
)
def test_a_database_that_cannot_serve_is_told(small: Place, database: str, told: str) -> None:
    """Status 1: a supervisor may try again, for the cause can pass without a change of the settings."""
    ended = small.changed(database=database.format(folder=small.folder)).ipse("serve")
    assert ended.returncode == 1
    for part in told.split("{missing}"):
        assert part in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_role_that_may_not_come_in_is_told(small: Place, postgres: Postgres) -> None:
    address = postgres.url("nowhere")
    ended = small.changed(database=address).ipse("serve")
    assert ended.returncode == 1
    assert 'database "nowhere" does not exist' in ended.stderr
    assert "Traceback" not in ended.stderr


def test_without_settings_or_keys_the_next_step_is_told(small: Place) -> None:
    (small.folder / "keystore.json").unlink()
    assert "make it with: ipse keys init" in small.refusal()
    small.config.unlink()
    assert "begin with: ipse sandbox" in small.refusal()


def test_a_database_scheme_that_is_unknown_is_told(small: Place) -> None:
    assert "database must be sqlite:///" in small.changed(database="mysql://somewhere").refusal()


def test_two_processes_on_one_database_wake_each_other(on_engine: Place) -> None:
    """A page that waits at one process hears at once what another process did, on both databases."""
    port = next(PORTS)
    other_folder = on_engine.folder / "second"
    other_folder.mkdir()
    second = Place(
        other_folder,
        on_engine.settings
        | {"listen": {"host": "127.0.0.1", "port": port}, "app_listen": {"host": "127.0.0.1", "port": port + 1}},
    )
    second.write()
    with on_engine.serving() as first_process, second.serving() as second_process:
        took = []
        for _ in range(3):
            client, path, page = browser_of(on_engine)
            with closing(client), second.client() as elsewhere, waiting(client, path + "/events") as stream:
                token = page.partition('name="token" value="')[2].partition('"')[0]
                headers = {"cookie": client.headers["cookie"], "origin": on_engine.settings["base_url"]}
                began = time.monotonic()
                cancelled = elsewhere.post(path + "/cancel", data={"token": token}, headers=headers)
                assert cancelled.status_code == 303, cancelled.text
                took.append(stream.heard("cancelled", within=3) - began)
        assert max(took) < 2, took  # the row is looked at every five seconds anyway
        assert stop(first_process) < STOP_SECONDS
        assert stop(second_process) < STOP_SECONDS


def test_its_memory_is_its_own_in_production(proper: Place) -> None:
    """S-9: no core dump, no debugger of the same user, where keys are in memory."""
    with proper.serving() as process:
        limits = read(process, "limits")
        owner = (Path("/proc") / str(process.pid) / "environ").stat().st_uid
    core = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert core.split()[4:6] == ["0", "0"]
    assert owner == 0, "a process that cannot be dumped belongs to root in /proc"


def read(process: subprocess.Popen[bytes], name: str) -> str:
    return (Path("/proc") / str(process.pid) / name).read_text(encoding="utf-8")
