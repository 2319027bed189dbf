"""The sign-in page for a browser that runs no script: forms, refreshes, redirects."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from ipse.actions.rules import starts
from ipse.kernel.clock import SECOND
from ipse.kernel.ids import b64u_decode
from ipse.kernel.settings import Lifetimes
from tests.functional.signin.conftest import Site, attribute, form_of


async def begin(client: httpx.AsyncClient, **query: str) -> str:
    page = await client.get("/door", params=query)
    assert page.status_code == 200
    return page.text


async def test_the_page_shows_who_asks_and_both_starts(site: Site, client: httpx.AsyncClient) -> None:
    html = await begin(client, ui_locales="nl")
    assert '<html lang="nl">' in html
    assert "Inloggen bij Fietsen De Ketting" in html
    assert "Om uw bestellingen te zien" in html
    frame = attribute(html, "qr", "data-content").partition("/#f=")[2]
    link = attribute(html, "open-app", "href").partition("/#l=")[2]
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}\.d\d+\.[A-Za-z0-9_-]{22}", frame)
    assert link
    assert frame.rpartition(".")[2] not in link
    assert re.search(r'id="digits">\d\d<', html)


async def test_frame_secret_handle_and_cookie_are_unrelated(site: Site, client: httpx.AsyncClient) -> None:
    html = await begin(client)
    secret = b64u_decode(attribute(html, "signin", "data-secret"))
    frame_id = attribute(html, "signin", "data-frame")
    cookie = client.cookies["ipse"]
    assert len(secret) == 32
    assert site.handle not in {frame_id, cookie}
    assert cookie not in html
    made = starts.build_frame(secret, frame_id, 3, drawn=False)
    starts.check_frame(starts.read_frame(made), secret, elapsed=4, fresh=5, fresh_drawn=10)


async def test_it_refreshes_itself_to_an_address_that_begins_nothing(site: Site, client: httpx.AsyncClient) -> None:
    html = await begin(client, ui_locales="fr")
    refresh = re.search(r'<noscript><meta http-equiv="refresh" content="5;url=([^"]+)"></noscript>', html)
    assert refresh is not None
    again = await client.get(refresh[1])
    assert again.status_code == 200
    assert '<html lang="fr">' in again.text
    assert len(site.began) == 1


async def test_browsers_that_know_no_modules_get_the_page_without_scripts(
    site: Site, client: httpx.AsyncClient
) -> None:
    assert "<script nomodule" in await begin(client)
    page = (await client.get(f"/v2/sign-in/{site.handle}?plain=1&lang=de")).text
    assert "<script" not in page
    assert "<noscript" not in page
    refresh = f'<meta http-equiv="refresh" content="5;url=/v2/sign-in/{site.handle}?plain=1&amp;lang=de">'
    assert refresh in page
    assert (await client.get(attribute(page, "qr", "src"))).status_code == 200
    action, fields = form_of(page, "extend")
    stays = await client.post(action, data=fields)
    assert stays.headers["location"] == f"/v2/sign-in/{site.handle}?plain=1&lang=de"


async def test_the_drawn_frame_is_the_one_named(site: Site, client: httpx.AsyncClient) -> None:
    html = await begin(client)
    picture = await client.get(attribute(html, "qr", "src"))
    assert picture.headers["content-type"] == "image/svg+xml"
    assert picture.headers["cache-control"] == "no-store"
    assert picture.text.startswith("<svg")
    for other in ("", "x.d1." + "a" * 22, attribute(html, "signin", "data-frame") + ".1." + "a" * 22):
        assert (await client.get(f"/v2/sign-in/{site.handle}/frame.svg", params={"f": other})).status_code == 404


async def test_after_an_approval_by_qr_it_goes_on(site: Site, client: httpx.AsyncClient) -> None:
    await begin(client, state="abc")
    await site.claimed(site.handle)
    page = await client.get(f"/v2/sign-in/{site.handle}")
    assert 'id="qr"' not in page.text, "a code that was scanned is not shown any more"
    assert "Now look at your phone" in page.text
    await site.approved(site.handle)
    answer = await client.get(f"/v2/sign-in/{site.handle}")
    assert answer.status_code == 303
    answer = await client.get(answer.headers["location"])
    assert answer.status_code == 303
    target = urlsplit(answer.headers["location"])
    assert target.netloc == urlsplit(site.partner).netloc
    query = parse_qs(target.query)
    assert query["state"] == ["abc"]
    assert len(query["code"][0]) == 36
    again = await client.get(f"/v2/sign-in/{site.handle}/finish")
    assert again.headers["location"] == answer.headers["location"], "a lost answer can be asked again"


async def test_after_an_approval_by_link_only_the_return_finishes(
    site: Site, client: httpx.AsyncClient, stranger: httpx.AsyncClient
) -> None:
    """T-8: where the return value and the starting browser's cookie meet, and nowhere else."""
    await begin(client)
    await site.claimed(site.handle, "link")
    assert "Opened in your app" in (await client.get(f"/v2/sign-in/{site.handle}")).text
    await site.approved(site.handle, return_value="the-return-value")
    waiting = await client.get(f"/v2/sign-in/{site.handle}")
    assert waiting.status_code == 200
    assert "?code=" not in waiting.text
    finish = await client.get(f"/v2/sign-in/{site.handle}/finish")
    assert finish.headers["location"] == f"/v2/sign-in/{site.handle}"
    elsewhere = await stranger.get("/v2/sign-in/return/the-return-value")
    assert elsewhere.status_code == 403
    assert "Started on another device" in elsewhere.text
    assert (await stranger.get("/v2/sign-in/return/guessed")).status_code == 404
    home = await client.get("/v2/sign-in/return/the-return-value")
    assert home.status_code == 303
    assert "code=" in home.headers["location"]
    assert (await client.get("/v2/sign-in/return/the-return-value")).status_code == 404, "single use"


async def test_another_browser_gets_nothing(site: Site, client: httpx.AsyncClient, stranger: httpx.AsyncClient) -> None:
    """T-8: the handle authorises nothing, with no cookie and with another one."""
    html = await begin(client)
    handle, token = site.handle, form_of(html, "cancel")[1]["token"]
    await site.claimed(handle)
    await site.approved(handle)
    for _ in range(2):
        for path in ("", "/finish", "/frame.svg"):
            answer = await stranger.get(f"/v2/sign-in/{handle}{path}")
            assert answer.status_code == 403, path
            assert "?code=" not in answer.text
        events = await stranger.get(f"/v2/sign-in/{handle}/events")
        assert "approved" not in events.text
        for path in ("/cancel", "/extend"):
            assert (await stranger.post(f"/v2/sign-in/{handle}{path}", data={"token": token})).status_code == 403
        await stranger.get("/door")  # now with a cookie of its own
    assert (await client.get(f"/v2/sign-in/{handle}/finish")).status_code == 303


async def test_cancel_goes_back_to_the_partner(site: Site, client: httpx.AsyncClient) -> None:
    action, fields = form_of(await begin(client, state="xyz"), "cancel")
    answer = await client.post(action, data=fields)
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{site.partner}/back?error=access_denied&how=cancelled&state=xyz"
    assert "Cancelled" in (await client.get(f"/v2/sign-in/{site.handle}")).text


async def test_a_refusal_is_shown_with_the_way_back(site: Site, client: httpx.AsyncClient) -> None:
    await begin(client)
    await site.claimed(site.handle)
    await site.rejected(site.handle)
    page = await client.get(f"/v2/sign-in/{site.handle}")
    assert "You refused" in page.text
    back = await client.get(attribute(page.text, "back", "href"))
    assert back.headers["location"].startswith(f"{site.partner}/back?error=access_denied&how=rejected")


async def test_more_time_in_steps_to_ten_minutes(site: Site, client: httpx.AsyncClient) -> None:
    action, fields = form_of(await begin(client), "extend")
    left = []
    for _ in range(4):
        answer = await client.post(action, data=fields)
        assert answer.status_code == 303
        page = await client.get(answer.headers["location"])
        left.append(int(attribute(page.text, "signin", "data-left")))
    assert left[0] > 300
    assert left[-1] <= 600
    assert left[-1] >= 590
    assert re.search(r'<form id="extend"[^>]* hidden>', page.text), "no more to have"


class TestShort:
    @pytest.fixture
    def lifetimes(self) -> Lifetimes:
        return Lifetimes(action=1)

    async def test_expiry_is_shown_with_the_way_back(self, site: Site, client: httpx.AsyncClient) -> None:
        html = await begin(client)
        events = await client.get(f"/v2/sign-in/{site.handle}/events")
        assert '"state":"expired"' in events.text, "the stream ends by itself"
        page = await client.get(f"/v2/sign-in/{site.handle}")
        assert "The time is up" in page.text
        back = await client.get(attribute(page.text, "back", "href"))
        assert "how=expired" in back.headers["location"]
        action, fields = form_of(html, "extend")
        assert (await client.post(action, data=fields)).status_code == 303
        assert "The time is up" in (await client.get(f"/v2/sign-in/{site.handle}")).text


async def test_a_request_that_nobody_took_is_kept_for_an_hour(site: Site, client: httpx.AsyncClient) -> None:
    """T-15: anybody may begin one, so that they must not pile up."""
    await begin(client)
    ended = "update actions_actions set expires_at = $1 returning action_id"
    for seconds, status in ((3500, 200), (3700, 404)):
        await site.actions.database.rows(ended, site.actions.clock.now() - seconds * SECOND)
        await site.actions.expire()
        assert (await client.get(f"/v2/sign-in/{site.handle}")).status_code == status


async def test_forms_count_only_with_their_token_and_from_here(site: Site, client: httpx.AsyncClient) -> None:
    """S-13."""
    action, fields = form_of(await begin(client), "cancel")
    assert (await client.post(action)).status_code in {400, 403}
    assert (await client.post(action, data={"token": "x"})).status_code == 403
    assert (await client.post(action, data=fields, headers={"origin": "http://127.0.0.1:1"})).status_code == 403
    assert (await client.get(action)).status_code == 405
    assert 'data-state="waiting"' in (await client.get(f"/v2/sign-in/{site.handle}")).text


async def test_an_unknown_handle_says_so(site: Site, client: httpx.AsyncClient) -> None:
    answer = await client.get("/v2/sign-in/nothing", headers={"accept-language": "de"})
    assert answer.status_code == 404
    assert "Diese Anfrage gibt es nicht mehr" in answer.text
    for odd in ("%00", "a%00b", "%ff", "..", "x" * 5000, "%F0%9F%94%91"):
        for path in ("", "/events", "/finish", "/frame.svg"):
            answer = await client.get(f"/v2/sign-in/{odd}{path}")
            assert answer.status_code in {400, 404, 414}, (odd, path)
    assert (await client.get("/v2/sign-in/return/%00")).status_code == 400


async def test_headers_of_the_page(site: Site, client: httpx.AsyncClient) -> None:
    """S-11, S-12."""
    answer = await client.get("/door")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert f"form-action 'self' {site.partner};" in policy
    assert re.fullmatch(r"ipse=[\w-]{43}; Path=/; HttpOnly; SameSite=Lax", answer.headers["set-cookie"])
