"""docs/guides/become-an-operator.md: its commands, towards fresh simulators, and the expectations that it explains."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.support.sandbox import IPSE, Sandbox, running_sandbox

GUIDE = Path("docs/guides/become-an-operator.md")
_BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("operators")) as running:
        yield running


def _commands(sandbox: Sandbox) -> list[list[str]]:
    """The guide's checks as they stand, towards this sandbox; events come to a port beside it."""
    found = []
    for line in "".join(_BLOCK.findall(GUIDE.read_text())).splitlines():
        if line.startswith("ipse mobile-operator check"):
            text = line.replace("http://127.0.0.1:8001", f"http://127.0.0.1:{sandbox.port + 1}")
            text = text.replace("http://127.0.0.1:8099", "http://127.0.0.1:19440")
            text = text.replace("world/ipse.toml", str(sandbox.folder / "data" / "ipse.toml"))
            found.append([*shlex.split(text)[1:], "--listen", "127.0.0.1:19440"])
    return found


def _run(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*IPSE, *words], capture_output=True, text=True, timeout=90, check=False)


def test_every_check_of_the_guide_is_met(sandbox: Sandbox) -> None:
    commands = _commands(sandbox)
    assert len(commands) == 3
    for words, skipped in zip(commands, (1, 6, 0), strict=True):
        done = _run(words)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f" 0 not met, {skipped} not tried" in done.stdout, done.stdout
        assert "FAIL" not in done.stdout


def test_an_operator_that_misbehaves_is_named_by_what_it_misses(sandbox: Sandbox) -> None:
    world = f"http://127.0.0.1:{sandbox.port + 1}"
    httpx.post(f"{world}/misbehave", json={"party": "lumo", "how": "down"}).raise_for_status()
    done = _run([*_commands(sandbox)[0], "--api", "sim-swap", "--json"])
    httpx.post(f"{world}/misbehave", json={"party": "lumo", "how": "ok"}).raise_for_status()
    assert done.returncode == 1, done.stderr
    results = msgspec.json.decode(done.stdout)
    assert {result["verdict"] for result in results} <= {"unmet", "skipped"}
    assert any("no answer: RemoteProtocolError" in result["reason"] for result in results)
