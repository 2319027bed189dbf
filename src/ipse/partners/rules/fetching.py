"""How long a fetched key set counts (partner protocol 1.2), and what of it is used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ipse.standards.jose import JoseError, public_key
from ipse.standards.strict_json import JsonError, parse_object

FRESH_SECONDS: Final = range(1_800, 86_401)
"""From 30 minutes to 24 hours, whatever `Cache-Control: max-age` says; the shortest if it says nothing."""
ASK_SECONDS: Final = 60
"""An unknown `kid` and a failing address are asked again at most this often, over all requests."""
LAST_GOOD_SECONDS: Final = 7 * 86_400
"""How long the last good set counts while its address fails."""
MOST_KEYS: Final = 50
_MAX_AGE: Final = re.compile(r'(?:.*[,\s])?max-age\s*=\s*"?(\d{1,10})"?(?:[,\s;].*)?', re.IGNORECASE)
_STRANGE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


def fresh_seconds(cache_control: str) -> int:
    """For how long an answer with this `Cache-Control` counts."""
    found = _MAX_AGE.fullmatch(cache_control)
    age = int(found[1]) if found else FRESH_SECONDS.start
    return min(max(age, FRESH_SECONDS.start), FRESH_SECONDS.stop - 1)


def usable_keys(body: bytes, *, most_bytes: int) -> dict[str, Any]:
    """The key set in an answer: keys of kinds we do not know, or without a `kid`, are left out.

    Raises:
        JoseError: no JSON, no key set, a private key in it, two keys of one `kid`, or no key that can be used.
    """
    try:
        document = parse_object(body, max_bytes=most_bytes)
    except JsonError as error:
        raise JoseError("the key set is not a JSON object") from error
    found = document.get("keys")
    if not isinstance(found, list) or len(found) > MOST_KEYS:
        raise JoseError(f"not a key set of at most {MOST_KEYS} keys")
    keys = [jwk for jwk in found if isinstance(jwk, dict)]
    if any(_STRANGE & jwk.keys() for jwk in keys):
        raise JoseError("the key set publishes a private or symmetric key")
    usable = [jwk for jwk in keys if _is_usable(jwk)]
    if len({jwk["kid"] for jwk in usable}) != len(usable):
        raise JoseError("two keys share one kid")
    if not usable:
        raise JoseError("no key in the set can be used")
    return {"keys": usable}


def _is_usable(jwk: Mapping[str, Any]) -> bool:
    if not isinstance(jwk.get("kid"), str) or not jwk["kid"]:
        return False
    try:
        public_key(jwk)
    except (JoseError, TypeError, ValueError):
        return False
    return True
