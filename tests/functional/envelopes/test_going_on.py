"""A person goes on: from another browser while the phone is asked, and after an approval that came to nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.functional.documents.samples import pdf
from tests.functional.envelopes.guests import Guests, headings, signatures
from tests.functional.oidc.handsets import RefusedError

if TYPE_CHECKING:
    from tests.functional.signature_activation.processes import Place


async def test_who_closed_the_browser_goes_on_from_another_at_once(sqlite_guests: Guests) -> None:
    """What the closed one had asked is withdrawn by it; a phone that still shows it approves nothing."""
    guests = sqlite_guests
    ada = await guests.certified("Ada")
    at = await ada.draft(lease=pdf())
    waiting = await ada.post(at, do="sign")
    shown = await ada.phone.claim(waiting.url.path.rpartition("/")[2])
    async with guests.house.browser() as browser:
        await browser.sign_in(ada.phone)
        again = replace(ada, browser=browser)
        for page in (await again.get(at), await again.get(f"{at}/go-on")):
            assert page.url.path == at
            assert headings(page)[1] == "It is your turn"
            assert "Your phone is being asked from another window" in page.text
        # Looking withdraws nothing; her first browser still waits.
        assert headings(await ada.get(at))[1] == "Your phone is being asked"
        anew = await again.post(f"{at}/sign")
        assert "/v2/sign-in/" in anew.url.path
        assert anew.url.path != waiting.url.path
        with pytest.raises(RefusedError, match="request_ended"):
            await ada.phone.approve(shown)
        done = await again.approve(anew)
        assert headings(done)[1] == "Signed by all"
        [file] = [part for part in done.text.split('"') if part.endswith("/file")]
        assert signatures((await again.get(file)).content) == 1
    assert headings(await ada.get(f"{at}/go-on"))[1] == "Signed by all"


async def test_an_approval_whose_time_ran_out_while_nothing_could_sign(
    sqlite_guests: Guests, activation: Place
) -> None:
    """She approved in time, and reads that; nothing was signed, and she can start again."""
    guests = sqlite_guests
    guests.clock.ahead = -700  # for signature activation it is eleven minutes later
    ada = await guests.certified("Ada")
    at = await ada.draft(lease=pdf())
    waiting = await ada.post(at, do="sign")
    activation.kill()
    try:
        page = await ada.approve(waiting)
        assert headings(page)[1] == "You have approved"
    finally:
        activation.start()
    page = await ada.get(f"{at}/go-on")
    assert headings(page)[1] == "It is your turn"
    assert "You approved in time" in page.text
    guests.clock.ahead = 0
    assert headings(await ada.sign(at))[1] == "Signed by all"
