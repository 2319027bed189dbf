"""A result says what was approved, twice, and nothing else."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from ipse.actions.model import Granted, Request
from ipse.attributes.model import ATTRIBUTES
from ipse.broker.rules.results import subject, token_claims
from ipse.kernel.clock import SECOND
from tests.unit.broker.test_status import NOW, SESSION

PREFIX = "http://itsme.services/v2/claim/"
_texts = st.text(max_size=8)
_values: st.SearchStrategy[Any] = _texts | st.booleans() | st.dictionaries(_texts, _texts | st.booleans(), max_size=3)


def _granted(released: dict[str, Any]) -> Granted:
    request = Request(
        partner_name="", service_name={}, purpose={}, assurance="advanced", attributes=(), protocol={}, language="en"
    )
    return Granted(
        action_id="a",
        partner_id="museum",
        service_code="MUSEUM_CARD",
        subject="s" * 36,
        request=request,
        released=released,
        approved_at=NOW,
        level="substantial",
    )


@given(released=st.dictionaries(st.sampled_from(sorted(ATTRIBUTES)), _values, max_size=12))
def test_whatever_was_released_is_delivered_by_its_claim(released: dict[str, Any]) -> None:
    found = msgspec.to_builtins(subject(_granted(released), PREFIX))
    delivered = {name.removeprefix(PREFIX): value for name, value in found["attributes"].items()}
    assert delivered == released
    assert None not in found.values()


def test_members_are_absent_where_nothing_was_shared() -> None:
    found = msgspec.to_builtins(
        subject(_granted({"RONationalNumber": "1880517123456", "email_verified": False}), PREFIX)
    )
    assert found["nin"] == {"value": "1880517123456", "issuingCountry": "RO", "type": "NATIONAL_NUMBER"}
    assert found.keys() == {"id", "nin", "attributes"}
    assert msgspec.to_builtins(subject(_granted({}), PREFIX)) == {"id": "s" * 36, "attributes": {}}


def test_a_token_is_for_the_final_partner_and_names_the_broker() -> None:
    """T-11: no shared attribute can take the place of a claim that protects."""
    claims = token_claims(
        SESSION, _granted({"given_name": "Ada"}), issuer="https://id.example/v2", prefix=PREFIX, now=NOW
    )
    assert (claims["aud"], claims["broker"], claims["sub"], claims["given_name"]) == ("museum", "desk", "s" * 36, "Ada")
    assert claims["exp"] - claims["iat"] == 300
    assert (claims["auth_time"], claims["acr"]) == (NOW // SECOND, PREFIX + "acr_advanced")
