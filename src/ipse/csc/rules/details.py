"""Authorization details of the type `credential` (CSC 2.0 §8.4.2, RFC 9396)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

from ipse.csc.errors import InvalidRequest
from ipse.csc.model import Asked, Digest
from ipse.csc.rules.algorithms import hash_name
from ipse.csc.rules.texts import LONGEST_LABEL, check_text
from ipse.kernel.ids import b64u_decode
from ipse.standards.signature_activation import HASH_ALGORITHMS
from ipse.standards.strict_json import JsonError, parse

TYPE: Final = "credential"
_MOST_BYTES: Final = 32_768
_MOST_DEPTH: Final = 6


def read(text: str) -> Mapping[str, Any]:
    """The one entry of the type `credential`; members that nobody knows are ignored.

    Raises:
        InvalidRequest: no array with exactly that one entry.
    """
    try:
        entries = parse(text, max_bytes=_MOST_BYTES, max_depth=_MOST_DEPTH)
    except JsonError as error:
        raise InvalidRequest("Invalid parameter authorization_details", detail=str(error)) from error
    if not isinstance(entries, list) or len(entries) != 1 or not isinstance(entries[0], dict):
        raise InvalidRequest("Invalid parameter authorization_details", detail="not an array of one object")
    entry: dict[str, Any] = entries[0]
    if entry.get("type") != TYPE:
        raise InvalidRequest("Invalid parameter authorization_details", detail="another type")
    return entry


def digests(entry: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
    """Hash algorithm, and each digest as it was written with its label.

    Raises:
        InvalidRequest: one of them is missing, or cannot be shown.
    """
    oid, written = entry.get("hashAlgorithmOID"), entry.get("documentDigests")
    if not isinstance(oid, str):
        raise InvalidRequest("Missing (or invalid type) string parameter hashAlgorithmOID")
    name = hash_name(oid, "hashAlgorithmOID")
    if not isinstance(written, list):
        raise InvalidRequest("Missing (or invalid type) array parameter documentDigests")
    if not written:
        raise InvalidRequest("Empty hash array")
    return name, [_named(each) for each in written]


def repeated(asked: Asked, credential_id: str) -> list[dict[str, Any]]:
    """The entry as the token's answer repeats it, with the credential that was chosen (RFC 9396 §7)."""
    return [
        {
            "type": TYPE,
            "credentialID": credential_id,
            "documentDigests": [_written(each) for each in asked.digests],
            "hashAlgorithmOID": HASH_ALGORITHMS[asked.hash_algorithm][0],
        }
    ]


def _named(each: object) -> tuple[str, str]:
    if not isinstance(each, dict) or not isinstance(each.get("hash"), str):
        raise InvalidRequest("Invalid parameter documentDigests")
    label = each.get("label", "")
    if not isinstance(label, str):
        raise InvalidRequest("Invalid parameter documentDigests")
    return each["hash"], check_text("label", label, longest=LONGEST_LABEL, latin=False)


def _written(digest: Digest) -> dict[str, str]:
    return {"hash": b64encode(b64u_decode(digest.digest)).decode(), "label": digest.label}
