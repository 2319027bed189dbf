"""One living account per person, by whichever of their documents they come, at the same moment too (T-14)."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace

from ipse.people.model import AccountState, Enrolled
from ipse.storage.errors import DuplicateError
from tests.functional.oidc.installation import Installation

_PERSONS = itertools.count(1)


async def test_two_documents_at_once_make_one_account(installation: Installation) -> None:
    """One registrar names a national number and a document, another the document alone."""
    people, database = installation.people, installation.database
    epoch = await people.current_epoch()

    async def enrol(enrolled: Enrolled) -> str:
        for _ in range(2):
            try:
                account, _, _ = await database.transact(
                    lambda: people.enrolling(enrolled, epoch=epoch, now=installation.clock.now())
                )
            except DuplicateError:
                continue
            return account.account_id
        raise AssertionError("not found at the second look")

    for _ in range(20):
        person = f"{next(_PERSONS)}"
        by_number = Enrolled(
            language="en", level="substantial", state=AccountState.ACTIVE, why=None, identity=f"number {person}",
            phone_number="+32 400000001", acceptances=(), also=(f"document {person}",),
        )  # fmt: skip
        by_document = replace(by_number, identity=f"document {person}", also=())
        assert len(set(await asyncio.gather(enrol(by_number), enrol(by_document)))) == 1
