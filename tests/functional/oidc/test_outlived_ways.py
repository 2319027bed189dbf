"""What was prepared before an identity was activated anew proves nobody any more (B-8)."""

from __future__ import annotations

import msgspec
import pytest

from ipse.actions.model import Method
from ipse.actions.service.fallbacks import Proven
from ipse.fallback.service.setups import Setups
from ipse.kernel.clock import SECOND
from ipse.kernel.keystore import Keystore
from ipse.people.errors import AccountBlockedError
from tests.functional.oidc.conftest import Joining
from tests.functional.oidc.handsets import Works
from tests.functional.oidc.installation import Installation


@pytest.fixture
async def works(installation: Installation, keystore: Keystore) -> Works:
    return await Works.of(installation, keystore)


@pytest.mark.parametrize("later", [-1, 0])
async def test_only_ways_prepared_since_the_activation_count(works: Works, join: Joining, later: int) -> None:
    """A thief who added a passkey before the identity was blocked has nothing once its person has it back."""
    party, phone = await join(), await works.handset()
    began, approvals = await party.begin(), works.features.fallback.visits.approvals
    database = works.installation.database
    row = await database.row("select action_id, browser_hash from actions_actions where handle = $1", began.handle)
    assert row is not None
    action = (await works.features.actions.find(row["action_id"])).action
    action = msgspec.structs.replace(action, request=msgspec.structs.replace(action.request, fallbacks=("passkey",)))
    activated = (await works.installation.people.account(phone.account_id)).activated_at
    assert activated is not None
    proven = Proven(
        account_id=phone.account_id,
        method=Method.PASSKEY,
        level="substantial",
        evidence={},
        prepared_at=activated + later * SECOND,
    )
    browser = bytes(row["browser_hash"])
    if later < 0:
        with pytest.raises(AccountBlockedError):
            await approvals.claim(action, browser, proven, address="192.0.2.1")
        return
    assert (await approvals.claim(action, browser, proven, address="192.0.2.1")).octets


async def test_they_are_listed_no_more(works: Works) -> None:
    setups: Setups = works.features.fallback.setups
    prepared = await setups.prepare("a-1", Method.SHEET)
    for statement in prepared.statements:
        await setups.database.rows(statement.text, *statement.values)
    invited = await works.features.fallback.passkeys.invite("a-1", decoy=False)
    await setups.database.rows(invited.statements[0].text, *invited.statements[0].values)
    assert await setups.listed("a-1")
    await setups.outlive("a-1", setups.clock.now() + SECOND)
    assert await setups.listed("a-1") == []
    rows = await setups.database.rows("select setup_id from fallback_passkeys where removed_at is null")
    assert list(rows) == []
