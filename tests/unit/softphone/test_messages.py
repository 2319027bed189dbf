"""What the phone says, read by an independent JOSE library and by the protocol's own arithmetic."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwe, jws
from joserfc.jwk import ECKey

from ipse.kernel.clock import SECOND, FrozenClock
from ipse.kernel.ids import RandomIds, b64u, b64u_decode
from ipse.softphone.activation import new_key
from ipse.softphone.configuration import Configuration, KeySet
from ipse.softphone.messages import Approved, CodeUse, Writer
from ipse.softphone.state import Pending, State

SCHEME_KEY = ECKey.generate_key("P-256", {"kid": "phone-channel-1", "use": "enc", "alg": "ECDH-ES"})
SHOWN = b'{"v":1,"salt":"..."}'
APPROVED = Approved(action="act", shown=SHOWN, shared=["given_name"], device={"label": "Soft phone"})


@pytest.fixture
def state() -> State:
    salts = {"ck1": b64u(b"s" * 32)}
    return State(base="http://x", key=new_key(), phone="phone-1", chain="chain-1", code_key_id="ck1", salts=salts)


@pytest.fixture
def writer() -> Writer:
    public = {name: str(value) for name, value in SCHEME_KEY.as_dict(private=False).items()}
    configuration = Configuration(issuer="i", app_origin="o", phone_channel_keys=KeySet(keys=(public,)))
    return Writer(clock=FrozenClock(), ids=RandomIds(), configuration=lambda _: configuration)


def _device_key(state: State) -> ECKey:
    assert state.key
    return ECKey.import_key({**state.key.public()})


def _verified(state: State, compact: str) -> dict[str, Any]:
    signed = jws.deserialize_compact(compact, _device_key(state), algorithms=["ES256"])
    assert signed.headers()["typ"] == "ipse-phone+jwt"
    payload: dict[str, Any] = json.loads(signed.payload)
    return payload


def _opened(message: Pending) -> dict[str, Any]:
    opened = jwe.decrypt_compact(message.body, SCHEME_KEY, algorithms=["ECDH-ES", "A256GCM"])
    assert opened.headers()["typ"] == "ipse-phone-sealed+jwe"
    assert opened.plaintext
    content: dict[str, Any] = json.loads(opened.plaintext)
    return content


def _proof(code: str, salt: bytes, compact: str) -> str:
    key = HKDF(hashes.SHA256(), 32, salt, b"ipse code key v1phone-1").derive(code.encode())
    return b64u(hmac.new(key, compact.encode(), hashlib.sha256).digest())


def test_a_signed_message_names_phone_time_and_chain(state: State, writer: Writer) -> None:
    message = writer.signed(state, "show", "show act", action="act")
    assert (message.path, message.content_type) == ("/show", "application/jose")
    assert _verified(state, message.body) == {
        "v": 1,
        "type": "show",
        "phone": "phone-1",
        "iat": FrozenClock().now() // SECOND,
        "chain": "chain-1",
        "action": "act",
    }


def test_before_the_phone_has_an_id_its_key_names_it(state: State, writer: Writer) -> None:
    state.phone = ""
    header = json.loads(b64u_decode(writer.signed(state, "enrol", "enrol").body.split(".")[0]))
    assert header["kid"] == _device_key(state).thumbprint()


def test_the_proof_stands_beside_the_approval_never_inside(state: State, writer: Writer) -> None:
    content = _opened(writer.approval(state, APPROVED, CodeUse(code="13579", challenge="ch")))
    payload = _verified(state, content["jws"])
    proof = content["proofs"]["ck1"]
    assert proof == _proof("13579", b"s" * 32, content["jws"])
    assert proof not in content["jws"]
    assert payload["shown"] == b64u(hashlib.sha256(SHOWN).digest())
    assert (payload["decision"], payload["method"], payload["code_key_id"]) == ("approved", "code", "ck1")
    assert (payload["challenge"], payload["shared"]) == ("ch", ["given_name"])


def test_a_refusal_needs_no_proof(state: State, writer: Writer) -> None:
    content = _opened(writer.rejection(state, APPROVED, challenge="ch", reason="not_started"))
    payload = _verified(state, content["jws"])
    assert not {"proof", "proofs"} & content.keys()
    assert (payload["decision"], payload["reason"]) == ("rejected", "not_started")


def test_activation_hands_the_code_key_over_and_proves_it(state: State, writer: Writer) -> None:
    state.salts, state.code_key_id, state.enrolment = {}, "", "enr"
    content = _opened(writer.activate(state, "13579"))
    payload = _verified(state, content["jws"])
    salt = b64u_decode(state.salts[payload["code_key_id"]])
    key = HKDF(hashes.SHA256(), 32, salt, b"ipse code key v1phone-1").derive(b"13579")
    assert payload["code_key"] == b64u(key)
    assert content["proof"] == _proof("13579", salt, content["jws"])
    assert state.next_code_key_id == payload["code_key_id"]


def test_a_change_of_code_is_proven_with_the_old_one_and_keeps_both_salts(state: State, writer: Writer) -> None:
    content = _opened(writer.change_code(state, "24680", CodeUse(code="13579", challenge="ch")))
    payload = _verified(state, content["jws"])
    assert content["proofs"]["ck1"] == _proof("13579", b"s" * 32, content["jws"])
    # Beside the two codes stands the second slot, which every phone has.
    assert {"ck1", payload["new_code_key_id"]} < set(state.salts)
    assert len(state.salts) == 3
    assert state.code_key_id == payload["code_key_id"] == "ck1"
