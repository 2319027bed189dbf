"""The page that explains the world, `world.json`, and the switches."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import pytest_asyncio

from tests.functional.sandbox.running import running_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ipse.sandbox.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[World, httpx.AsyncClient]]:
    async with running_world(tmp_path_factory.mktemp("world")) as (world, client):
        yield world, client.http


async def test_world_json_has_the_promised_members(shared: tuple[World, httpx.AsyncClient]) -> None:
    world, http = shared
    port = world.places.port
    on_localhost = (await http.get(f"http://localhost:{port + 1}/world.json")).json()
    document = (await http.get(f"http://127.0.0.1:{port + 1}/world.json")).json()
    assert document == on_localhost
    assert document["issuer"] == f"http://localhost:{port}/v2"
    assert document["app"] == f"http://localhost:{port + 2}"
    assert [partner["client_id"] for partner in document["partners"]] == ["shop", "portal", "house", "desk", "notary"]
    shop, portal, _, desk, notary = document["partners"]
    assert (shop["token_endpoint_auth_method"], portal["token_endpoint_auth_method"]) == (
        "client_secret_post",
        "private_key_jwt",
    )
    assert len(shop["client_secret"]) >= 32
    assert "jwks" not in shop
    assert "client_secret" not in portal
    assert {key["use"] for key in portal["jwks"]["keys"]} == {"sig", "enc"}
    assert all("d" in key for key in portal["jwks"]["keys"])
    for partner in document["partners"]:
        assert {"name", "client_id"} <= partner.keys()
        for service in partner["services"]:
            assert {"code", "type", "redirect_uris", "scopes", "claims"} <= service.keys()
            if partner not in (desk, notary):
                assert service["scopes"][:2] == ["openid", f"service:{service['code']}"]
    for partner in (shop, portal):
        assert [service["type"] for service in partner["services"]][:2] == ["authentication", "identification"]
    assert [service["final_partner"] for service in desk["services"]] == ["library", "museum"]
    assert all(len(service["callback_urls"]) == 3 for service in desk["services"])
    assert [bank["id"] for bank in document["banks"]] == ["bank-vesta", "bank-meridiaan", "bank-lys", "bank-aurora"]
    assert "NL" in {bank["country"] for bank in document["banks"]}
    for person in document["persons"]:
        assert {"id", "name", "country", "birthdate", "phone_number", "login"} <= person.keys()


async def test_secrets_survive_and_are_for_their_owner_alone(shared: tuple[World, httpx.AsyncClient]) -> None:
    world, _ = shared
    secrets = world.folder / "secrets.json"
    assert secrets.stat().st_mode & 0o077 == 0
    assert world.folder.stat().st_mode & 0o077 == 0
    again = type(world).load(world.folder)
    assert again.secrets == world.secrets


async def test_what_the_scheme_is_told_holds_no_private_key(shared: tuple[World, httpx.AsyncClient]) -> None:
    world, _ = shared
    for registration in world.registrations():
        assert "'d'" not in str(registration.jwks)
        if not registration.registered_by:
            assert (registration.secret is None) != (registration.jwks is None)
        for service in registration.services:
            assert set(service.name) == {"nl", "fr", "de", "en"}
            assert set(service.contract.values()) <= {"required", "voluntary"}


async def test_the_page_links_everything(shared: tuple[World, httpx.AsyncClient]) -> None:
    world, http = shared
    page = (await http.get(world.places.world + "/")).text
    links = set(re.findall(r'href="([^"#][^"]*)"', page))
    assert world.places.app + "/" in links
    for link in links:
        if link.startswith("/"):
            assert (await http.get(world.places.world + link)).status_code == 200, link
    for picture in re.findall(r'src="(/persons/[^"]+)"', page):
        assert (await http.get(world.places.world + picture)).headers["content-type"] == "image/jpeg"


async def test_pages_carry_strict_headers_and_no_inline_code(shared: tuple[World, httpx.AsyncClient]) -> None:
    world, http = shared
    for path in ("/", "/shop/", "/portal/", "/banks/bank-lys/"):
        page = await http.get(world.places.world + path)
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert not re.search(r"<script(?![^>]*src=)|\son[a-z]+=|\sstyle=|<style", page.text), path


async def test_people_are_led_to_one_name(shared: tuple[World, httpx.AsyncClient]) -> None:
    """On `localhost` the world's cookies would meet the scheme's."""
    world, http = shared
    answer = await http.get(f"http://localhost:{world.places.port + 1}/shop/callback?code=a&state=b")
    assert answer.status_code == 307
    assert answer.headers["location"] == f"{world.places.world}/shop/callback?code=a&state=b"


@pytest.mark.parametrize(
    "wanted",
    [
        {"party": "nobody", "how": "ok"},
        {"party": "shop", "how": "sing"},
        {"party": "shop", "how": "slow", "seconds": 9999},
        {"party": "shop", "how": "slow", "seconds": "soon"},
    ],
)
async def test_senseless_misbehaviour_is_refused(
    shared: tuple[World, httpx.AsyncClient], wanted: dict[str, Any]
) -> None:
    world, http = shared
    answer = await http.post(f"{world.places.world}/misbehave", json=wanted)
    assert answer.status_code == 400
    assert "error" in answer.json()


async def test_no_other_page_can_throw_the_switches(shared: tuple[World, httpx.AsyncClient]) -> None:
    world, http = shared
    form = {"party": "shop", "how": "error"}
    answer = await http.post(f"{world.places.world}/misbehave", data=form, headers={"Origin": "http://localhost"})
    assert answer.status_code == 403


async def test_the_page_shows_who_misbehaves(shared: tuple[World, httpx.AsyncClient]) -> None:
    world, http = shared
    base = world.places.world
    form = {"party": "bank-lys", "how": "slow"}
    assert (await http.post(f"{base}/misbehave", data=form)).headers["location"] == "/#misbehave"
    assert "Answers after 5 s" in (await http.get(base + "/")).text
    await http.post(f"{base}/misbehave", data={"party": "bank-lys", "how": "ok"})
    assert "Answers after" not in (await http.get(base + "/")).text
