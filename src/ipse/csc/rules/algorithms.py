"""Algorithms by their OIDs: what a digest is, and what a signature is made with."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from ipse.csc.errors import InvalidRequest
from ipse.csc.model import Version
from ipse.standards.signature_activation import HASH_ALGORITHMS, SIGN_ALGORITHMS

HASH_NAMES: Final[Mapping[str, str]] = {oid: name for name, (oid, _) in HASH_ALGORITHMS.items()}
LENGTHS: Final[Mapping[str, int]] = {name: length for name, (_, length) in HASH_ALGORITHMS.items()}
RSA: Final = "1.2.840.113549.1.1.1"
EC: Final = "1.2.840.10045.2.1"
PSS: Final = "1.2.840.113549.1.1.10"
CURVE: Final = "1.2.840.10045.3.1.7"
"""P-256."""
_KEYS: Final = {RSA: "RSA-2048", EC: "P-256"}
HASH_PARAMETER: Final = {Version.ONE: "hashAlgo", Version.TWO: "hashAlgorithmOID"}
"""How the two specifications call it."""


def sign_algorithm(key: str, hash_algorithm: str) -> str:
    """The OID for a kind of key (`RSA-2048`, `P-256`) and a hash algorithm (`SHA-256`, …)."""
    return next(oid for oid, made in SIGN_ALGORITHMS.items() if made == (key, hash_algorithm))


def hash_name(oid: str, parameter: str) -> str:
    """The name of a hash algorithm.

    Raises:
        InvalidRequest: none that is known.
    """
    name = HASH_NAMES.get(oid)
    if name is None:
        raise InvalidRequest(f"Invalid parameter {parameter}")
    return name


def chosen(sign: str, hash_oid: str, allowed: Collection[str], version: Version) -> str:
    """The one signature algorithm that `signAlgo` and the hash algorithm beside it name.

    Raises:
        InvalidRequest: missing, unknown, contradicting, or not one of `allowed`.
    """
    parameter = HASH_PARAMETER[version]
    if sign in _KEYS:
        if not hash_oid:
            raise InvalidRequest(f"Missing (or invalid type) string parameter {parameter}")
        sign = sign_algorithm(_KEYS[sign], hash_name(hash_oid, parameter))
    elif hash_oid and sign in SIGN_ALGORITHMS and SIGN_ALGORITHMS[sign][1] != hash_name(hash_oid, parameter):
        raise InvalidRequest(f"Invalid parameter {parameter}", detail="it contradicts signAlgo")
    if sign not in allowed:
        raise InvalidRequest("Invalid parameter signAlgo")
    return sign


def check_parameters(sign: str, parameters: str | None) -> None:
    """`signAlgoParams` belongs to RSASSA-PSS alone, which is not offered.

    Raises:
        InvalidRequest: it is missing there.
    """
    if sign == PSS and not parameters:
        raise InvalidRequest("Missing (or invalid type) string parameter signAlgoParams")
