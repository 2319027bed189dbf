"""docs/guides/first-login.md, every command of it, on a sandbox of its own."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx
import pytest

from tests.support.sandbox import IPSE, Sandbox, running_sandbox

GUIDE = Path("docs/guides/first-login.md")
PROGRAM = Path("docs/guides/first_login.py").resolve()
_BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("guide")) as running:
        yield running


def _commands(sandbox: Sandbox, tmp_path: Path) -> list[list[str]]:
    """The guide's `ipse` commands as they stand, towards this sandbox and with the phone kept in a file of its own."""
    found = []
    for block in _BLOCK.findall(GUIDE.read_text()):
        for line in block.splitlines():
            if not line.startswith("ipse ") or "$(" in line:
                continue
            text = line.replace("http://localhost:8000", sandbox.base).replace(
                "world/ipse.toml", str(sandbox.folder / "data" / "ipse.toml")
            )
            _, *words = shlex.split(text)
            found.append([*words, "--store", str(tmp_path / "phone.json")] if words[0] == "phone" else words)
    return found


def _ipse(words: list[str], folder: Path) -> str:
    done = subprocess.run([*IPSE, *words], cwd=folder, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _approve(browser: httpx.Client, page: str, folder: Path) -> None:
    """Hand the page's QR to the phone; a machine that is too busy to do that in time takes the next QR."""
    for _ in range(4):
        code = re.search(r'data-content="([^"]+)"', browser.get(page).text)
        assert code is not None
        words = [
            "phone",
            "approve",
            unescape(code[1]),
            "--code",
            "13579",
            "--store",
            str(folder / "phone.json"),
            "--json",
        ]
        done = subprocess.run([*IPSE, *words], cwd=folder, capture_output=True, text=True, timeout=90, check=False)
        if "stale_frame" not in done.stdout:
            break
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_developer_who_follows_the_guide_gets_a_verified_login(sandbox: Sandbox, tmp_path: Path) -> None:
    """A program that shares no code with the scheme verifies the tokens."""
    program = [sys.executable, "-u", str(PROGRAM), sandbox.base + "/v2"]
    keys = subprocess.Popen(program, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert keys.stdout is not None
    keys.stdout.readline()
    keys.kill()
    keys.communicate()
    commands = _commands(sandbox, tmp_path)
    assert [words[0] for words in commands] == ["phone", "partner", "partner"]
    for words in commands:
        _ipse(words, tmp_path)

    waiting = subprocess.Popen(program, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert waiting.stdout is not None
    try:
        address = waiting.stdout.readline().strip()
        with httpx.Client(follow_redirects=True, timeout=30, trust_env=False) as browser:
            handle = re.search(r"/v2/sign-in/[A-Za-z0-9_-]+", browser.get(address).text)
            assert handle is not None
            _approve(browser, sandbox.base + handle[0], tmp_path)
            assert "You can close this window" in browser.get(sandbox.base + handle[0]).text
        out, errors = waiting.communicate(timeout=30)
    finally:
        waiting.kill()
    said = re.search(r"logged in: ([a-z0-9]{36}) \(Ada\), (\S+)", out)
    assert said is not None, out + errors
    assert said[2].endswith("/acr_basic")
