"""docs/guides/back-channel.md, its commands and its program, on a sandbox of its own."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.codes import read_code
from tests.support.sandbox import IPSE, Sandbox, running_sandbox

GUIDE = Path("docs/guides/back-channel.md")
PROGRAM = Path("docs/guides/back_channel.py").resolve()
ACTIVATE = "phone activate --bank bank-vesta --person ada --code 13579 --base"

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with running_sandbox(tmp_path_factory.mktemp("guide")) as running:
        yield running


@pytest.fixture
def ipse(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        mine = ["--store", str(tmp_path / "phone.json"), "--json"] if words[0] == "phone" else []
        return subprocess.run(
            [*IPSE, *words, *mine], cwd=tmp_path, capture_output=True, text=True, timeout=90, check=False
        )

    return run


def test_a_gate_is_paired_and_opened_as_the_guide_says(
    sandbox: Sandbox, tmp_path: Path, ipse: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """A program that shares no code with the scheme pairs, asks with digits, and verifies what comes back."""
    program = [sys.executable, "-u", str(PROGRAM), sandbox.base + "/v2"]
    first = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert "refused: invalid_client" in first.stderr
    assert ipse(*ACTIVATE.split(), sandbox.base).returncode == 0
    for line in re.findall(r"^ipse partner .*$", GUIDE.read_text(), re.MULTILINE):
        config = str(sandbox.folder / "data" / "ipse.toml")
        registered = ipse(*shlex.split(line.replace("world/ipse.toml", config))[1:])
        assert registered.returncode == 0, registered.stdout + registered.stderr

    pairing = subprocess.Popen(program, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert pairing.stdout
    try:
        for _ in range(4):
            assert "scan gate-code.png" in pairing.stdout.readline()
            content = read_code((tmp_path / "gate-code.png").read_bytes())
            approved = ipse("phone", "approve", content, "--code", "13579")
            if "stale_frame" not in approved.stdout:
                break
        assert approved.returncode == 0, approved.stdout + approved.stderr
        out, errors = pairing.communicate(timeout=30)
    finally:
        pairing.kill()
    assert re.search(r"^paired: [a-z0-9]{36}$", out, re.MULTILINE), out + errors

    opening = subprocess.Popen(program, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert opening.stdout
    try:
        digits = re.fullmatch(r"type these digits in the app: (\d\d)\n", opening.stdout.readline())
        assert digits
        (one,) = _requests(ipse)
        approved = ipse("phone", "approve", one["action"], "--digits", digits[1], "--code", "13579")
        assert approved.returncode == 0, approved.stdout + approved.stderr
        out, errors = opening.communicate(timeout=30)
    finally:
        opening.kill()
    assert out == "the gate is open\n", errors


def _requests(ipse: Callable[..., subprocess.CompletedProcess[str]]) -> list[dict[str, Any]]:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        found = json.loads(ipse("phone", "requests").stdout)
        if found.get("requests") or found.get("open"):
            return list(found.get("requests") or found["open"])
        time.sleep(0.2)
    return []
