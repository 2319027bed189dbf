"""A bank's answer in fifty broken variants, each refused for its own reason (B-1, B-2, T-12)."""

from __future__ import annotations

import copy
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from joserfc import jwe, jws, jwt
from joserfc.jwk import ECKey

from ipse.enrolment.errors import EndReason, RefusedAnswerError
from ipse.enrolment.model import Registrar
from ipse.enrolment.rules import evidence as records
from ipse.enrolment.rules import judging, reading
from ipse.kernel import clock as times
from ipse.kernel.ids import b64u
from ipse.standards import ida
from tests.unit.enrolment.answers import OWN, answer, details
from tests.unit.enrolment.hostile_bank import BANK, EXCHANGE, HostileBank

if TYPE_CHECKING:
    from ipse.attributes.model import Evidence, Facts

Break = Callable[[HostileBank], object]
REGISTERED = "88051700213"
STRANGER = ECKey.generate_key("P-256", {"kid": "k1", "use": "sig"})


def _claims(token: str, **changes: object) -> Break:
    """Change claims of a token; None takes one out."""

    def change(claims: dict[str, Any]) -> None:
        for name, value in changes.items():
            claims[name] = value
            if value is None:
                del claims[name]

    return lambda bank: bank.changes.update({token: change})


def _said(change: Callable[[dict[str, Any]], object]) -> Break:
    """Change the verified claims."""

    def apply(claims: dict[str, Any]) -> None:
        said = answer(own_national_number=REGISTERED)
        result = change(said)
        claims["verified_claims"] = said if result is None else result

    return lambda bank: bank.changes.update({"userinfo": apply})


def _verification(**members: object) -> Break:
    return _said(lambda said: said["verification"].update(members))


def _claim(name: str, value: object) -> Break:
    return _said(lambda said: said["claims"].update({name: value}))


def _document(**members: object) -> Break:
    return _said(lambda said: details(said).update(members))


def _header(token: str, **header: object) -> Break:
    """Sign a token under another header."""

    def breaking(bank: HostileBank) -> None:
        def signed(claims: dict[str, Any]) -> str:
            whole = {name: value for name, value in ({"alg": "ES256", "kid": "k1"} | header).items() if value}
            return jws.serialize_compact(whole, json.dumps(claims), bank.key, algorithms=["ES256"])

        bank.signers[token] = signed

    return breaking


def _raw_header(header: dict[str, object]) -> Callable[[dict[str, Any]], str]:
    return lambda claims: f"{b64u(json.dumps(header).encode())}.{b64u(json.dumps(claims).encode())}.AAAA"


def _unsigned(bank: HostileBank) -> None:
    bank.signers["id_token"] = lambda claims: (
        f"{b64u(json.dumps({'alg': 'none'}).encode())}.{b64u(json.dumps(claims).encode())}."
    )


def _by_public_key(bank: HostileBank) -> None:
    """What a verifier would take that lets the token choose between a key pair and a secret."""

    def signed(claims: dict[str, Any]) -> str:
        first = f"{b64u(json.dumps({'alg': 'HS256', 'kid': 'k1'}).encode())}.{b64u(json.dumps(claims).encode())}"
        return f"{first}.{b64u(hmac.digest(bank.key.as_pem(private=False), first.encode(), 'sha256'))}"

    bank.signers["id_token"] = signed


def _wrong_key(bank: HostileBank) -> None:
    bank.published = STRANGER


def _cut_signature(bank: HostileBank) -> None:
    bank.signers["id_token"] = lambda claims: jwt.encode(
        {"alg": "ES256", "kid": "k1"}, claims, bank.key, algorithms=["ES256"]
    )[:-8]


def _userinfo_as_json(bank: HostileBank) -> None:
    bank.raw["userinfo"] = httpx.Response(200, json={"sub": "s-1", "verified_claims": answer()})


def _userinfo_encrypted(bank: HostileBank) -> None:
    key = ECKey.generate_key("P-256")
    header = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": "k1"}
    text = jwe.encrypt_compact(header, b"{}", key, algorithms=["ECDH-ES", "A256GCM"])
    bank.raw["userinfo"] = httpx.Response(200, text=text, headers={"content-type": "application/jwt"})


def _huge(bank: HostileBank) -> None:
    bank.changes["userinfo"] = lambda claims: claims.update(padding="x" * 500_000)


def _payload(text: str) -> Break:
    """Sign bytes that are not what JSON.dumps would make."""

    def breaking(bank: HostileBank) -> None:
        bank.signers["userinfo"] = lambda _claims: jws.serialize_compact(
            {"alg": "ES256", "kid": "k1"}, text, bank.key, algorithms=["ES256"]
        )

    return breaking


def _without_evidence(type_: str) -> Break:
    def change(said: dict[str, Any]) -> None:
        kept = [each for each in said["verification"]["evidence"] if each["type"] != type_]
        said["verification"]["evidence"] = kept

    return _said(change)


def _checked(moment: str) -> Break:
    def change(said: dict[str, Any]) -> None:
        said["verification"]["time"] = moment
        said["verification"]["evidence"][1]["check_details"][0]["time"] = moment

    return _said(change)


@dataclass(frozen=True)
class Variant:
    """What is broken, and the reason that is given."""

    broken: Break
    reason: str
    why: EndReason = EndReason.REGISTRAR_ERROR


_UNACCEPTABLE = EndReason.UNACCEPTABLE_IDENTITY

VARIANTS: dict[str, Variant] = {
    "another issuer": Variant(_claims("id_token", iss="https://other.example"), "another issuer"),
    "another audience": Variant(_claims("id_token", aud="another"), "for somebody else"),
    "several audiences": Variant(_claims("id_token", aud=["ipse", "another"]), "for somebody else"),
    "another nonce": Variant(_claims("id_token", nonce="n-2"), "another request"),
    "no nonce": Variant(_claims("id_token", nonce=None), "another request"),
    "another authorized party": Variant(_claims("id_token", azp="another"), "azp"),
    "expired": Variant(_claims("id_token", exp=1_789_999_000), "too old"),
    "issued in the future": Variant(_claims("id_token", iat=1_790_000_900), "from the future"),
    "issued long ago": Variant(_claims("id_token", iat=1_789_990_000), "too old"),
    "no times": Variant(_claims("id_token", iat=None), "no times"),
    "about nobody": Variant(_claims("id_token", sub=None), "about nobody"),
    "algorithm none": Variant(_unsigned, "algorithm not allowed"),
    "HS256 by the public key": Variant(_by_public_key, "algorithm not allowed"),
    "wrong key": Variant(_wrong_key, "wrong signature"),
    "cut signature": Variant(_cut_signature, "token:"),
    "unknown kid": Variant(_header("id_token", kid="k2"), "token:"),
    "no kid": Variant(_header("id_token", kid=""), "no kid"),
    "wrong type": Variant(_header("id_token", typ="at+jwt"), "another type"),
    "critical extension": Variant(
        lambda bank: bank.signers.update(id_token=_raw_header({"alg": "ES256", "kid": "k1", "crit": ["exp"]})),
        "extension",
    ),
    "another access token": Variant(_claims("id_token", at_hash="AAAAAAAAAAAAAAAAAAAAAA"), "at_hash"),
    "another code": Variant(_claims("id_token", c_hash="AAAAAAAAAAAAAAAAAAAAAA"), "c_hash"),
    "another person in UserInfo": Variant(_claims("userinfo", sub="s-2"), "somebody else"),
    "UserInfo not signed": Variant(_userinfo_as_json, "not signed"),
    "UserInfo encrypted": Variant(_userinfo_encrypted, "encrypted"),
    "UserInfo of another issuer": Variant(_claims("userinfo", iss="https://other.example"), "another issuer"),
    "UserInfo for somebody else": Variant(_claims("userinfo", aud="another"), "for somebody else"),
    "UserInfo expired": Variant(_claims("userinfo", exp=1_789_999_000), "too old"),
    "huge": Variant(_huge, "answered too much"),
    "a name twice": Variant(_payload('{"iss":"a","iss":"b"}'), "appears twice"),
    "no object": Variant(_payload("[]"), "not an object"),
    "no verified claims": Variant(_claims("userinfo", verified_claims=None), "verified_claims"),
    "another trust framework": Variant(_verification(trust_framework="other"), "0 entries"),
    "two entries": Variant(_said(lambda said: [said, copy.deepcopy(said)]), "2 entries"),
    "no claims": Variant(_said(lambda said: said.update(claims={})), "claims"),
    "a claim that is null": Variant(_claim("gender", None), "left out"),
    "other members beside": Variant(_said(lambda said: said.update(extra=1)), "no other members"),
    "unknown evidence": Variant(_verification(evidence=[{"type": "utility_bill"}]), "evidence[0].type"),
    "evidence that is none": Variant(_verification(evidence=[]), "evidence"),
    "a time without zone": Variant(_verification(time="2023-03-21T12:00:00"), "verification.time"),
    "no electronic record": Variant(_without_evidence("electronic_record"), "electronic_record", _UNACCEPTABLE),
    "no document": Variant(_without_evidence("document"), "document", _UNACCEPTABLE),
    "checked in the future": Variant(_checked("2027-03-21T12:00:00Z"), "future", _UNACCEPTABLE),
    "checked too long ago": Variant(_checked("2011-03-21T12:00:00Z"), "too long ago", _UNACCEPTABLE),
    "document run out": Variant(_document(date_of_expiry="2026-01-01"), "run out", _UNACCEPTABLE),
    "document of no country": Variant(
        _document(issuer={"country_code": "XXX"}), "unknown kind or country", _UNACCEPTABLE
    ),
    "birth date malformed": Variant(_claim("birthdate", "17/05/1988"), "birthdate"),
    "birth date of no calendar": Variant(_claim("birthdate", "1988-02-31"), "birthdate"),
    "born in the future": Variant(_claim("birthdate", "2030-01-01"), "born in the future", _UNACCEPTABLE),
    "a child": Variant(_claim("birthdate", "2015-01-01"), "younger than 16", EndReason.UNDER_AGE),
    "a minor at a bank without minors": Variant(
        _claim("birthdate", "2009-01-01"), "may not vouch for minors", EndReason.MINORS_ELSEWHERE
    ),
    "national number of nobody": Variant(_claim(OWN + "national_number", "88051700099"), "digits", _UNACCEPTABLE),
    "test number": Variant(_claim(OWN + "national_number", "88051700015"), "test number", _UNACCEPTABLE),
    "phone number malformed": Variant(_claim("phone_number", "0400 00 01 01"), "phone_number"),
    "a name that is no text": Variant(_claim("family_name", ["Lievens"]), "family_name"),
}


async def _believed(bank: HostileBank, registrar: Registrar = BANK) -> tuple[Facts, Evidence, bool]:
    """What becomes of the answer in production: every step between the bank and the stored record."""
    said = await bank.client().redeem("c-1", EXCHANGE)
    now = bank.clock.now()
    verified = ida.parse(said.verified_claims, trust_framework=registrar.framework)
    reading.check_evidence(verified, now=now)
    facts = reading.facts(verified, email=None)
    judging.check(facts, today=times.day(now), test_numbers=False, minors=registrar.minors)
    same = reading.same_number(verified, "+32 400000101")
    record = records.record(verified, facts, evidence_id="e-1", registrar=registrar, original=said.original, now=now)
    return facts, record, same


def _honest() -> HostileBank:
    bank = HostileBank()
    _said(lambda _: None)(bank)
    return bank


def test_there_are_thirty_at_least() -> None:
    assert len(VARIANTS) >= 30


@pytest.mark.parametrize("name", VARIANTS)
async def test_a_broken_answer_is_refused_for_its_own_reason(name: str) -> None:
    variant, bank = VARIANTS[name], _honest()
    variant.broken(bank)
    with pytest.raises((RefusedAnswerError, ida.IdaError)) as refused:
        await _believed(bank)
    assert variant.reason in str(refused.value)
    assert REGISTERED not in str(refused.value)
    assert getattr(refused.value, "why", EndReason.REGISTRAR_ERROR) is variant.why


async def test_the_honest_answer_is_kept_as_it_came() -> None:
    """The signed answer is evidence: it can be verified again by anybody with the bank's key."""
    bank = _honest()
    facts, record, same = await _believed(bank)
    assert (facts.family_name, same, record.assurance) == ("Lievens", True, "substantial")
    again = jwt.decode(record.original, bank.key, algorithms=["ES256"])
    assert again.claims["verified_claims"]["claims"]["family_name"] == "Lievens"


@pytest.mark.parametrize(
    ("claimed", "cap", "level"),
    [("high", "substantial", "substantial"), ("high", "high", "high"), ("high", "low", "low")],
)
async def test_a_claim_above_the_cap_is_capped(claimed: str, cap: str, level: str) -> None:
    """B-2."""
    bank = _honest()
    _verification(assurance_level=claimed)(bank)
    assert (await _believed(bank, replace(BANK, assurance=cap)))[1].assurance == level


async def test_the_number_of_somebody_else_is_not_taken_as_verified() -> None:
    bank = _honest()
    _claim("phone_number", "+32400000999")(bank)
    facts, _, same = await _believed(bank)
    assert (same, facts.phone_number) == (False, None)


async def test_a_minor_passes_where_the_row_says_so() -> None:
    bank = _honest()
    _claim("birthdate", "2009-01-01")(bank)
    assert (await _believed(bank, replace(BANK, minors=True)))[0].birthdate == "2009-01-01"
