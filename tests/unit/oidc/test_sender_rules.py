"""Each check of a DPoP proof and of whoever sends a token, alone (R-33, RFC 9449 §4.3 and §7, RFC 8705 §3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ipse.oidc.errors import InvalidDpopProof, InvalidToken, OAuthError, UseDpopNonce
from ipse.oidc.rules.dpop import DPOP_CHECKS, ProofInUse, check_proof, usable_until
from ipse.oidc.rules.senders import SENDER_CHECKS, Sender, check_sender
from ipse.standards.dpop import Proof, token_hash

NOW = 1_790_000_000
TOKEN = "token"
ADDRESS = "https://id.example/v2/userinfo"
ALIAS = "https://mtls.id.example/v2/userinfo"
PROOF = Proof(
    thumbprint="key",
    identifier="j",
    method="GET",
    address=ADDRESS,
    issued_at=NOW,
    token_hash=token_hash(TOKEN),
    nonce="fresh",
)


def use(*, token: str | None = TOKEN, **changes: Any) -> ProofInUse:
    return ProofInUse(
        proof=replace(PROOF, **changes),
        method="GET",
        addresses=(ADDRESS, ALIAS),
        now=NOW,
        nonces=("fresh", "last"),
        access_token=token,
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"address": ALIAS},
        {"issued_at": NOW - 60},
        {"issued_at": NOW + 60},
        {"nonce": "last"},
        {"token": None, "token_hash": None},
        {"token": None},
    ],
)
def test_a_good_proof(changes: dict[str, Any]) -> None:
    check_proof(use(**changes))


WRONG: dict[str, list[tuple[dict[str, Any], type[OAuthError]]]] = {
    "check_method": [({"method": "POST"}, InvalidDpopProof), ({"method": "get"}, InvalidDpopProof)],
    "check_address": [({"address": "https://id.example/v2/token"}, InvalidDpopProof)],
    "check_time": [({"issued_at": NOW - 61}, InvalidDpopProof), ({"issued_at": NOW + 61}, InvalidDpopProof)],
    "check_token": [
        ({"token_hash": None}, InvalidDpopProof),
        ({"token_hash": token_hash("other")}, InvalidDpopProof),
        ({"token_hash": "é"}, InvalidDpopProof),
    ],
    "check_nonce": [({"nonce": None}, UseDpopNonce), ({"nonce": "old"}, UseDpopNonce), ({"nonce": ""}, UseDpopNonce)],
}


def test_every_check_refuses_something() -> None:
    assert set(WRONG) == {check.__name__ for check in DPOP_CHECKS}


@pytest.mark.parametrize(
    ("check", "changes", "error"), [(check, *case) for check, cases in WRONG.items() for case in cases]
)
def test_a_wrong_proof(check: str, changes: dict[str, Any], error: type[OAuthError]) -> None:
    with pytest.raises(error) as refused:
        check_proof(use(**changes))
    assert refused.value.check == check


def test_a_proof_is_remembered_as_long_as_it_could_be_used() -> None:
    for issued_at in (NOW - 60, NOW, NOW + 59.9, NOW + 60):
        until = usable_until(replace(PROOF, issued_at=issued_at))
        for later in range(200):
            try:
                check_proof(replace(use(issued_at=issued_at), now=NOW + later))
            except InvalidDpopProof:
                continue
            assert NOW + later < until


BEARER = Sender()
CERTIFIED = Sender(thumbprint="certificate")
PROVEN = Sender(scheme="DPoP", proof=PROOF)


def test_what_a_token_is_bound_to() -> None:
    assert BEARER.binding == ""
    assert CERTIFIED.binding == "x5t#S256:certificate"
    assert PROVEN.binding == "jkt:key"
    assert replace(PROVEN, thumbprint="certificate").binding == "jkt:key"


@pytest.mark.parametrize(
    ("binding", "sender"),
    [
        ("", BEARER),
        ("", CERTIFIED),
        ("x5t#S256:certificate", CERTIFIED),
        ("jkt:key", PROVEN),
        ("jkt:key", replace(PROVEN, thumbprint="certificate")),
    ],
)
def test_the_sender_it_was_given_to(binding: str, sender: Sender) -> None:
    check_sender(binding, sender)


STOLEN = {
    "check_scheme": [("jkt:key", BEARER), ("jkt:key", CERTIFIED), ("", PROVEN), ("x5t#S256:certificate", PROVEN)],
    "check_key": [("jkt:other", PROVEN), ("jkt:", PROVEN), ("jkt:key", Sender(scheme="DPoP"))],
    "check_certificate": [
        ("x5t#S256:certificate", BEARER),
        ("x5t#S256:other", CERTIFIED),
        ("x5t#S256:", CERTIFIED),
    ],
}


def test_every_check_of_a_sender_refuses_something() -> None:
    assert set(STOLEN) == {check.__name__ for check in SENDER_CHECKS}


@pytest.mark.parametrize(
    ("check", "binding", "sender"), [(check, *case) for check, cases in STOLEN.items() for case in cases]
)
def test_somebody_else(check: str, binding: str, sender: Sender) -> None:
    with pytest.raises(InvalidToken) as refused:
        check_sender(binding, sender)
    assert refused.value.check == check
