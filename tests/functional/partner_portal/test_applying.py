"""What a second person decides: production, protected attributes, other keys (T-10, T-26)."""

from __future__ import annotations

import json
import re

import pytest

from ipse.kernel.clock import seconds
from ipse.partner_portal.model import GRANT, KEYS, PRODUCTION
from ipse.partner_portal.model import SERVICE as SERVICE_REVIEW
from ipse.partner_portal.rules.keys import POSSESSION
from ipse.partner_portal.service.applications import FILE_TYPE, KEYS_WAIT
from ipse.partners.service.transfer import Transfer
from ipse.staff import NotAllowed, ReviewRefused
from ipse.standards import jose
from tests.functional.partner_portal.counter import SIGNING, Counter, Visitor
from tests.functional.partners.network import serving

PRIVATE = [jose.new_private_jwk(alg, kid=alg) for alg in ("ES256", "ECDH-ES")]
SERVICE = {"type": "identification", "name_en": "Payroll", "redirect_uris": "https://press.example/back"}
ASKED = {"legal_name": "Press Ltd", "company_number": "0123.456.789", "use": "Payroll of our own staff, once a month"}


def proof(visitor_page: str, client_id: str, private: dict[str, str], now: int) -> str:
    """What the page's script signs."""
    challenge = re.search(r'data-challenge="([^"]*)"', visitor_page)
    assert challenge
    claims = {"sub": client_id, "challenge": challenge[1], "iat": seconds(now)}
    return jose.sign(claims, jose.private_keys([private])[0], alg="ES256", typ=POSSESSION)


async def bring(counter: Counter, visitor: Visitor, private: list[dict[str, str]]) -> int:
    """Bring public keys with the proof that production wants; the status."""
    page, client_id = (await visitor.http.get("/partners/keys")).text, await visitor.client_id()
    public = json.dumps({"keys": [jose.public_jwk(jwk) for jwk in private]})
    signed = proof(page, client_id, private[0], counter.clock.now()) if "data-challenge" in page else ""
    answer = await visitor.send("/partners/keys", do="bring", keys=public, proof=signed, instead="yes")
    return answer.status_code


async def test_production_lets_a_partner_in_by_a_second_person_alone(production: Counter) -> None:
    async with production.visitor(await production.registered("Press")) as visitor:
        client_id = await visitor.client_id()
        public = json.dumps({"keys": [jose.public_jwk(jwk) for jwk in PRIVATE]})
        refused = await visitor.send("/partners/keys", do="bring", keys=public, proof="a.b.c")
        assert refused.status_code == 422
        assert 'id="problem-proof"' in refused.text
        assert await bring(production, visitor, PRIVATE) == 303
        partner = await production.desk.partners.fresh(client_id)
        assert partner
        assert partner.state == "stopped"
        await visitor.send("/partners/services/new", **SERVICE, ask_email="voluntary", code="PAY")
        assert (await visitor.send("/partners/production", do="production", **ASKED)).status_code == 303
        assert "waits for a decision" in (await visitor.http.get("/partners/production")).text
        assert (await visitor.send("/partners/production", do="production", **ASKED)).status_code == 422
        (review,) = await production.parts.reviews.waiting()
        assert (review.kind, review.subject) == (PRODUCTION, client_id)
        with pytest.raises(NotAllowed):
            await production.parts.reviews.decide(
                review.review_id, await production.parts.staff.member(review.asked_by), approve=True
            )
        with pytest.raises(NotAllowed):
            await production.parts.reviews.decide(review.review_id, await production.reviewer("support"), approve=True)
        await production.parts.reviews.decide(review.review_id, await production.reviewer("reviewer"), approve=True)
        partner = await production.desk.partners.partner(client_id)
        assert partner
        assert partner.state == "active"


async def test_other_keys_wait_for_a_second_person_an_hour_and_the_old_contacts_know(production: Counter) -> None:
    async with production.visitor(await production.registered("Press")) as visitor:
        client_id = await visitor.client_id()
        await bring(production, visitor, PRIVATE)
        await production.desk.partners.set_state(client_id, "active", actor="test")
        newer = [jose.new_private_jwk(alg, kid=f"newer-{alg}") for alg in ("ES256", "ECDH-ES")]
        assert await bring(production, visitor, newer) == 303
        letter = production.office.letters[-1]
        assert letter["to"] == "ann@press.example"
        assert "newer-ES256" in letter["text"]
        (review,) = await production.parts.reviews.waiting()
        assert review.kind == KEYS
        silenced = await visitor.send("/partners/organisation", name="Press", contacts="eve@press.example")
        assert 'id="problem-contacts"' in silenced.text, "who could object stays"
        security = await production.reviewer("security")
        with pytest.raises(ReviewRefused):
            await production.parts.reviews.decide(review.review_id, security, approve=True)
        production.clock.advance(seconds=KEYS_WAIT / 1_000_000)
        await production.parts.reviews.decide(review.review_id, security, approve=True)
        partner = await production.desk.partners.partner(client_id)
        assert partner
        assert partner.jwks
        assert [jwk["kid"] for jwk in partner.jwks["keys"]] == ["newer-ES256", "newer-ECDH-ES"]


async def test_old_and_new_contacts_hear_of_the_change_and_of_management_keys(production: Counter) -> None:
    async with production.visitor(await production.registered("Press")) as visitor:
        await bring(production, visitor, PRIVATE)
        before = len(production.office.letters)
        await visitor.send("/partners/organisation", name="Press", contacts="bob@press.example")
        letters = production.office.letters[before:]
        assert [one["to"] for one in letters] == ["ann@press.example", "bob@press.example"]
        assert "bob@press.example" in letters[0]["text"]
        await visitor.send("/partners/api", do="make", name="Nightly")
        assert (production.office.letters[-1]["to"], "Nightly" in production.office.letters[-1]["text"]) == (
            "bob@press.example",
            True,
        )


async def test_what_is_admitted_is_what_was_looked_at(production: Counter) -> None:
    """T-10: what is changed after production was asked for is not let in with it."""
    async with production.visitor(await production.registered("Press")) as visitor:
        await bring(production, visitor, PRIVATE)
        await visitor.send("/partners/services/new", **SERVICE, ask_email="voluntary", code="PAY")
        await visitor.send("/partners/production", do="production", **ASKED)
        (review,) = await production.parts.reviews.waiting()
        await visitor.send("/partners/organisation", name="Your Bank", contacts="")
        with pytest.raises(ReviewRefused, match="changed"):
            await production.parts.reviews.decide(review.review_id, await production.reviewer("reviewer"), approve=True)
        partner = await production.desk.partners.fresh(await visitor.client_id())
        assert partner
        assert partner.state == "stopped"


async def test_who_was_stopped_changes_nothing_alone(production: Counter) -> None:
    """T-26: what is changed while the switch is off would be live when it is on again."""
    async with production.visitor(await production.registered("Press")) as visitor:
        client_id, partners = await visitor.client_id(), production.desk.partners
        secret = await visitor.send("/partners/keys", do="secret")
        assert secret.status_code == 422, "not in production, admitted or not"
        await bring(production, visitor, PRIVATE)
        await visitor.send("/partners/services/new", **SERVICE, ask_email="voluntary", code="PAY")
        await visitor.send("/partners/production", do="production", **ASKED)
        (review,) = await production.parts.reviews.waiting()
        await production.parts.reviews.decide(review.review_id, await production.reviewer("reviewer"), approve=True)
        await partners.set_state(client_id, "stopped", actor="test")
        before = await partners.fresh(client_id), await partners.registered("PAY")
        await bring(
            production, visitor, [jose.new_private_jwk(alg, kid=f"newer-{alg}") for alg in ("ES256", "ECDH-ES")]
        )
        elsewhere = {**SERVICE, "redirect_uris": "https://elsewhere.example/cb"}
        await visitor.send("/partners/services/PAY", **elsewhere, ask_email="voluntary")
        named = await visitor.send("/partners/organisation", name="Your Bank", contacts="ann@press.example")
        assert named.status_code == 422
        assert (await partners.fresh(client_id), await partners.registered("PAY")) == before
        assert {one.kind for one in await production.parts.reviews.waiting()} == {KEYS, SERVICE_REVIEW}


async def test_a_protected_attribute_needs_its_ground_and_a_second_person(production: Counter) -> None:
    async with production.visitor(await production.registered("Press")) as visitor:
        await bring(production, visitor, PRIVATE)
        await visitor.send("/partners/services/new", **SERVICE, ask_BENationalNumber="required", code="PAY")
        wanted = {
            "for": "PAY BENationalNumber",
            "ground": "Act of 8 August 1983",
            "purpose": "Payroll",
            "until": "2027-12-31",
        }
        for field in ("ground", "purpose", "until", "for"):
            refused = await visitor.send("/partners/production", do="grant", **{**wanted, field: ""})
            assert f'id="problem-{field}"' in refused.text, field
        assert (await visitor.send("/partners/production", do="grant", **wanted)).status_code == 303
        (review,) = await production.parts.reviews.waiting()
        assert review.kind == GRANT
        service = await production.desk.partners.service("PAY")
        assert service
        assert not service.contract
        await production.parts.reviews.decide(review.review_id, await production.reviewer("reviewer"), approve=True)
        service = await production.desk.partners.service("PAY")
        assert service
        assert service.contract == {"BENationalNumber": "required"}
        assert "until 31 December 2027" in (await visitor.http.get("/partners/production")).text


async def test_a_sandbox_signs_what_is_taken_along(counter: Counter) -> None:
    async with counter.visitor(await counter.registered("Press")) as visitor:
        public = json.dumps({"keys": [jose.public_jwk(jwk) for jwk in PRIVATE]})
        await visitor.send("/partners/keys", do="bring", keys=public)
        await visitor.send("/partners/services/new", **SERVICE, ask_email="voluntary", code="PAY")
        assert (await visitor.http.get("/partners/production/file")).status_code == 303
        await visitor.send("/partners/production", do="production", **ASKED)
        (review,) = await counter.parts.reviews.waiting()
        await counter.parts.reviews.decide(review.review_id, await counter.reviewer("reviewer"), approve=True)
        assert 'id="file"' in (await visitor.http.get("/partners/production")).text
        file = await visitor.http.get("/partners/production/file")
        token = jose.UnverifiedToken.parse(file.text.strip(), max_bytes=100_000)
        typ = {"ipse-partner-registration+jws"}
        claims = jose.verify(token, SIGNING.public, algorithms={"ES256"}, types=typ).claims
        assert claims["services"][0]["code"] == "PAY"
        assert "secret" not in json.dumps(claims).replace("sealed_secret", "")


async def test_a_file_brings_services_only_with_its_issuers_signature(counter: Counter) -> None:
    jwk = jose.new_private_jwk("ES256", kid="theirs")
    theirs, another = (jose.private_keys([each])[0] for each in (jwk, jose.new_private_jwk("ES256", kid="theirs")))
    async with serving() as server, counter.visitor(await counter.registered("Press")) as visitor:
        server.says(json.dumps({"keys": [jose.public_jwk(jwk)]}).encode())
        public = json.dumps({"keys": [jose.public_jwk(jwk) for jwk in PRIVATE]})
        await visitor.send("/partners/keys", do="bring", keys=public)
        await visitor.send("/partners/services/new", **SERVICE, ask_email="voluntary", code="PAY")
        exported = await Transfer(counter.desk.partners, "").export(await visitor.client_id())
        document = json.loads(exported) | {"issuer": f"http://127.0.0.1:{server.port}/v2"}
        document["partner"]["partner_id"] = "press-in-the-sandbox"
        document["services"][0] |= {"code": "TAKEN", "redirect_uris": ["http://localhost:8765/back"]}
        moved = {"old": "http://localhost:8765", "new": "https://press.example"}
        for signer in (SIGNING, another):
            file = jose.sign(document, signer, alg="ES256", typ=FILE_TYPE)
            refused = await visitor.send("/partners/production", do="take", file=file, **moved)
            assert refused.status_code == 422
        assert await counter.desk.partners.registered("TAKEN") is None
        unfit = {**document, "services": [{**document["services"][0], "contract": {"no_such_attribute": "required"}}]}
        file = jose.sign(unfit, theirs, alg="ES256", typ=FILE_TYPE)
        refused = await visitor.send("/partners/production", do="take", file=file, **moved)
        before = await counter.desk.partners.fresh(await visitor.client_id())
        assert before
        assert (refused.status_code, before.counterpart) == (422, ""), "nothing is kept of a file that cannot stand"
        file = jose.sign(document, theirs, alg="ES256", typ=FILE_TYPE)
        taken = await visitor.send("/partners/production", do="take", file=file, **moved)
        assert taken.status_code == 303, taken.text
        service = await counter.desk.partners.registered("TAKEN")
        assert service
        assert service.redirect_uris == ("https://press.example/back",)
        assert service.partner_id == await visitor.client_id()
        after = await counter.desk.partners.fresh(service.partner_id)
        assert after
        assert after.counterpart == "press-in-the-sandbox"


async def test_what_people_read_and_where_they_return_waits_once_people_are_asked(production: Counter) -> None:
    """T-10: nobody of a partner alone gives it another name, or sends people elsewhere."""
    async with production.visitor(await production.registered("Press")) as visitor:
        client_id = await visitor.client_id()
        await bring(production, visitor, PRIVATE)
        await visitor.send("/partners/services/new", **SERVICE, ask_email="voluntary", code="PAY")
        await production.desk.partners.set_state(client_id, "active", actor="test")
        before = await production.desk.partners.registered("PAY")
        assert before
        named = await visitor.send("/partners/organisation", name="Your Bank", contacts="")
        assert (named.status_code, 'id="problem-name"' in named.text) == (422, True)
        elsewhere = {**SERVICE, "name_en": "Your Bank", "redirect_uris": "https://elsewhere.example/cb"}
        changed = await visitor.send("/partners/services/PAY", **elsewhere, ask_email="voluntary")
        assert changed.headers["location"].endswith("done=asked")
        assert await production.desk.partners.registered("PAY") == before
        (review,) = await production.parts.reviews.waiting()
        assert (review.kind, review.subject) == (SERVICE_REVIEW, "PAY")
        await production.parts.reviews.decide(review.review_id, await production.reviewer("reviewer"), approve=True)
        after = await production.desk.partners.registered("PAY")
        assert after
        assert after.redirect_uris == ("https://elsewhere.example/cb",)
        # To stop is theirs alone; a file from elsewhere and the API bring nothing past a second person.
        assert (await visitor.send("/partners/services/PAY", do="stop")).status_code == 303
        taken = await visitor.send("/partners/production", do="take", file="a.b.c", old="", new="")
        assert taken.status_code == 422
