"""What an approval of a signature seals besides, and what the phone keeps: values of other libraries and the rules."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from ipse.kernel.clock import FrozenClock
from ipse.kernel.ids import RandomIds, b64u, b64u_decode
from ipse.softphone import effects
from ipse.softphone.activation import new_key
from ipse.softphone.configuration import Configuration, KeySet
from ipse.softphone.errors import OtherActivationKey, SignerLost
from ipse.softphone.messages import Approved, CodeUse, Writer
from ipse.softphone.signing import KEPT, Sealing, keep, sealing_of
from ipse.softphone.state import Pending, Signer, State
from ipse.standards import phone_channel

VECTORS = Path(__file__).parents[2] / "vectors"
KNOWN: dict[str, Any] = json.loads((VECTORS / "phone_channel.json").read_text())
CONTENTS: dict[str, Any] = json.loads((VECTORS / "confirms.json").read_text())
CREATION = next(one for one in CONTENTS["understood"] if one["type"] == "credential")
SIGNATURE = next(one for one in CONTENTS["understood"] if one["type"] == "signature")
PRIVATE = KNOWN["activation"]["private"]
OPENING = {PRIVATE["kid"]: phone_channel.private_key(PRIVATE)}
KEY = {name: PRIVATE[name] for name in ("kty", "crv", "x", "y", "kid")}
CHANNEL = KNOWN["channel"]["private"]
CODES = ("13579", "24680")


def _state(*signers: Signer) -> State:
    salts = {name: b64u(bytes(32)) for name in ("ck1", "ck2")}
    state = State(base="x", key=new_key(), phone="p", chain="c", salts=salts, signers=list(signers))
    state.code_key_id, state.spare_code_key_id = "ck1", "ck2"
    return state


def _sealing(
    confirms: list[dict[str, Any]], *signers: Signer, published: Any = KEY, given: Any = KEY
) -> Sealing | None:
    state = _state(*signers)
    return sealing_of(confirms, state, given=given, published=lambda: published, salt=lambda: bytes(32))


def _approval(state: State, sealing: Sealing | None, code: str = CODES[0]) -> Pending:
    public = {name: CHANNEL[name] for name in ("kty", "crv", "x", "y", "kid")}
    configuration = Configuration(issuer="i", app_origin="o", phone_channel_keys=KeySet((public,)))
    writer = Writer(clock=FrozenClock(), ids=RandomIds(), configuration=lambda _: configuration)
    approved = Approved("act", b"shown", (), {}, sealing=sealing)
    return writer.approval(state, approved, CodeUse(code=code, challenge="ch"))


def _opened(pending: Pending) -> phone_channel.OpenedMessage:
    return phone_channel.open_sealed(pending.body, {CHANNEL["kid"]: phone_channel.private_key(CHANNEL)})


def test_the_code_key_of_a_certificate_is_the_one_other_libraries_derive() -> None:
    known = KNOWN["activation"]["code_key"]
    derived = phone_channel.signing_code_key(known["code"], b64u_decode(known["salt"]), known["credential"])
    assert b64u(derived) == known["key"]


@pytest.mark.parametrize("name", ["signature", "creation"])
def test_activations_of_another_library_are_opened(name: str) -> None:
    known = KNOWN["activation"][name]
    opened = phone_channel.open_activation(known["jwe"], OPENING)
    assert opened.message.compact == known["content"]["jws"]
    assert opened.message.unverified_payload() == known["payload"]
    beside = opened.proof if name == "signature" else opened.code_key
    assert b64u(beside) == known["content"]["proof" if name == "signature" else "code_key"]


def test_a_creation_seals_the_new_code_key_and_signs_its_digest() -> None:
    state, sealing = _state(), _sealing([CREATION])
    pending = _approval(state, sealing)
    assert pending.signer is not None
    outer = _opened(pending)
    inner = phone_channel.open_activation(outer.activation, OPENING)
    salt = b64u_decode(pending.signer.salt)
    assert inner.message.compact == outer.message.compact
    assert inner.code_key == phone_channel.signing_code_key(CODES[0], salt, CREATION["credential"])
    digest = inner.message.unverified_payload()["signing_code_key"]
    assert digest == b64u(hashlib.sha256(inner.code_key).digest())
    assert set(outer.proof.by_id) == {"ck1", "ck2"}


def test_a_signature_seals_the_proof_to_the_key_kept_since_the_creation() -> None:
    signer = Signer(SIGNATURE["credential"], b64u(bytes(range(32))), KEY)
    sealing = _sealing([SIGNATURE], signer, given={**KEY, "kid": "another"}, published=None)
    pending = _approval(_state(signer), sealing)
    outer = _opened(pending)
    inner = phone_channel.open_activation(outer.activation, OPENING)
    key = phone_channel.signing_code_key(CODES[0], bytes(range(32)), signer.credential)
    assert inner.proof == phone_channel.code_proof(key, outer.message.compact)
    assert "signing_code_key" not in inner.message.unverified_payload()
    assert pending.signer is None


def test_whatever_was_typed_looks_the_same_from_outside() -> None:
    """A duress code is not to be told from the code by the length of anything."""
    signer = Signer(SIGNATURE["credential"], b64u(bytes(32)), KEY)
    for sealing in (_sealing([CREATION]), _sealing([SIGNATURE], signer)):
        bodies = [_approval(_state(signer), sealing, code).body for code in CODES]
        assert len({len(body) for body in bodies}) == 1
        assert len({len(_opened(_approval(_state(), sealing, code)).activation) for code in CODES}) == 1


def test_a_request_of_nothing_to_sign_seals_nothing_more() -> None:
    assert _sealing([CONTENTS["understood"][0]]) is None
    assert _opened(_approval(_state(), None)).activation == ""


@pytest.mark.parametrize(
    ("given", "published"),
    [(KEY, {**KEY, "x": KEY["y"]}), (KEY, None), (None, KEY), (None, None), ({**KEY, "kid": ""}, KEY), ({}, {})],
)
def test_a_certificate_is_made_only_under_the_key_everybody_is_told(given: Any, published: Any) -> None:
    with pytest.raises(OtherActivationKey):
        _sealing([CREATION, SIGNATURE], given=given, published=published)


def test_a_certificate_that_is_not_of_this_phone_signs_nothing() -> None:
    with pytest.raises(SignerLost):
        _sealing([SIGNATURE], Signer("another", b64u(bytes(32)), KEY))


def test_what_is_kept_follows_the_answer() -> None:
    state = _state()
    pending = _approval(state, _sealing([CREATION]))
    effects.refuse(state, pending.purpose, {"code": "wrong_code", "chain": "c2"})
    assert state.signers == []
    effects.apply(state, pending.purpose, {"outcome": "approved", "chain": "c3"}, pending.signer)
    assert [one.credential for one in state.signers] == [CREATION["credential"]]
    state.next_code_key_id = "ck3"
    effects.apply(state, "change-code", {"code_key_id": "ck3", "chain": "c4"})
    assert state.signers == []
    for number in range(KEPT + 2):
        keep(state, Signer(f"credential-{number}", "", KEY))
    assert [one.credential for one in state.signers][:: KEPT - 1] == ["credential-2", f"credential-{KEPT + 1}"]
