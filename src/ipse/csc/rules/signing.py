"""What a call for signatures asks, and which of the authorized digests it may have."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ipse.csc.errors import InvalidRequest
from ipse.csc.model import Asked, Version
from ipse.csc.rules import algorithms
from ipse.csc.rules.reading import maybe_text, number, octets, text
from ipse.kernel.ids import b64u

SHORTEST_MILLISECONDS: Final = 1000
LONGEST_MILLISECONDS: Final = 86_400_000
USUAL_MILLISECONDS: Final = 3_600_000
_MOST_DIGESTS: Final = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """How an answer is wanted."""

    asynchronous: bool = False
    milliseconds: int = USUAL_MILLISECONDS
    """How long it is kept."""
    response_uri: str = ""
    """Whom to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HashRequest:
    """A call of `signatures/signHash`, by its form alone."""

    credential_id: str
    sad: str
    """Empty where the access token itself is for the credential."""
    digests: tuple[bytes, ...]
    sign_algorithm: str
    """As it was written."""
    hash_oid: str
    operation: Operation


def read_hash_request(members: Mapping[str, Any], version: Version, *, sad_needed: bool) -> HashRequest:
    """Read the members of `signatures/signHash`.

    Raises:
        InvalidRequest: one of them is missing or wrong.
    """
    sad = text(members, "SAD") if sad_needed else maybe_text(members, "SAD")
    credential = text(members, "credentialID")
    digests = read_digests(members, ("hash",) if version is Version.ONE else ("hashes", "hash"))
    sign = text(members, "signAlgo")
    algorithms.check_parameters(sign, maybe_text(members, "signAlgoParams"))
    return HashRequest(
        credential_id=credential,
        sad=sad,
        digests=digests,
        sign_algorithm=sign,
        hash_oid=maybe_text(members, algorithms.HASH_PARAMETER[version]),
        operation=read_operation(members) if version is Version.TWO else Operation(),
    )


def read_digests(members: Mapping[str, Any], names: Sequence[str]) -> tuple[bytes, ...]:
    """The digests of a call, under the first of these names that is there.

    Raises:
        InvalidRequest: none, too many, or no base64.
    """
    written = next((members[name] for name in names if name in members), None)
    if not isinstance(written, list) or not all(isinstance(each, str) for each in written):
        raise InvalidRequest("Missing (or invalid type) array parameter hash")
    if not written:
        raise InvalidRequest("Empty hash array")
    if len(written) > _MOST_DIGESTS:
        raise InvalidRequest("Numbers of signatures is too high")
    found = tuple(octets(each) if len(each) <= 128 else None for each in written)
    decoded = tuple(each for each in found if each is not None)
    if len(decoded) != len(found):
        raise InvalidRequest("Invalid Base64 hash string parameter")
    return decoded


def read_operation(members: Mapping[str, Any]) -> Operation:
    """Whether the caller waits, or comes again.

    Raises:
        InvalidRequest: a mode, time or address that is none.
    """
    mode = members.get("operationMode", "S")
    if mode not in {"S", "A"}:
        raise InvalidRequest("Invalid parameter operationMode")
    if mode == "S":
        return Operation()
    try:
        milliseconds = number(members, "validity_period")
    except InvalidRequest as error:
        raise InvalidRequest("Invalid parameter validity_period") from error
    if milliseconds is not None and not SHORTEST_MILLISECONDS <= milliseconds <= LONGEST_MILLISECONDS:
        raise InvalidRequest("Out of bounds parameter validity_period")
    uri = members.get("response_uri", "")
    if not isinstance(uri, str):
        raise InvalidRequest("Invalid parameter response_uri")
    return Operation(
        asynchronous=True,
        milliseconds=USUAL_MILLISECONDS if milliseconds is None else milliseconds,
        response_uri=uri,
    )


def check_algorithm(request: HashRequest, asked: Asked, allowed: Collection[str], version: Version) -> None:
    """The signature algorithm is the one that was approved, and the digests are of its length.

    Raises:
        InvalidRequest: another one, or digests of another length.
    """
    algorithms.chosen(request.sign_algorithm, request.hash_oid, allowed, version)
    length = algorithms.LENGTHS[asked.hash_algorithm]
    if any(len(digest) != length for digest in request.digests):
        raise InvalidRequest("Invalid digest value length")


def places(digests: Sequence[bytes], asked: Asked, given: Collection[int]) -> list[int]:
    """Where each digest stands among the authorized ones, none twice and none that was given out before.

    Raises:
        InvalidRequest: one of them is not authorized, or not any more.
    """
    free: dict[str, list[int]] = {}
    for place, digest in enumerate(asked.digests):
        if place not in given:
            free.setdefault(digest.digest, []).append(place)
    found = []
    for octet in digests:
        left = free.get(b64u(octet))
        if not left:
            raise InvalidRequest("Hash is not authorized by the SAD")
        found.append(left.pop(0))
    return found
