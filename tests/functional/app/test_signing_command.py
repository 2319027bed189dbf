"""`ipse signing`: what an operator sees of a person's certificates, and that one key ends alone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from ipse.app.keystores import open_keystore
from ipse.kernel.clock import SystemClock
from ipse.kernel.ids import RandomIds
from ipse.people.service import People
from ipse.signing.model import Credential, CredentialState
from ipse.signing.service.credentials import Credentials
from ipse.storage.database import open_database
from tests.functional.app.test_account_command import a_person

if TYPE_CHECKING:
    from tests.functional.app.installation import Place

pytestmark = pytest.mark.processes


async def certified(place: Place, account: str) -> None:
    """A credential of this person."""
    database, ids, clock = await open_database(place.settings["database"]), RandomIds(), SystemClock()
    people = People(database, open_keystore(place.settings["keystore"]), clock, ids)
    credentials = Credentials(database, people, clock, ids)
    credential = Credential(
        credential_id="credential-1", account_id=account, phone_id="phone", state=CredentialState.MAKING, why=None,
        algorithm="RSA-2048", attested=False, certificates=(), created_at=clock.now(), valid_until=None,
    )  # fmt: skip
    await credentials.make(credential, b"request")
    await credentials.certify(credential, [b"certificate"], serial="4711", valid_until=clock.now() + 10**12)
    await database.close()


def test_an_operator_ends_one_key(small: Place) -> None:
    account = asyncio.run(a_person(small))
    assert small.ipse("signing", "credentials", account).stdout == "no signing certificate\n"
    asyncio.run(certified(small, account))
    shown = small.ipse("signing", "credentials", account).stdout
    assert shown.startswith("credential-1  active  RSA-2048  until ")
    assert shown.endswith("4711\n")
    ended = small.ipse("signing", "end", "credential-1", "--because", "case 7")
    assert ended.returncode == 0, ended.stderr
    assert "ended (by_operator)" in small.ipse("signing", "credentials", account).stdout
    again = small.ipse("signing", "end", "credential-1", "--because", "case 7")
    assert (again.returncode, "has ended before" in again.stderr) == (1, True)
    assert "no such certificate" in small.ipse("signing", "end", "other", "--because", "case 7").stderr
