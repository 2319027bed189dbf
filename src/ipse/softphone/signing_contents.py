"""What a person is asked to sign, and the certificate made for it, judged like every other content.

(Device protocol, section 5, "Signing".) The same rules as the app's: whatever is unknown, too long, too many or does
not fit together is strange.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from ipse.standards.signature_activation import HASH_ALGORITHMS, MOST_DOCUMENTS, SIGN_ALGORITHMS

Rule = Callable[[object], bool]

# Controls but tab and line ends, and characters that turn the direction of writing.
UNSEEN: Final = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
_LINE_ENDS = re.compile("[\t\r\n\u2028\u2029]")
_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")
_OID = re.compile(r"[0-2](\.[0-9]{1,40}){1,30}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_MOST_EXACT = 2**53
_NAME = 200
_FILE_HASH = "SHA-256"
KINDS: Final = frozenset({"signing", "identification"})
"""Kinds of requests that may ask for signatures."""
TYPES: Final = ("credential", "signature")


def _text(most: int, least: int = 0) -> Rule:
    return lambda value: (
        isinstance(value, str) and not UNSEEN.search(value) and len(value) <= most and len(value.strip()) >= least
    )


def _line(most: int, least: int = 0) -> Rule:
    return lambda value: _text(most, least)(value) and not _LINE_ENDS.search(str(value))


def _like(pattern: re.Pattern[str], *, empty: bool = False) -> Rule:
    return lambda value: isinstance(value, str) and bool(pattern.fullmatch(value) or (empty and not value))


def _one_of(words: Sequence[str]) -> Rule:
    return lambda value: isinstance(value, str) and value in words


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < _MOST_EXACT


def _digest(algorithm: str, *, empty: bool = False) -> Rule:
    length = -(-HASH_ALGORITHMS[algorithm][1] * 4 // 3)
    return _like(re.compile(rf"[A-Za-z0-9_-]{{{length}}}"), empty=empty)


def _documents(value: object) -> bool:
    return isinstance(value, list) and 0 < len(value) <= MOST_DOCUMENTS


_CREDENTIAL: Mapping[str, Rule] = {
    "algorithm": _one_of(("RSA-2048", "P-256")),
    "issuer": _line(_NAME, 1),
    "quality": _one_of(("test", "advanced", "qualified")),
    "valid_seconds": _count,
    "credential": _like(_IDENTIFIER),
    "common_name": _line(_NAME, 1),
    "given_name": _line(_NAME),
    "surname": _line(_NAME),
    "country": _like(_COUNTRY, empty=True),
    "serial_number": _line(64),
}
_SIGNATURE: Mapping[str, Rule] = {
    "documents": _documents,
    "hash_algorithm": _one_of(tuple(HASH_ALGORITHMS)),
    "sign_algorithm": _one_of(tuple(SIGN_ALGORITHMS)),
    "credential": _like(_IDENTIFIER),
    "expires_at": _count,
    "description": _text(500),
    "role": _line(100),
    "commitment": _like(_OID, empty=True),
    "policy": _like(_OID, empty=True),
}


def understood(document: Mapping[str, Any]) -> bool:
    """Whether all of one content of `TYPES` can be shown."""
    members = {name: value for name, value in document.items() if name != "type"}
    if document["type"] == "credential":
        return _reads(members, _CREDENTIAL)
    if not _reads(members, _SIGNATURE):
        return False
    algorithm = members["hash_algorithm"]
    return algorithm == SIGN_ALGORITHMS[members["sign_algorithm"]][1] and all(
        _is_document(one, algorithm) for one in members["documents"]
    )


def _is_document(given: object, algorithm: str) -> bool:
    rules: dict[str, Rule] = {
        "label": _line(255, 1),
        "digest": _digest(algorithm),
        "file_digest": _digest(_FILE_HASH, empty=True),
        "document": _like(_IDENTIFIER, empty=True),
    }
    # A file that can be opened here must be the one that is signed.
    return (
        isinstance(given, dict) and _reads(given, rules) and bool(given.get("file_digest") or not given.get("document"))
    )


def _reads(members: Mapping[str, Any], rules: Mapping[str, Rule]) -> bool:
    return members.keys() <= rules.keys() and all(holds(members.get(name, "")) for name, holds in rules.items())


def strange(kind: str, contents: Sequence[Mapping[str, Any]]) -> str | None:
    """What is strange about contents that are each understood: whether what is to be signed is whole and by itself."""
    types = tuple(content["type"] for content in contents)
    if not set(types) & set(TYPES):
        return "confirms" if kind == "signing" else None
    if kind not in KINDS or types not in {TYPES, TYPES[:1], TYPES[1:]}:
        return "confirms"
    if types != TYPES:
        return None
    creation, signature = contents
    key, _ = SIGN_ALGORITHMS[signature["sign_algorithm"]]
    fits = signature["credential"] == creation["credential"] and key == creation["algorithm"]
    return None if fits else "signature"
