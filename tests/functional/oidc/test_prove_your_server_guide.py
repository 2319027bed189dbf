"""The program of docs/guides/prove-your-server.md gets bound tokens, and reads UserInfo with them."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from tests.functional.oidc.conftest import Joining
from tests.functional.oidc.installation import Installation
from tests.functional.oidc.strict import pushed
from tests.functional.oidc.test_request_objects import change_service

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "guides" / "prove-your-server.md"


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_the_program_proves_its_key(installation: Installation, join: Joining) -> None:
    party = await join("new-ec")
    await change_service(installation, party, profile="fapi2")
    code, verifier = await pushed(installation, party)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": party.redirect_uri}
    given: dict[str, Any] = {
        "issuer": party.issuer,
        "token_request": form | {"code_verifier": verifier} | party.credentials(),
    }
    (program,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    await asyncio.to_thread(exec, program, given)
    assert given["tokens"]["token_type"] == "DPoP"
    assert given["userinfo"].status_code == 200
    given["nonce"]["nonce"] = "of yesterday"
    again = await asyncio.to_thread(given["send"], "GET", f"{party.issuer}/userinfo", given["tokens"]["access_token"])
    assert again.status_code == 200
