"""What an access token reads, and how it ends (RFC 6750, RFC 7009; partner protocol 1.9, 1.10)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.functional.oidc.conftest import SECRET, Joining
from tests.functional.oidc.installation import Installation
from tests.functional.oidc.relying_party import RelyingParty


async def access_token(installation: Installation, party: RelyingParty, **values: Any) -> str:
    began = await party.begin()
    await installation.approve(began.handle, values=values)
    token: str = (await party.tokens(began))["access_token"]
    return token


@pytest.mark.parametrize("path", ["/userinfo", "/picture"])
async def test_challenges(join: Joining, path: str) -> None:
    party = await join()
    await party.discover()
    url = party.issuer + path
    without = await party.browser.get(url)
    assert (without.status_code, without.headers["www-authenticate"]) == (401, 'Bearer realm="ipse"')
    for header, status, error in (
        ("Bearer " + "x" * 43, 401, "invalid_token"),
        ("Bearer x", 401, "invalid_token"),
        ("Bearer", 400, "invalid_request"),
        ("Basic YTpi", 400, "invalid_request"),
        ("Bearer a b", 400, "invalid_request"),
    ):
        answer = await party.browser.get(url, headers={"Authorization": header})
        assert (answer.status_code, answer.json()["error"]) == (status, error), header
        assert f'error="{error}"' in answer.headers["www-authenticate"]
    by_query = await party.browser.get(url + "?access_token=" + "x" * 43)
    assert (by_query.status_code, by_query.json()["error"]) == (400, "invalid_request")
    assert (await party.browser.put(url)).status_code == 405


async def test_userinfo_by_get_and_post(installation: Installation, join: Joining) -> None:
    party = await join()
    token = await access_token(installation, party)
    url = (await party.discover())["userinfo_endpoint"]
    for method in ("GET", "POST"):
        answer = await party.browser.request(method, url, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert answer.text.count(".") == 4
    in_body = await party.browser.post(url, data={"access_token": token})
    assert in_body.status_code == 401


async def test_no_picture_where_none_was_asked(installation: Installation, join: Joining) -> None:
    party = await join()
    token = await access_token(installation, party, picture={"format": "image/jpeg", "value": "AAAA"})
    answer = await party.browser.get(party.issuer + "/picture", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")


async def test_a_stopped_partner_reads_nothing_more(installation: Installation, join: Joining) -> None:
    party = await join()
    token = await access_token(installation, party)
    await installation.partners.set_state(party.client_id, "stopped", actor="test")
    installation.partners._partners.clear()
    assert (await party.userinfo(token)).status_code == 401
    assert (await party.token("x" * 36, None)).json()["error"] == "invalid_client"


async def test_revocation_by_each_way(installation: Installation, join: Joining) -> None:
    """RFC 7009; secret partners by Basic or post, key partners by assertion."""
    by_key, by_secret = await join("new-ec"), await join("migrating-secret")
    url = (await by_key.discover())["revocation_endpoint"]
    ways: list[tuple[RelyingParty, dict[str, str], Any]] = [
        (by_key, by_key.credentials(), None),
        (by_secret, by_secret.credentials(), None),
        (by_secret, {}, (by_secret.client_id, SECRET)),
    ]
    for party, form, basic in ways:
        token = await access_token(installation, party)
        assert (await party.userinfo(token)).status_code == 200
        answer = await party.browser.post(
            url, data={"token": token, "token_type_hint": "access_token", **form}, **({"auth": basic} if basic else {})
        )
        assert answer.status_code == 200
        assert (await party.userinfo(token)).status_code == 401


async def test_revocation_of_what_is_not_there_or_not_ones_own(installation: Installation, join: Joining) -> None:
    party, other = await join("new-ec"), await join("migrating-secret")
    url = (await party.discover())["revocation_endpoint"]
    token = await access_token(installation, party)
    for unknown in ("x", "x" * 43, token):
        answer = await other.browser.post(url, data={"token": unknown, **other.credentials()})
        assert answer.status_code == 200
    assert (await party.userinfo(token)).status_code == 200


async def test_revocation_refused(join: Joining) -> None:
    party, by_key = await join("migrating-secret"), await join("new-ec")
    url = (await party.discover())["revocation_endpoint"]
    endpoint = party.metadata["token_endpoint"]
    refused: list[tuple[dict[str, str], Any, int, str]] = [
        ({"token": "x"}, None, 400, "invalid_client"),
        (party.credentials(), None, 400, "invalid_request"),
        (party.credentials() | {"token": "x", "token_type_hint": "refresh_token"}, None, 400, "unsupported_token_type"),
        ({"token": "x"}, (party.client_id, "wrong"), 401, "invalid_client"),
        ({"token": "x"}, ("unknown", SECRET), 401, "invalid_client"),
        (party.credentials() | {"token": "x"}, (party.client_id, SECRET), 400, "invalid_request"),
        (
            by_key.credentials() | {"client_assertion": by_key.assertion(aud=endpoint), "token": "x"},
            None,
            400,
            "invalid_client",
        ),
    ]
    for form, basic, status, error in refused:
        answer = await party.browser.post(url, data=form, **({"auth": basic} if basic else {}))
        assert (answer.status_code, answer.json()["error"]) == (status, error), form
        assert ("www-authenticate" in answer.headers) == (status == 401)


async def test_tokens_end_after_an_hour(installation: Installation, join: Joining) -> None:
    party = await join()
    token = await access_token(installation, party)
    await installation.database.rows(
        "update actions_actions set token_expires_at = $1 where token_hash is not null returning action_id",
        installation.clock.now(),
    )
    assert (await party.userinfo(token)).status_code == 401
