"""Confirmations from the pushed request to the tokens, and what becomes of those changed in between (B-41)."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from typing import Any

import httpx
import jsonschema.validators
import msgspec
import pytest

from ipse.actions.model import Payment, Shown
from ipse.attributes.model import ATTRIBUTES
from ipse.kernel.ids import b64u
from ipse.partners.model import Service, ServiceType
from tests.functional.oidc.conftest import Joining
from tests.functional.oidc.installation import Installation
from tests.functional.oidc.relying_party import Began, RelyingParty

CLAIM = "http://itsme.services/v2/claim/"
APPROVAL = CLAIM + "claim_approval_"
LOA = "http://eidas.europa.eu/LoA/"
TEMPLATE = {
    APPROVAL + "template_name": "adv_payment",
    APPROVAL + "amount_key": "100",
    APPROVAL + "currency_key": "EUR",
    APPROVAL + "iban_key": "BE71 0961 2345 6769",
}
DETAIL: dict[str, Any] = {
    "type": "payment",
    "instructedAmount": {"currency": "EUR", "amount": "24.50"},
    "creditorName": "Pot & Linde",
    "creditorAccount": {"iban": "BE71096123456769"},
}
_ROW = "select action_id, account_id, request, sealed_shown, sealed_approval from actions_actions where handle = $1"


def claims(template: dict[str, str], *places: str, **more: Any) -> str:
    written: dict[str, Any] = {claim: {"essential": True, "value": value} for claim, value in template.items()}
    return json.dumps(dict.fromkeys(places, written) | more)


@pytest.fixture
async def shop(installation: Installation, join: Joining) -> RelyingParty:
    return await confirming(installation, await join())


async def confirming(installation: Installation, party: RelyingParty) -> RelyingParty:
    """Give the partner a service to have things confirmed."""
    party.service = f"{party.client_id.upper()}_PAY"
    text = dict.fromkeys(("nl", "fr", "de", "en"), "Pay")
    await installation.partners.register_service(
        Service(
            code=party.service,
            partner_id=party.client_id,
            type=ServiceType.CONFIRMATION,
            state="active",
            name=text,
            purpose=text,
            redirect_uris=(party.redirect_uri,),
            contract={"given_name": "voluntary"},
        ),
        actor="test",
    )
    return party


async def begin(party: RelyingParty, **parameters: str) -> Began:
    """Push a request and open its page."""
    state, nonce, verifier = "the state", "the nonce", "v" * 43
    challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    pkce = {"state": state, "nonce": nonce, "code_challenge": challenge, "code_challenge_method": "S256"}
    pushed = await party.push(**pkce, **parameters)
    assert pushed.status_code == 201, pushed.text
    began = await party.begin(
        request_uri=pushed.json()["request_uri"],
        response_type=None, scope=None, redirect_uri=None, state=None, nonce=None, code_challenge=None,
        code_challenge_method=None,
    )  # fmt: skip
    return Began(began.handle, state, nonce, verifier)


@pytest.mark.parametrize("kind", ["new-ec", "migrating-secret"])
async def test_a_payment_by_template(installation: Installation, join: Joining, kind: str) -> None:
    """Partner protocol 1.8, 8.12: the approved values come back, as the partner wrote them."""
    party = await confirming(installation, await join(kind))
    began = await begin(party, claims=claims(TEMPLATE, "id_token"))
    await installation.approve(began.handle)
    answer = await party.tokens(began)
    token = await party.opened(answer["id_token"])
    assert {name: token.get(name) for name in TEMPLATE} == TEMPLATE
    assert token["nonce"] == "the nonce"
    assert len(token[CLAIM + "approval_digest"]) == 43
    assert "authorization_details" not in answer
    assert not TEMPLATE.keys() & (await party.shared(answer["access_token"])).keys()


async def test_a_request_object_does_as_well(installation: Installation, shop: RelyingParty) -> None:
    """Partner protocol 1.7, 1.8: signed, then encrypted, by value."""
    nested = await shop.encrypted(shop.request_object(claims=json.loads(claims(TEMPLATE, "id_token"))))
    page = await shop.authorize(request=nested)
    assert page.status_code == 200, page.text
    handle = page.text.split("/v2/sign-in/")[1][:22]
    await installation.approve(handle)
    location = (await shop.browser.get(f"{shop.issuer}/sign-in/{handle}/finish")).headers["location"]
    answer = await shop.token(httpx.URL(location).params["code"], None)
    token = await shop.opened(answer.json()["id_token"])
    assert {name: token.get(name) for name in TEMPLATE} == TEMPLATE


async def test_a_text_asked_in_userinfo(installation: Installation, shop: RelyingParty) -> None:
    """What comes back as approved is what could be read: words in a tag that was taken out were shown to nobody."""
    written = "<p>I <b>agree</b></p><x and owe you 500 EUR a month> " + "é" * 7000
    text = {APPROVAL + "template_name": "free_text", APPROVAL + "text_key": written}
    began = await begin(shop, claims=claims(text, "userinfo"))
    await installation.approve(began.handle)
    read = text | {APPROVAL + "text_key": "I <b>agree</b> " + "é" * 7000}
    assert json.loads((await _shown(installation, began)).octets)["confirms"][0]["text"] == read[APPROVAL + "text_key"]
    answer = await shop.tokens(began)
    shared, token = await shop.shared(answer["access_token"]), await shop.opened(answer["id_token"])
    assert {name: shared.get(name) for name in text} == {name: token.get(name) for name in text} == read


async def test_authorization_details_come_back_with_their_digest(
    installation: Installation, shop: RelyingParty
) -> None:
    """RFC 9396 §7; the digest can be computed by anybody (RFC 8785)."""
    began = await begin(shop, authorization_details=json.dumps([DETAIL]), claims='{"id_token":{"given_name":null}}')
    await installation.approve(began.handle, values={"given_name": "Ada"})
    shown = await _shown(installation, began)
    answer = await shop.tokens(began)
    token = await shop.opened(answer["id_token"])
    assert answer["authorization_details"] == token["authorization_details"] == [DETAIL]
    assert token["given_name"] == "Ada"
    canonical = json.dumps([DETAIL], sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert token[CLAIM + "authorization_details_digest"] == b64u(hashlib.sha256(canonical).digest())
    assert token[CLAIM + "approval_digest"] == b64u(hashlib.sha256(shown.octets).digest())
    document = json.loads(shown.octets)
    assert document["confirms_digest"] == token[CLAIM + "authorization_details_digest"]
    assert document["confirms"] == [
        {
            "type": "payment", "amount": "24.50", "currency": "EUR", "creditor_name": "Pot & Linde",
            "creditor_iban": "BE71096123456769",
        }
    ]  # fmt: skip


async def test_nothing_of_it_lies_open(installation: Installation, shop: RelyingParty) -> None:
    """Amount, payee and text are the partner's and the person's matter; the row shows neither."""
    began = await begin(shop, authorization_details=json.dumps([DETAIL]))
    row = await installation.database.row(_ROW, began.handle)
    assert row is not None
    assert not any(word in row["request"] for word in ("24.50", "Linde", "BE71", "payment"))


async def test_a_confirmation_is_not_asked_by_a_plain_query(shop: RelyingParty) -> None:
    """Partner protocol 1.3: refused, and sent back to the partner."""
    answer = await shop.authorize(claims=claims(TEMPLATE, "id_token"), state="s")
    assert answer.status_code == 303
    assert httpx.URL(answer.headers["location"]).params["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({}, "invalid_request"),
        ({"claims": claims(TEMPLATE | {APPROVAL + "amount_key": "1.5"}, "id_token")}, "invalid_request"),
        ({"claims": claims(TEMPLATE, "id_token", userinfo={"birthdate": None})}, "invalid_scope"),
        ({"authorization_details": "[]"}, "invalid_authorization_details"),
        ({"authorization_details": json.dumps([DETAIL | {"type": "loan"}])}, "invalid_authorization_details"),
    ],
)
async def test_refused_when_it_is_pushed(shop: RelyingParty, parameters: dict[str, str], code: str) -> None:
    answer = await shop.push(**parameters)
    assert (answer.status_code, answer.json()["error"]) == (400, code)


async def test_other_services_have_nothing_confirmed(join: Joining) -> None:
    """T-10."""
    party = await join(service="SHARE")
    for parameters, code in (
        ({"claims": claims(TEMPLATE, "id_token")}, "invalid_request"),
        ({"authorization_details": json.dumps([DETAIL]), "claims": '{"id_token":{"name":null}}'},
         "invalid_authorization_details"),
    ):  # fmt: skip
        answer = await party.push(**parameters)
        assert (answer.status_code, answer.json()["error"]) == (400, code)


async def test_nothing_beyond_the_contract_by_any_of_the_ways_to_ask(installation: Installation, join: Joining) -> None:
    """T-10: every attribute, by claims and scopes; in the address, pushed, and in a request object."""
    party = await join()
    for name, attribute in ATTRIBUTES.items():
        claim = CLAIM + name if attribute.prefixed else name
        ways: list[dict[str, Any]] = [{"claims": {"userinfo": {claim: None}}}]
        ways += [{"scope": f"openid service:{party.service} {scope}"} for scope in attribute.scopes[:1]]
        for way in ways:
            written = {key: value if key == "scope" else json.dumps(value) for key, value in way.items()}
            nested = await party.encrypted(party.request_object(**way))
            scope = way.get("scope", f"openid service:{party.service}")
            pushed = await party.push(**written)
            refusals = [pushed.json()["error"]] + [
                httpx.URL(answer.headers["location"]).params["error"]
                for answer in (await party.authorize(**written), await party.authorize(request=nested, scope=scope))
            ]
            assert refusals == ["invalid_scope"] * 3, (name, refusals)
    assert not await installation.database.rows("select action_id from actions_actions")


async def test_a_hint_asks_the_person_who_is_meant(installation: Installation, shop: RelyingParty) -> None:
    """Partner protocol 1.8; whether the subject is known cannot be seen from outside."""
    person = await installation.new_person()
    subject = await installation.people.subject(person, shop.client_id)
    pages = []
    for hint in (subject, "z" * 36, "nobody"):
        began = await begin(shop, claims=claims(TEMPLATE, "id_token", userinfo={"sub": {"value": hint}}))
        row = await installation.database.row(_ROW, began.handle)
        assert row is not None
        assert row["account_id"] == (person if hint == subject else None)
        page = (await shop.browser.get(f"{shop.issuer}/sign-in/{began.handle}")).text
        pages.append(('id="qr"' in page, page.count("<form"), len(page.splitlines())))
        if hint == subject:
            await installation.approve(began.handle, person=person)
            assert (await shop.opened((await shop.tokens(began))["id_token"]))["sub"] == subject
    assert len(set(pages)) == 1


class TestTampering:
    """Whoever can write into our database cannot have another amount or payee confirmed: no token is made (B-41)."""

    async def test_another_amount_in_the_memory_of_the_front_door(
        self, installation: Installation, shop: RelyingParty
    ) -> None:
        began = await self._approved(installation, shop)
        row = await installation.database.row(_ROW, began.handle)
        assert row is not None
        request = json.loads(row["request"])
        request["protocol"]["template"] = {"claim_approval_template_name": "free_text", "claim_approval_text_key": "x"}
        await self._write(installation, began, "request", json.dumps(request))
        await self._no_token(shop, began)

    async def test_what_was_shown_is_replaced_by_another_request(
        self, installation: Installation, shop: RelyingParty
    ) -> None:
        cheap, dear = await self._approved(installation, shop), await self._approved(installation, shop, "9000.00")
        row = await installation.database.row(_ROW, dear.handle)
        assert row is not None
        await self._write(installation, cheap, "sealed_shown", row["sealed_shown"])
        await self._no_token(shop, cheap)

    @pytest.mark.parametrize("how", ["content", "document", "both", "digest", "details"])
    async def test_by_somebody_who_has_the_keys(self, installation: Installation, shop: RelyingParty, how: str) -> None:
        """Even sealed anew under the person's own key, it is not what the phone signed."""
        began = await self._approved(installation, shop)
        shown = await _shown(installation, began)
        dear = DETAIL | {"instructedAmount": {"currency": "EUR", "amount": "9000.00"}}
        confidential, octets = shown.confidential, shown.octets
        content = (msgspec.structs.replace(_payment(shown), amount="9000.00"),)
        if how in {"content", "both"}:
            confidential = msgspec.structs.replace(confidential, content=content)
        if how in {"document", "both"}:
            octets = octets.replace(b"24.50", b"9000.00")
        if how == "digest":
            confidential = msgspec.structs.replace(confidential, content_digest="x" * 43)
        if how in {"details", "both"}:
            private = {"authorization_details": [dear]}
            confidential = msgspec.structs.replace(confidential, private=private)
        await self._seal(installation, began, Shown(octets, shown.values, confidential))
        await self._no_token(shop, began)

    async def test_an_untouched_one_is_redeemed(self, installation: Installation, shop: RelyingParty) -> None:
        """So that the tests above refuse for the right reason."""
        began = await self._approved(installation, shop)
        await self._seal(installation, began, await _shown(installation, began))
        assert (await shop.tokens(began))["authorization_details"] == [DETAIL]

    async def _approved(self, installation: Installation, shop: RelyingParty, amount: str = "24.50") -> Began:
        detail = DETAIL | {"instructedAmount": {"currency": "EUR", "amount": amount}}
        began = await begin(shop, authorization_details=json.dumps([detail]))
        await installation.approve(began.handle)
        return began

    async def _seal(self, installation: Installation, began: Began, shown: Shown) -> None:
        row = await installation.database.row(_ROW, began.handle)
        assert row is not None
        key = await installation.people.person_key(row["account_id"])
        sealed = installation.actions.sealed(key, row["action_id"], "sealed_shown", shown)
        await self._write(installation, began, "sealed_shown", sealed)

    async def _write(self, installation: Installation, began: Began, column: str, value: object) -> None:
        statement = f"update actions_actions set {column} = $2 where handle = $1 returning action_id"
        assert await installation.database.row(statement, began.handle, value)

    async def _no_token(self, shop: RelyingParty, began: Began) -> None:
        came = await shop.finish(began)
        answer = await shop.token(came["code"], began.verifier)
        assert answer.status_code == 500
        assert not answer.json().keys() & {"id_token", "access_token"}
        assert (await shop.token(came["code"], began.verifier)).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(("level", "said"), [("low", "low"), ("high", "high")])
async def test_acr_answers_in_levels_when_asked(
    installation: Installation, join: Joining, level: str, said: str
) -> None:
    party = await join()
    began = await party.begin(acr_values=f"{LOA}substantial")
    await installation.approve(began.handle, level=level)
    assert (await party.opened((await party.tokens(began))["id_token"]))["acr"] == LOA + said


async def test_the_schemas_are_published(shop: RelyingParty) -> None:
    metadata = await shop.discover()
    assert metadata["authorization_details_types_supported"] == ["payment", "agreement", "device_action"]
    for name in metadata["authorization_details_types_supported"]:
        address = f"{shop.issuer}/schemas/authorization-details/{name}.json"
        answer = await shop.browser.get(address)
        assert answer.headers["content-type"] == "application/schema+json"
        document = answer.json()
        assert document["$id"] == address
        jsonschema.validators.Draft202012Validator.check_schema(document)
    assert (await shop.browser.get(f"{shop.issuer}/schemas/authorization-details/loan.json")).status_code == 404


async def _shown(installation: Installation, began: Began) -> Shown:
    view = await installation.actions.for_browser(began.handle, await _browser_hash(installation, began))
    return await installation.actions.shown(view.action)


async def _browser_hash(installation: Installation, began: Began) -> bytes:
    row = await installation.database.row("select browser_hash from actions_actions where handle = $1", began.handle)
    assert row is not None
    return bytes(row["browser_hash"])


def _payment(shown: Shown) -> Payment:
    content = shown.confidential.content[0]
    assert isinstance(content, Payment)
    return content
