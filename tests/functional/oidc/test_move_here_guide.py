"""docs/guides/move-here.md: its registration is accepted, and its program opens tokens of a partner with a secret."""

from __future__ import annotations

import asyncio
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.functional.oidc.conftest import SECRET, Joining
from tests.functional.oidc.installation import Installation
from tests.functional.partners.test_partner_commands import Terminal

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "guides" / "move-here.md"


def test_the_registration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal(tmp_path, capsys)
    commands = re.findall(r"^ipse partner (.+) --config world/ipse.toml$", GUIDE.read_text("utf-8"), re.MULTILINE)
    assert len(commands) == 2
    for words in commands:
        terminal(*shlex.split(words))
    agreed = terminal.shown("atelier")["partner"]["algorithms"]
    assert agreed["id_token_signed_response_alg"] == "RS256"
    assert agreed["userinfo_encrypted_response_alg"] == "dir"


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_the_program_opens_a_token(installation: Installation, join: Joining) -> None:
    party = await join("migrating-secret")
    began = await party.begin()
    await installation.approve(began.handle)
    given: dict[str, Any] = {
        "secret": SECRET,
        "issuer": party.issuer,
        "client_id": party.client_id,
        "nonce": began.nonce,
        "id_token": (await party.tokens(began))["id_token"],
        "jwks_uri": (await party.discover())["jwks_uri"],
    }
    (program,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    await asyncio.to_thread(exec, program, given)
    assert len(given["claims"]["sub"]) == 36
    given["nonce"] = "of another browser"
    with pytest.raises(Exception, match="nonce"):
        await asyncio.to_thread(exec, program, given)
