"""The programs of docs/guides/send-requests.md do what the guide says."""

from __future__ import annotations

import asyncio
import re
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from tests.functional.oidc.conftest import register
from tests.functional.oidc.installation import Installation
from tests.functional.oidc.relying_party import imported

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "guides" / "send-requests.md"


@pytest.mark.parametrize("engine", ["sqlite"])
async def test_each_program_leads_to_the_sign_in_page(installation: Installation, partner_keys: dict[str, Any]) -> None:
    party = await register(installation, "garden", partner_keys["new-ec"], "LOGIN")
    assert party.signing
    contract = {"given_name": "required"}
    service = await installation.partners.service("GARDEN_LOGIN")
    assert service is not None
    await installation.partners.register_service(replace(service, contract=contract), actor="test")
    programs = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(programs) == 3
    push, sign, encrypt = programs
    for program in (push, sign, sign + encrypt):
        given: dict[str, Any] = {
            "issuer": party.issuer,
            "callback": party.redirect_uri,
            "assertion": party.assertion,
            "signing_key": imported(party.signing),
            "state": secrets.token_urlsafe(16),
            "nonce": secrets.token_urlsafe(16),
            "challenge": "x" * 43,
            "secrets": secrets,
            "quote": quote,
        }
        await asyncio.to_thread(exec, program, given)
        page = await party.browser.get(given["address"])
        assert page.status_code == 200, page.text
        assert "/v2/sign-in/" in page.text
    await party.close()
