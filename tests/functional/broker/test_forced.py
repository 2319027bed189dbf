"""A result that its person was forced to approve: at the REST session it is a fault of ours, byte for byte."""

from __future__ import annotations

import re
from typing import Any, cast

from ipse.kernel.keystore import Keystore
from tests.functional.broker.office import Office
from tests.functional.oidc.handsets import CODE, DURESS, Works
from tests.functional.oidc.installation import Installation

_DAMAGE = "update actions_actions set sealed_approval = null where handle = $1 returning action_id"


async def test_a_forced_approval_ends_a_session_as_a_fault_does(office: Office, keystore: Keystore) -> None:
    """Where the browser goes, the session before and after its result is read, and again: the same after masking."""
    scheme = office.scheme
    nobody = cast("Any", None)
    installation = Installation(
        scheme.settings, office.database, scheme.people, scheme.partners, office.actions, nobody, office.clock
    )
    works = await Works.of(installation, keystore)
    seen = []
    for forced in (False, True):
        phone = await works.handset()
        await phone.set_duress()
        session = await office.session(externalReference="order 7", requestedAttributes=["firstName"])
        async with office.browser() as browser:
            handle = await office.open(session, browser)
            shown = await phone.approve(await phone.claim(handle), DURESS if forced else CODE)
            assert shown["outcome"] == "approved"
            if not forced:
                assert await office.database.rows(_DAMAGE, handle)
            before = await office.read(session)
            target = await office.finish(browser, handle)
            token = target.params.get("resultToken")
            after = [await office.read(session, token) for _ in range(2)] + [await office.read(session)]
        told = [f"{each.status_code} {sorted(each.headers.items())} {each.text}" for each in (before, *after)]
        assert all("Ada" not in each for each in told)
        seen.append([_masked(each) for each in (*told, str(target))])
    assert seen[0] == seen[1]


def _masked(text: str) -> str:
    """Without what differs each time: random values, times."""
    return re.sub(
        r"(?=[a-z_-]*[0-9A-Z])[A-Za-z0-9_-]{16,}", "*", re.sub(r"\d{4}-\d\d-\d\dT[0-9:.]+Z|\d{9,}", "*", text)
    )
