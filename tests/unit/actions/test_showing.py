"""What is shown and signed, and what of it goes to the partner."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from ipse.actions.errors import WrongShared
from ipse.actions.model import Action, ActionState, AskedAttribute, Confidential, Request, Shown, Start
from ipse.actions.rules import showing
from ipse.kernel.ids import b64u, b64u_decode

SALT = bytes(range(32))
VALUES: dict[str, Any] = {
    "given_name": "Ada",
    "email": "ada@example.org",
    "email_verified": False,
    "BENationalNumber": "88051700015",
    "birthdate": "1988-05-17",
    "verificationDate": {"given_name": "2026-01-01T00:00:00Z", "birthdate": "2026-01-01T00:00:00Z"},
}
ASKED = (
    AskedAttribute("given_name", required=True, protected=False),
    AskedAttribute("email", required=False, protected=False),
    AskedAttribute("email_verified", required=False, protected=False),
    AskedAttribute("BENationalNumber", required=False, protected=True),
    AskedAttribute("birthdate", required=False, protected=False),
    AskedAttribute("verificationDate", required=False, protected=False),
    AskedAttribute("address", required=True, protected=False),
)


def _action() -> Action:
    request = Request(
        partner_name="Garden Club",
        service_name={"en": "Members", "nl": "Leden"},
        purpose={"en": "To greet you", "nl": "Om u te groeten"},
        assurance="basic",
        attributes=ASKED,
        protocol={"door": "oidc"},
        language="en",
    )
    nothing: dict[str, Any] = dict.fromkeys(
        ("why", "start", "account_id", "phone_id", "subject", "shown_digest", "sealed_shown", "sealed_approval",
         "claimed_at", "decided_at")
    )  # fmt: skip
    return Action(
        action_id="a1",
        handle="h1",
        frame_id="f1",
        state=ActionState.WAITING,
        kind="identification",
        partner_id="garden",
        service_code="GARDEN",
        request=request,
        browser_hash=b"",
        created_at=1_790_000_000_000_000,
        expires_at=1_790_000_180_000_000,
        **nothing,
    )


def _shown(language: str = "nl") -> Shown:
    seen = showing.Seen(SALT, language, "substantial", Start.QR)
    return showing.build_shown(_action(), VALUES, Confidential(), seen)


def test_shown_names_who_asks_why_and_each_value_in_the_persons_language() -> None:
    document = json.loads(_shown().octets)
    assert document["partner"] == {"id": "garden", "name": "Garden Club"}
    assert document["service"] == {"code": "GARDEN", "name": "Leden", "purpose": "Om u te groeten"}
    assert [entry["name"] for entry in document["attributes"]] == [
        "given_name", "email", "BENationalNumber", "birthdate", "verificationDate",
    ]  # fmt: skip
    assert document["started"] == {"at": 1_790_000_000, "how": "qr"}


def test_a_protected_value_is_masked_and_committed_to() -> None:
    """DESIGN 6: until the code is given, its last two characters only."""
    octets = _shown().octets
    assert b"88051700015" not in octets
    entry = next(one for one in json.loads(octets)["attributes"] if one["name"] == "BENationalNumber")
    assert entry["masked"] == "*********15"
    text = SALT + b"BENationalNumber" + b"\x00" + json.dumps("88051700015").encode()
    assert b64u_decode(entry["commitment"]) == hashlib.sha256(text).digest()


@pytest.mark.parametrize("value", ["1", "1234", "", {"city": "Gent"}, {"format": "image/jpeg", "value": "abc"}])
def test_short_values_and_objects_are_masked_whole(value: object) -> None:
    assert set(showing.mask(value)) == {"*"}


def test_what_was_declined_is_simply_absent() -> None:
    released = showing.released(_shown(), ("given_name",))
    assert released == {
        "given_name": "Ada",
    }


def test_companions_and_metadata_follow_what_was_chosen() -> None:
    released = showing.released(_shown(), ("given_name", "email", "verificationDate"))
    assert released == {
        "given_name": "Ada",
        "email": "ada@example.org",
        "email_verified": False,
        "verificationDate": {"given_name": "2026-01-01T00:00:00Z"},
    }


@pytest.mark.parametrize(
    "shared",
    [(), ("email",), ("given_name", "address"), ("given_name", "family_name"), ("given_name", "email_verified")],
)
def test_a_choice_that_does_not_fit_is_refused(shared: tuple[str, ...]) -> None:
    with pytest.raises(WrongShared):
        showing.check_shared(_shown(), shared)


def test_two_showings_of_the_same_values_differ_by_their_salt() -> None:
    """A digest alone tells nobody what was shown."""
    seen = showing.Seen(bytes(32), "nl", "substantial", Start.QR)
    other = showing.build_shown(_action(), VALUES, Confidential(), seen)
    assert hashlib.sha256(other.octets).digest() != hashlib.sha256(_shown().octets).digest()
    assert b64u(SALT) in _shown().octets.decode()


@pytest.mark.parametrize(
    ("levels", "expected"),
    [(("high", "substantial"), "substantial"), (("high", "high"), "high"), (("low", "high"), "low")],
)
def test_the_weakest_element_sets_the_level(levels: tuple[str, ...], expected: str) -> None:
    """B-62."""
    assert showing.weakest(*levels) == expected
    assert showing.phone_level("software") == showing.phone_level("platform") == "substantial"
