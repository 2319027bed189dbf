"""Time stamps, OCSP and CRL down while people sign: the signature stands, and is finished when they are back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ipse.kernel.clock import SECOND
from ipse.validation.service import Brought
from tests.functional.documents.samples import pdf
from tests.functional.envelopes.guests import Guests, headings, links

if TYPE_CHECKING:
    from ipse.kernel.clock import Clock
    from tests.support.certification import RunningCertification


async def _levels(guests: Guests, file: bytes) -> tuple[str, list[str]]:
    """What judging says of a file, and how far each signature has come."""
    validations = guests.house.works.features.doors.validations
    assert validations is not None
    found = await validations.judge(Brought("lease.pdf", file))
    return str(found.verdict), [str(each.level) for each in found.signatures if each.kind == "signature"]


async def test_what_is_down_is_added_before_the_next_signature(
    sqlite_guests: Guests, certification: RunningCertification
) -> None:
    guests = sqlite_guests
    ada, bram = await guests.certified("Ada"), await guests.certified("Bram")
    at = await ada.draft(lease=pdf())
    await ada.post(at, do="add", name="Bram")
    [link] = links(await ada.post(at, do="send"))
    await bram.accept(link)
    waiting = await ada.post(f"{at}/sign")
    certification.kill()
    try:
        assert headings(await ada.approve(waiting))[1] == "Waiting for others"
        # What follows would be signed over, and nothing could be added to hers any more.
        refused = await bram.post(f"{at}/sign")
        assert (refused.status_code, headings(refused)) == (503, ["Signing does not work at this moment"])
    finally:
        certification.restart()
    assert headings(await bram.sign(at))[1] == "Signed by all"
    [address] = [part for part in (await bram.get(at)).text.split('"') if part.endswith("/file")]
    assert await _levels(guests, (await bram.get(address)).content) == ("unchanged", ["B-LT", "B-LT"])


class Creeping:
    """A clock by which every step takes twenty seconds, as with somebody who hangs."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._looks = clock, 0

    def now(self) -> int:
        self._looks += 1
        return self._clock.now() + 20 * self._looks * SECOND


async def test_a_round_of_the_job_ends_while_somebody_hangs(
    sqlite_guests: Guests, certification: RunningCertification
) -> None:
    """Other jobs wait for it; what it has not tried is due in the next."""
    guests = sqlite_guests
    ada = await guests.certified("Ada")
    at = await ada.draft(one=pdf(), two=pdf(), three=pdf())
    waiting = await ada.post(at, do="sign")
    certification.kill()
    try:
        await ada.approve(waiting)
        raising = guests.envelopes.raising
        guests.clock.ahead = 61
        slow = replace(raising, vault=replace(raising.vault, clock=Creeping(guests.clock)))
        assert await slow.raise_due() == 1
        assert await raising.raise_due() == 2
    finally:
        certification.restart()


async def test_what_is_down_is_added_by_a_job(sqlite_guests: Guests, certification: RunningCertification) -> None:
    guests = sqlite_guests
    ada = await guests.certified("Ada")
    at = await ada.draft(lease=pdf())
    waiting = await ada.post(at, do="sign")
    certification.kill()
    try:
        assert headings(await ada.approve(waiting))[1] == "Signed by all"
        [address] = [part for part in (await ada.get(at)).text.split('"') if part.endswith("/file")]
        guests.clock.ahead = 61
        assert await guests.envelopes.raising.raise_due() == 1
    finally:
        certification.restart()
    assert await guests.envelopes.raising.raise_due() == 0, "not again at once"
    guests.clock.ahead = 0  # time stamps far from our time are refused
    await guests.house.scheme.database.rows("update envelopes_documents set raised_at = 1")
    assert await guests.envelopes.raising.raise_due() == 1
    assert await _levels(guests, (await ada.get(address)).content) == ("unchanged", ["B-LT"])
    assert "PAdES B-LT" in (await ada.get(at)).text
