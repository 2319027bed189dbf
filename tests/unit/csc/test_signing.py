"""What a call for signatures may ask, and which digests it may have."""

from __future__ import annotations

from typing import Any

import pytest

from ipse.csc.errors import InvalidRequest
from ipse.csc.model import Asked, Digest, Version
from ipse.csc.rules.algorithms import chosen, sign_algorithm
from ipse.csc.rules.signing import check_algorithm, places, read_hash_request
from ipse.kernel.ids import b64u
from tests.unit.csc.asking import DIGESTS, SHA256, b64

ONE, TWO = Version.ONE, Version.TWO
RSA, RSA_SHA256, RSA_SHA512, PSS = (
    "1.2.840.113549.1.1.1",
    "1.2.840.113549.1.1.11",
    "1.2.840.113549.1.1.13",
    "1.2.840.113549.1.1.10",
)
MISSING = "Missing (or invalid type) string parameter "


def members(**changes: Any) -> dict[str, Any]:
    asked = {"SAD": "sad", "credentialID": "c1", "hash": [b64(DIGESTS[0])], "signAlgo": RSA_SHA256, **changes}
    return {name: value for name, value in asked.items() if value is not None}


def asked(*order: int) -> Asked:
    digests = tuple(Digest(b64u(DIGESTS[each]), "x") for each in order)
    return Asked(redirect_uri="", digests=digests, hash_algorithm="SHA-256")


REFUSED = [
    ({"SAD": None}, MISSING + "SAD"),
    ({"SAD": 7}, MISSING + "SAD"),
    ({"SAD": "s" * 4097}, MISSING + "SAD"),
    ({"credentialID": None}, MISSING + "credentialID"),
    ({"credentialID": ["c1"]}, MISSING + "credentialID"),
    ({"hash": None}, "Missing (or invalid type) array parameter hash"),
    ({"hash": b64(DIGESTS[0])}, "Missing (or invalid type) array parameter hash"),
    ({"hash": [5]}, "Missing (or invalid type) array parameter hash"),
    ({"hash": []}, "Empty hash array"),
    ({"hash": [b64(DIGESTS[0])] * 71}, "Numbers of signatures is too high"),
    ({"hash": ["%%"]}, "Invalid Base64 hash string parameter"),
    ({"hash": ["A" * 129]}, "Invalid Base64 hash string parameter"),
    ({"signAlgo": None}, MISSING + "signAlgo"),
    ({"signAlgo": PSS}, MISSING + "signAlgoParams"),
    ({"signAlgoParams": 5}, MISSING + "signAlgoParams"),
]


@pytest.mark.parametrize(("changes", "words"), REFUSED)
def test_each_member_is_judged(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_hash_request(members(**changes), ONE, sad_needed=True)
    assert refused.value.public == words


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"operationMode": "X"}, "Invalid parameter operationMode"),
        ({"operationMode": "A", "validity_period": "soon"}, "Invalid parameter validity_period"),
        ({"operationMode": "A", "validity_period": True}, "Invalid parameter validity_period"),
        ({"operationMode": "A", "validity_period": 10}, "Out of bounds parameter validity_period"),
        ({"operationMode": "A", "validity_period": 10**9}, "Out of bounds parameter validity_period"),
        ({"operationMode": "A", "response_uri": 7}, "Invalid parameter response_uri"),
    ],
)
def test_asynchronous_members_are_judged(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_hash_request(members(**changes), TWO, sad_needed=False)
    assert refused.value.public == words


def test_version_1_knows_no_asynchronous_mode() -> None:
    assert not read_hash_request(members(operationMode="A"), ONE, sad_needed=True).operation.asynchronous


@pytest.mark.parametrize(
    ("sign", "oid", "version", "words"),
    [
        (RSA, "", ONE, MISSING + "hashAlgo"),
        (RSA, "", TWO, MISSING + "hashAlgorithmOID"),
        (RSA, "1.3.14.3.2.26", ONE, "Invalid parameter hashAlgo"),
        (RSA_SHA256, "2.16.840.1.101.3.4.2.3", TWO, "Invalid parameter hashAlgorithmOID"),
        (RSA_SHA512, "", ONE, "Invalid parameter signAlgo"),
        (PSS, SHA256, ONE, "Invalid parameter signAlgo"),
        ("1.2.3", SHA256, ONE, "Invalid parameter signAlgo"),
    ],
)
def test_other_algorithms_are_refused(sign: str, oid: str, version: Version, words: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        chosen(sign, oid, (RSA_SHA256,), version)
    assert refused.value.public == words


@pytest.mark.parametrize(("sign", "oid"), [(RSA_SHA256, ""), (RSA_SHA256, SHA256), (RSA, SHA256)])
def test_an_algorithm_has_several_names(sign: str, oid: str) -> None:
    assert chosen(sign, oid, (sign_algorithm("RSA-2048", "SHA-256"),), ONE) == RSA_SHA256


def test_digests_have_the_length_of_what_was_approved() -> None:
    request = read_hash_request(members(hash=[b64(DIGESTS[0] * 2)]), ONE, sad_needed=True)
    with pytest.raises(InvalidRequest, match="Invalid digest value length"):
        check_algorithm(request, asked(0), (RSA_SHA256,), ONE)


def test_places_follow_the_digests_of_the_call() -> None:
    assert places([DIGESTS[2], DIGESTS[0]], asked(0, 1, 2), ()) == [2, 0]


def test_the_same_digest_counts_as_often_as_it_was_approved() -> None:
    assert places([DIGESTS[1], DIGESTS[1]], asked(1, 0, 1), ()) == [0, 2]
    with pytest.raises(InvalidRequest, match="Hash is not authorized by the SAD"):
        places([DIGESTS[1], DIGESTS[1]], asked(1, 0, 1), {2})


@pytest.mark.parametrize("given", [{0}, {0, 1}])
def test_what_was_given_out_is_not_authorized_any_more(given: set[int]) -> None:
    with pytest.raises(InvalidRequest, match="Hash is not authorized by the SAD"):
        places([DIGESTS[0]], asked(0, 1), given)
