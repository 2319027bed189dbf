"""Fetching a partner's key set from its `jwks_uri` (T-23)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ipse.partners.errors import KeysNotFetched
from ipse.partners.rules.fetching import fresh_seconds, usable_keys
from ipse.standards.jose import JoseError
from ipse.web.outgoing import Outgoing, OutgoingError

SECONDS: Final = 3.0
"""A partner answers within about one second (partner protocol 1.2); somebody may be waiting for it."""
MOST_BYTES: Final = 65_536
TYPES: Final = ("application/json", "application/jwk-set+json")


class KeyAnswer(NamedTuple):
    """A key set, its usable keys only, and for how many seconds it counts."""

    jwks: Mapping[str, Any]
    fresh_seconds: int


async def fetch_keys(outgoing: Outgoing, jwks_uri: str) -> KeyAnswer:
    """Fetch a key set.

    Raises:
        KeysNotFetched: says why, for the partner's developer.
    """
    try:
        answer = await outgoing.fetch(jwks_uri, most_bytes=MOST_BYTES, seconds=SECONDS, accept_types=TYPES)
        if answer.status != 200:
            raise KeysNotFetched(f"jwks_uri answered {answer.status}")
        jwks = usable_keys(answer.body, most_bytes=MOST_BYTES)
    except (OutgoingError, JoseError) as error:
        raise KeysNotFetched(f"jwks_uri: {error.reason}") from error
    return KeyAnswer(jwks, fresh_seconds(answer.headers.get("cache-control", "")))
