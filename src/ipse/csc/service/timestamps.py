"""Time stamps for partners, from the authority that our own signatures use."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ipse.csc.errors import InvalidRequest, NotImplementedMethod
from ipse.csc.rules.algorithms import LENGTHS, hash_name
from ipse.csc.rules.reading import octets, text

Stamp: TypeAlias = Callable[[bytes, str, int | None], Awaitable[bytes]]
"""Asks for a time stamp: digest, name of its hash algorithm, nonce; gives the token's DER. Raises
SigningUnavailable."""
_LONGEST_NONCE = 64


@dataclass(frozen=True, slots=True)
class Timestamps:
    """`signatures/timestamp`."""

    stamp: Stamp | None

    async def timestamp(self, members: Mapping[str, Any]) -> dict[str, Any]:
        """A time-stamp token over a digest.

        Raises:
            InvalidRequest: a member that does not fit.
            NotImplementedMethod: no authority is configured.
            SigningUnavailable: it cannot be reached.
        """
        if members.get("hash") == "":
            raise InvalidRequest("Empty hash parameter")
        digest = octets(text(members, "hash", longest=128))
        name = hash_name(_algorithm(members), "hashAlgo")
        if digest is None:
            raise InvalidRequest("Invalid Base64 hash string parameter")
        if len(digest) != LENGTHS[name]:
            raise InvalidRequest("Invalid digest value length")
        nonce = _nonce(members.get("nonce"))
        if self.stamp is None:
            raise NotImplementedMethod
        return {"timestamp": b64encode(await self.stamp(digest, name, nonce)).decode()}


def _algorithm(members: Mapping[str, Any]) -> str:
    value = members.get("hashAlgo", members.get("hashAlgorithmOID"))
    if not isinstance(value, str):
        raise InvalidRequest("Missing (or invalid type) string parameter hashAlgo")
    return value


def _nonce(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_NONCE:
        raise InvalidRequest("Invalid parameter nonce")
    try:
        return int(value, 16)
    except ValueError as error:
        raise InvalidRequest("Invalid parameter nonce") from error
