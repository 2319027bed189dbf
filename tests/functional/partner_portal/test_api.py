"""The portal's API: whose key opens what, refusals as problem documents, and a document that keeps step."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import msgspec

from ipse.partner_portal.http.openapi import DOCUMENT, OPERATIONS
from ipse.partner_portal.model import API
from ipse.staff.model import Organisation, Role
from ipse.standards import jose
from tests.functional.partner_portal.counter import Counter, Visitor

WRITTEN = Path("docs/reference/partner-portal.openapi.json").read_text()
KEYS = {"keys": [jose.public_jwk(jose.new_private_jwk(alg, kid=alg)) for alg in ("ES256", "ECDH-ES")]}
SERVICE: dict[str, Any] = {
    "code": "API_LOGIN",
    "type": "authentication",
    "name": dict.fromkeys(("nl", "fr", "de", "en"), "Sign in"),
    "redirect_uris": ["https://press.example/back"],
    "contract": {"email": "voluntary", "email_verified": "voluntary"},
}


async def management_key(visitor: Visitor) -> str:
    """A key that was made in the portal."""
    found = re.search(r"ipsepm_[A-Za-z0-9_-]{43}", (await visitor.send("/partners/api", do="make", name="CI")).text)
    assert found
    assert found[0] not in (await visitor.http.get("/partners/api")).text
    return found[0]


async def call(http: httpx.AsyncClient, key: str, method: str, path: str, body: object = None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return await http.request(method, API + path, headers=headers, content=None if body is None else json.dumps(body))


async def test_a_program_does_what_its_people_do(counter: Counter) -> None:
    async with counter.visitor(await counter.registered("Press")) as visitor:
        http, key = visitor.http, await management_key(visitor)
        assert (await call(http, key, "PUT", "/keys", {"jwks": KEYS})).status_code == 204
        assert (await call(http, key, "GET", "/organisation")).json()["state"] == "active"
        created = await call(http, key, "POST", "/services", SERVICE)
        assert created.status_code == 201, created.text
        changed = {name: value for name, value in SERVICE.items() if name != "code"} | {"state": "stopped"}
        assert (await call(http, key, "PUT", "/services/API_LOGIN", changed)).json()["state"] == "stopped"
        told = (await call(http, key, "GET", "/services")).json()["services"]
        assert [(one["code"], one["contract"]) for one in told] == [("API_LOGIN", SERVICE["contract"])]
        client_id = await visitor.client_id()
        reference = counter.desk.log.refused(client_id, "API_LOGIN", "token", "check_code", "invalid_grant", "used")
        for query in ("?limit=5", f"?reference={reference.lower()}"):
            (line,) = (await call(http, key, "GET", f"/requests{query}")).json()["refusals"]
            assert (line["check"], line["reference"]) == ("check_code", reference)
        assert (await call(http, key, "GET", "/figures")).json()["alerts"] == []
        assert (await call(http, key, "GET", "/applications")).json() == {"applications": []}
        assert (await call(http, key, "DELETE", "/services/API_LOGIN")).status_code == 204
        assert (await call(http, key, "PUT", "/organisation", {"name": "The Press"})).status_code == 204
        assert (await call(http, key, "GET", "/organisation")).json()["name"] == "The Press"


async def test_a_key_opens_nothing_once_its_maker_is_no_manager(counter: Counter) -> None:
    async with counter.visitor(await counter.registered("Press")) as visitor:
        key, staff = await management_key(visitor), counter.parts.staff
        assert (await call(visitor.http, key, "GET", "/services")).status_code == 200
        (ann,) = await staff.members(Organisation.PARTNER, await visitor.client_id())
        await staff.set_roles(ann.member_id, (Role.MEMBER,), actor="test")
        assert (await call(visitor.http, key, "GET", "/services")).status_code == 401
        await staff.set_roles(ann.member_id, (Role.MANAGER,), actor="test")
        assert (await call(visitor.http, key, "GET", "/services")).status_code == 200
        await staff.remove(ann.member_id, actor="test")
        assert (await call(visitor.http, key, "GET", "/services")).status_code == 401


async def test_a_broker_brings_nobody_into_production_alone(production: Counter) -> None:
    async with production.visitor(await production.registered("Agency")) as visitor:
        key = await management_key(visitor)
        refused = await call(visitor.http, key, "POST", "/final-partners", {"client_id": "mill", "name": "The Mill"})
        assert refused.status_code == 422
        assert await production.desk.partners.fresh("mill") is None


async def test_a_broker_registers_for_whom_it_asks(counter: Counter) -> None:
    async with counter.visitor(await counter.registered("Agency")) as visitor:
        http, key = visitor.http, await management_key(visitor)
        await call(http, key, "PUT", "/keys", {"jwks": KEYS})
        client_id = await visitor.client_id()
        partner = await counter.desk.partners.fresh(client_id)
        assert partner
        await counter.desk.partners.register_partner(
            msgspec.structs.replace(partner, broker=True), secret=None, actor="operator:root"
        )
        mill = {"client_id": "mill", "name": "The Mill"}
        assert (await call(http, key, "POST", "/final-partners", mill)).status_code == 201
        assert (await call(http, key, "POST", "/final-partners", mill)).status_code == 422
        await counter.registered("Other")
        rows = await counter.desk.partners.database.rows("select organisation_id from partner_portal_organisations")
        for row in rows:
            taken = {"client_id": row["organisation_id"], "name": "The Mill"}
            assert (await call(http, key, "POST", "/final-partners", taken)).status_code == 422
        assert (await call(http, key, "GET", "/final-partners")).json() == {"final_partners": [mill]}
        service = {**SERVICE, "final_partner": "mill", "code": "MILL_LOGIN"}
        assert (await call(http, key, "POST", "/services", service)).status_code == 201
        page = (await http.get("/partners/final-partners")).text
        assert "The Mill" in page
        assert "/partners/services/MILL_LOGIN" in page


async def test_refusals_are_problem_documents(counter: Counter) -> None:
    async with counter.visitor(await counter.registered("Press")) as visitor:
        http, key = visitor.http, await management_key(visitor)
        await call(http, key, "PUT", "/keys", {"jwks": KEYS})
        cases: list[tuple[str, str, Any, int, str]] = [
            ("POST", "/services", {**SERVICE, "redirect_uris": ["ftp://press.example"]}, 422, "redirect_uris"),
            ("POST", "/services", {**SERVICE, "contract": {"shoe_size": "required"}}, 422, "contract"),
            ("POST", "/services", {**SERVICE, "colour": "red"}, 422, ""),
            ("POST", "/services", "text", 422, ""),
            ("GET", "/services/NOBODYS", None, 404, ""),
            ("PUT", "/keys", {"jwks": {"keys": [jose.new_private_jwk("ES256")]}}, 422, "keys"),
            ("PUT", "/keys", {}, 422, ""),
            ("POST", "/keys/test", {"jwks_uri": "https://169.254.169.254/keys"}, 422, "jwks_uri"),
            ("GET", "/requests?limit=0", None, 422, ""),
            ("GET", "/figures?since=never", None, 422, ""),
            ("POST", "/final-partners", {"client_id": "mill", "name": "Mill"}, 422, ""),
        ]
        for method, path, body, status, field in cases:
            answer = await call(http, key, method, path, body)
            assert answer.status_code == status, (path, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["reference"]
            assert answer.json().get("field", "") == field, (path, answer.text)


async def test_only_a_key_of_the_organisation_that_counts_opens_it(counter: Counter) -> None:
    async with (
        counter.visitor(await counter.registered("First")) as first,
        counter.visitor(await counter.registered("Second")) as second,
    ):
        http, key = first.http, await management_key(first)
        other = await management_key(second)
        await call(http, key, "PUT", "/keys", {"jwks": KEYS})
        await call(http, key, "POST", "/services", SERVICE)
        assert (await call(http, other, "GET", "/services/API_LOGIN")).status_code == 404
        client_id = await first.client_id()
        for scope, binding, status in (
            ("partner.manage", "", 200),
            ("partner.log", "", 401),
            ("partner.manage", "jkt:x", 401),
        ):
            token = await counter.desk.tokens.issue(client_id, scope, binding=binding, seconds=60)
            assert (await call(http, token, "GET", "/services")).status_code == status, scope
        key_id = re.search(r'value="revoke:([^"]+)"', (await first.http.get("/partners/api")).text)
        assert key_id
        await second.send("/partners/api", do=f"revoke:{key_id[1]}")
        assert (await call(http, key, "GET", "/services")).status_code == 200
        await first.send("/partners/api", do=f"revoke:{key_id[1]}")
        for method, path, *_ in OPERATIONS:
            for wrong in (key, "", "ipsepm_" + "A" * 43):
                refused = await call(http, wrong, method, path.replace("{code}", "API_LOGIN"))
                assert refused.status_code == 401, path
                assert refused.headers["www-authenticate"].startswith("Bearer")


async def test_the_document_says_what_there_is(counter: Counter) -> None:
    routes = {
        (method, route.path.removeprefix(API))
        for route in counter.parts.routes()
        for method in route.methods or ()
        if route.path.startswith(API) and method != "HEAD" and not route.path.endswith("openapi.json")
    }
    assert routes == {(method, path) for method, path, *_ in OPERATIONS}
    written = json.loads(WRITTEN)
    assert written == json.loads(json.dumps(DOCUMENT))
    async with counter.office.desk() as desk:
        assert (await desk.http.get(f"{API}/openapi.json")).json() == written
