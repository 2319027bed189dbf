"""What a confirmation may ask, by template and by authorization details (partner protocol 1.8; RFC 9396; B-41)."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema.validators import Draft202012Validator

from ipse.actions.model import Agreement, DeviceAction, FreeText, Payment, Signature
from ipse.oidc.errors import OAuthError
from ipse.oidc.model import AuthorizationRequest, Candidate, Source
from ipse.oidc.rules.authorization import check_request, check_target, requested
from ipse.oidc.rules.confirmation import CONFIRMATION_CHECKS, content_of
from ipse.oidc.rules.details import DETAIL_CHECKS, MAX_DETAILS, TYPES, digest_of, schema
from ipse.partners.model import Service, ServiceType
from ipse.softphone.contents import understood
from tests.unit.oidc.partners import PREFIX, VOCABULARY, candidate, service

CONFIRMING = service(type=ServiceType.CONFIRMATION, contract={"given_name": "voluntary"})
AMOUNT, CURRENCY, IBAN, TEXT = (
    PREFIX + f"claim_approval_{name}_key" for name in ("amount", "currency", "iban", "text")
)
NAME = PREFIX + "claim_approval_template_name"
PAYMENT = {NAME: "adv_payment", AMOUNT: "100", CURRENCY: "EUR", IBAN: "BE68539007547034"}
FREE_TEXT = {NAME: "free_text", TEXT: "I want <b>this</b>"}
PAY_DETAIL: dict[str, Any] = {
    "type": "payment",
    "instructedAmount": {"currency": "EUR", "amount": "123.50"},
    "creditorName": "Pot & Linde",
    "creditorAccount": {"iban": "BE68539007547034"},
    "remittanceInformationUnstructured": "Order 42",
}
AGREE_DETAIL: dict[str, Any] = {"type": "agreement", "title": "Lease", "text": "One.\nTwo.", "version": "3"}
DOOR_DETAIL: dict[str, Any] = {"type": "device_action", "device": "Front door", "action": "unlock", "location": "Home"}
SIGN_DETAIL: dict[str, Any] = {
    "type": "ipse_signature",
    "documents": [{"label": "Lease", "digest": "A" * 43}, {"label": "Inventory", "digest": "A" * 43}],
}
SIGNING = service(
    type=ServiceType.IDENTIFICATION, contract={"given_name": "required"}, redirect_uris=CONFIRMING.redirect_uris,
    batch=2, signs=True,
)  # fmt: skip
_WORDS = re.compile(r"[\x20\x21\x23-\x5b\x5d-\x7e]+")


def asked(at: Service = CONFIRMING, source: Source = "request", /, **parameters: str | None) -> AuthorizationRequest:
    """What remains of a request that came by this way and passes all checks."""
    start = candidate(**parameters)
    proven = check_target(Candidate(parameters=start.parameters, partner=start.partner, service=at), VOCABULARY)
    return check_request(replace(proven, source=source))


def claims(template: dict[str, Any], *places: str, **more: Any) -> str:
    """The `claims` parameter with template claims as the protocol writes them, in each place."""
    written = {claim: {"essential": True, "value": value} for claim, value in template.items()}
    return json.dumps(dict.fromkeys(places or ("id_token",), written | more))


def details(*entries: Any) -> str:
    return json.dumps(entries)


def refused(code: str, says: str | None = None) -> pytest.RaisesExc[OAuthError]:
    """A refusal whose words OAuth can carry (RFC 6749 §4.1.2.1)."""
    return pytest.RaisesExc(
        OAuthError, match=says, check=lambda error: error.code == code and bool(_WORDS.fullmatch(error.public))
    )


def tried(code: str, **parameters: str) -> AuthorizationRequest | None:
    """The request that is accepted; None for one that is refused with this code, in words that OAuth can carry."""
    try:
        return asked(**parameters)
    except OAuthError as error:
        if error.code != code or not _WORDS.fullmatch(error.public):
            raise
        return None


class TestTemplates:
    def test_a_payment(self) -> None:
        request = asked(claims=claims(PAYMENT))
        assert request.content == (Payment(amount="100", currency="EUR", creditor_iban="BE68539007547034"),)
        kept = requested(request)
        assert kept.template == {claim.removeprefix(PREFIX): value for claim, value in PAYMENT.items()}
        assert (kept.template_in, request.content_digest) == (("id_token",), "")

    def test_a_text(self) -> None:
        request = asked(claims=claims(FREE_TEXT | {TEXT: "<p>Buy</p> <B>now"}, "userinfo"))
        assert request.content == (FreeText(text="Buy <b>now</b>"),)
        assert requested(request).template_in == ("userinfo",)

    def test_in_both_places(self) -> None:
        """Partner protocol 1.8: both sets may hold them."""
        kept = requested(asked(claims=claims(PAYMENT, "id_token", "userinfo")))
        assert kept.template_in == ("id_token", "userinfo")

    def test_the_prefix_in_any_case(self) -> None:
        spelled = {claim.replace("/v2/", "/V2/"): value for claim, value in PAYMENT.items()}
        assert asked(claims=claims(spelled)).content == asked(claims=claims(PAYMENT)).content

    def test_the_printed_form_of_an_account(self) -> None:
        request = asked(claims=claims(PAYMENT | {IBAN: "BE68 5390 0754 7034"}))
        assert content_of(request.template) == asked(claims=claims(PAYMENT)).content
        assert requested(request).template["claim_approval_iban_key"] == "BE68 5390 0754 7034"

    def test_attributes_of_the_contract_beside_it(self) -> None:
        assert asked(claims=claims(PAYMENT, given_name=None)).asked == {"given_name": False}

    @pytest.mark.parametrize("amount", ["0", "1", "100", "999999999999999"])
    def test_amounts(self, amount: str) -> None:
        content = asked(claims=claims(PAYMENT | {AMOUNT: amount})).content[0]
        assert isinstance(content, Payment)
        assert content.amount == amount

    @pytest.mark.parametrize(
        ("claim", "value"),
        [
            (NAME, "payment"),
            (NAME, "ADV_PAYMENT"),
            (AMOUNT, "100.00"),
            (AMOUNT, "-1"),
            (AMOUNT, "+1"),
            (AMOUNT, "0100"),
            (AMOUNT, "1 000"),
            (AMOUNT, "1e3"),
            (AMOUNT, "\N{ARABIC-INDIC DIGIT ONE}0"),
            (AMOUNT, ""),
            (AMOUNT, "1" * 16),
            (AMOUNT, 100),
            (CURRENCY, "eur"),
            (CURRENCY, "XXX"),
            (CURRENCY, "EUR "),
            (IBAN, "BE68539007547035"),
            (IBAN, "be68539007547034"),
            (IBAN, ""),
            (IBAN, None),
        ],
    )
    def test_refused(self, claim: str, value: object) -> None:
        with refused("invalid_request"):
            asked(claims=claims(PAYMENT | {claim: value}))

    @pytest.mark.parametrize("missing", PAYMENT)
    def test_nothing_of_a_template_may_be_missing(self, missing: str) -> None:
        with refused("invalid_request"):
            asked(claims=claims({claim: value for claim, value in PAYMENT.items() if claim != missing}))

    def test_templates_are_not_mixed(self) -> None:
        with refused("invalid_request"):
            asked(claims=claims(PAYMENT | {TEXT: "and this"}))
        with refused("invalid_request"):
            asked(claims=claims(FREE_TEXT | {AMOUNT: "5"}))
        with refused("invalid_request"):
            asked(claims=claims(PAYMENT), authorization_details=details(PAY_DETAIL))

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("secret \N{CYRILLIC SMALL LETTER A}", "position 7"),
            ("x" * 7501, "7500"),
            ("<p></p>", "nothing"),
            ("secret\x07", "position 6"),
        ],
    )
    def test_a_text_that_cannot_be_shown(self, text: str, says: str) -> None:
        with refused("invalid_request", says) as refusal:
            asked(claims=claims(FREE_TEXT | {TEXT: text}))
        assert "secret" not in refusal.value.public + refusal.value.detail

    def test_the_longest_text(self) -> None:
        """7500 characters pass the limits of the `claims` parameter, however JSON writes them."""
        assert asked(claims=claims(FREE_TEXT | {TEXT: "é" * 7500})).content == (FreeText(text="é" * 7500),)

    def test_two_values_for_one_claim(self) -> None:
        two = json.loads(claims(PAYMENT)) | {"userinfo": {AMOUNT: {"essential": True, "value": "5"}}}
        with refused("invalid_request"):
            asked(claims=json.dumps(two))
        with refused("invalid_request"):
            asked(claims=json.dumps({"id_token": {NAME: {"essential": True, "values": ["adv_payment", "free_text"]}}}))

    @pytest.mark.parametrize("how", [None, {}, {"essential": True}, {"essential": False, "value": "adv_payment"}])
    def test_a_template_claim_is_a_demand_with_a_value(self, how: object) -> None:
        spoilt = json.loads(claims(PAYMENT))
        spoilt["id_token"][NAME] = how
        with refused("invalid_request"):
            asked(claims=json.dumps(spoilt))

    @pytest.mark.parametrize("kind", [kind for kind in ServiceType if kind.name not in {"CONFIRMATION", "SIGNING"}])
    def test_other_services_confirm_nothing(self, kind: ServiceType) -> None:
        """T-10: what looks like a confirmation and is none is never answered."""
        at = service(type=kind)
        with refused("invalid_request"):
            asked(at, claims=claims(PAYMENT, given_name=None))
        with refused("invalid_authorization_details"):
            asked(at, authorization_details=details(PAY_DETAIL), claims='{"id_token":{"given_name":null}}')


class TestWay:
    def test_never_by_plain_query(self) -> None:
        """Partner protocol 1.3, 8.12: refusal without a request object."""
        with refused("invalid_request", "request object"):
            asked(CONFIRMING, "query", claims=claims(PAYMENT))
        with refused("invalid_request", "request object"):
            asked(CONFIRMING, "query", authorization_details=details(PAY_DETAIL))

    @pytest.mark.parametrize("source", ["request", "request_uri", "pushed", "backchannel"])
    def test_by_every_other_way(self, source: Source) -> None:
        assert asked(CONFIRMING, source, claims=claims(PAYMENT)).content

    def test_a_confirmation_has_something_to_confirm(self) -> None:
        with refused("invalid_request"):
            asked(claims='{"id_token":{"given_name":null}}')

    def test_the_person_who_is_meant(self) -> None:
        """Partner protocol 1.8: `sub` in the `userinfo` set."""
        with_hint = json.loads(claims(PAYMENT)) | {"userinfo": {"sub": {"value": "s" * 36}}}
        request = asked(claims=json.dumps(with_hint))
        assert request.subject_hint == requested(request).subject == "s" * 36

    def test_in_the_id_token_set_it_is_no_hint(self) -> None:
        request = asked(claims=claims(PAYMENT, sub={"value": "s" * 36}))
        assert request.subject_hint is None
        assert requested(request).subject == "s" * 36

    def test_two_persons(self) -> None:
        two = json.loads(claims(PAYMENT, sub={"value": "s" * 36})) | {"userinfo": {"sub": {"value": "t" * 36}}}
        with refused("invalid_request"):
            asked(claims=json.dumps(two))

    def test_other_services_have_no_hint(self) -> None:
        request = asked(service(), claims='{"userinfo":{"sub":{"value":"x"}}}')
        assert request.subject_hint is None


class TestDetails:
    def test_each_type(self) -> None:
        written = (PAY_DETAIL, AGREE_DETAIL, DOOR_DETAIL)
        request = asked(authorization_details=details(*written))
        assert request.content == (
            Payment(
                amount="123.50", currency="EUR", creditor_name="Pot & Linde", creditor_iban="BE68539007547034",
                reference="Order 42",
            ),
            Agreement(title="Lease", text="One.\nTwo.", version="3"),
            DeviceAction(device="Front door", action="unlock", location="Home"),
        )  # fmt: skip
        assert request.content_digest == digest_of(written)
        assert requested(request).authorization_details == written

    @pytest.mark.parametrize("written", [PAY_DETAIL, AGREE_DETAIL, DOOR_DETAIL], ids=lambda detail: detail["type"])
    def test_the_published_schemas_say_the_same(self, written: dict[str, Any]) -> None:
        document = schema(written["type"], "https://id.example/s.json")
        Draft202012Validator.check_schema(document)
        judge = Draft202012Validator(document)
        judge.validate(written)
        for spoilt in ({**written, "more": "x"}, {"type": written["type"]}, {**written, "type": "other"}):
            assert not judge.is_valid(spoilt)
            with refused("invalid_authorization_details"):
                asked(authorization_details=details(spoilt))

    def test_signatures_are_for_identifications_whose_contract_has_them(self) -> None:
        request = asked(SIGNING, authorization_details=details(SIGN_DETAIL), claims='{"id_token":{"given_name":null}}')
        (content,) = request.content
        assert isinstance(content, Signature)
        assert [document.label for document in content.documents] == ["Lease", "Inventory"]
        assert (content.hash_algorithm, content.sign_algorithm, content.credential) == ("SHA-256", "", "")
        batch = SIGN_DETAIL | {"documents": SIGN_DETAIL["documents"] * 2}
        wrong_size = SIGN_DETAIL | {"hash_algorithm": "SHA-512"}
        hidden = SIGN_DETAIL | {"documents": [{"label": "a\u202eb", "digest": "A" * 43}]}
        for at, written in (
            (CONFIRMING, (SIGN_DETAIL,)),
            (msgspec.structs.replace(SIGNING, signs=False), (SIGN_DETAIL,)),
            (SIGNING, (SIGN_DETAIL, PAY_DETAIL)),
            (SIGNING, (PAY_DETAIL,)),
            (SIGNING, (batch,)),
            (SIGNING, (wrong_size,)),
            (SIGNING, (hidden,)),
            (SIGNING, (SIGN_DETAIL | {"documents": []},)),
            (SIGNING, (SIGN_DETAIL | {"credential": "mine"},)),
        ):
            with refused("invalid_authorization_details"):
                asked(at, authorization_details=details(*written), claims='{"id_token":{"given_name":null}}')

    def test_there_is_a_schema_for_each_type(self) -> None:
        assert set(TYPES) == {"payment", "agreement", "device_action", "ipse_signature"}

    @pytest.mark.parametrize(
        "text",
        [
            "{}",
            "[]",
            "null",
            "[1]",
            "[[]]",
            "[",
            '[{"type":"payment","type":"payment"}]',
            '[{"type":5}]',
            "[{}]",
            details(*[DOOR_DETAIL] * (MAX_DETAILS + 1)),
            details(AGREE_DETAIL | {"text": [[[["x"]]]]}),
            details({"type": "agreement", "title": "x", "text": "x" * 33_000}),
        ],
    )
    def test_not_an_array_of_details(self, text: str) -> None:
        with refused("invalid_authorization_details"):
            asked(authorization_details=text)

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"type": "payment_initiation"}, "type"),
            ({"locations": ["https://x.example"]}, "locations is no member"),
            ({'"': "x"}, "schema"),
            ({"instructedAmount": {"currency": "EUR", "amount": 123}}, "instructedAmount.amount"),
            ({"instructedAmount": {"currency": "EUR", "amount": "123.505"}}, "decimals"),
            ({"instructedAmount": {"currency": "JPY", "amount": "1.0"}}, "decimals"),
            ({"instructedAmount": {"currency": "XXX", "amount": "1"}}, "currency"),
            ({"instructedAmount": {"currency": "EUR", "amount": "1,5"}}, "amount"),
            ({"instructedAmount": {"currency": "EUR", "amount": "-1"}}, "amount"),
            ({"instructedAmount": {"currency": "EUR", "amount": "1\n"}}, "amount"),
            ({"instructedAmount": {"currency": "EUR"}}, "instructedAmount: lacks amount"),
            ({"creditorName": ""}, "creditorName"),
            ({"creditorName": "  "}, "creditorName"),
            ({"creditorName": "x" * 71}, "creditorName"),
            ({"creditorName": "secret\N{RIGHT-TO-LEFT OVERRIDE}"}, "creditorName"),
            ({"creditorName": "secret\nname"}, "creditorName"),
            ({"creditorName": None}, "creditorName"),
            ({"creditorAccount": {"iban": "BE68539007547035"}}, "iban"),
            ({"creditorAccount": "BE68539007547034"}, "creditorAccount"),
        ],
    )
    def test_a_payment_that_is_none(self, changes: dict[str, Any], says: str) -> None:
        with refused("invalid_authorization_details", says) as refusal:
            asked(authorization_details=details(DOOR_DETAIL, PAY_DETAIL | changes))
        assert "[1]" in refusal.value.public
        assert "secret" not in refusal.value.public

    def test_a_device_does_known_things_only(self) -> None:
        with refused("invalid_authorization_details"):
            asked(authorization_details=details(DOOR_DETAIL | {"action": "open"}))

    def test_the_digest_does_not_depend_on_how_it_is_written(self) -> None:
        other = json.dumps([dict(reversed(PAY_DETAIL.items()))], indent=3, ensure_ascii=True)
        assert asked(authorization_details=other).content_digest == digest_of([PAY_DETAIL])

    def test_every_member_is_in_the_digest(self) -> None:
        digests = {digest_of([PAY_DETAIL])}
        for name in PAY_DETAIL:
            digests.add(digest_of([PAY_DETAIL | {name: "other"}]))
        assert len(digests) == 1 + len(PAY_DETAIL)


_TEXTS = st.text(max_size=12) | st.sampled_from(["EUR", "1.50", "BE68539007547034", "unlock", "\n", "\u202e"])
_VALUES = st.recursive(
    _TEXTS | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=6,
)
_MEMBERS = st.sampled_from(sorted({*PAY_DETAIL, *AGREE_DETAIL, *DOOR_DETAIL, "sha256", "details", "amount", "iban"}))


@given(kind=st.sampled_from([*TYPES, "other"]), spoilt=st.dictionaries(_MEMBERS, _VALUES, max_size=4))
def test_any_details_are_content_or_a_refusal(kind: str, spoilt: dict[str, Any]) -> None:
    """Whatever a partner sends, nothing else happens; what is accepted has a digest, and a phone can show it."""
    good = {"payment": PAY_DETAIL, "agreement": AGREE_DETAIL, "device_action": DOOR_DETAIL}.get(kind, {})
    request = tried("invalid_authorization_details", authorization_details=details({**good, "type": kind, **spoilt}))
    if request is None:
        return
    assert len(request.content) == 1
    assert all(understood(shown) for shown in msgspec.to_builtins(request.content))
    assert request.content_digest == digest_of(request.authorization_details)


@given(values=st.dictionaries(st.sampled_from([NAME, AMOUNT, CURRENCY, IBAN, TEXT]), _VALUES, max_size=5))
def test_any_template_is_content_or_a_refusal(values: dict[str, Any]) -> None:
    base = FREE_TEXT if TEXT in values else PAYMENT
    request = tried("invalid_request", claims=claims({**base, **values}))
    if request is None:
        return
    assert content_of(request.template) == request.content
    assert all(understood(shown) for shown in msgspec.to_builtins(request.content))


def test_every_check_has_its_own_name() -> None:
    names = [check.__name__ for check in (*DETAIL_CHECKS, *CONFIRMATION_CHECKS)]
    assert len(set(names)) == len(names) == 14
