"""Which part of a dossier answers a request (OpenID Connect for Identity Assurance 1.0).

A request has the shape of the answer: `null` asks for the whole, an object for its members, `value`, `values` and
`max_age` (seconds) set conditions, a list is a choice of filters. A condition that fails inside `verification` takes
the whole `verified_claims` away; inside `claims` only that claim.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ipse.kernel.clock import SECOND

_CONDITIONS = {"value", "values", "max_age", "essential"}


class BadClaimsRequestError(Exception):
    """The request cannot mean anything: `invalid_request`."""


class _UnmetError(Exception):
    """A condition of the request is not fulfilled."""


def check(request: object) -> None:
    """Refuse a `verified_claims` request that is not one.

    Raises:
        BadClaimsRequestError: no `trust_framework`, no claims, or another shape.
    """
    for one in request if isinstance(request, list) and request else [request]:
        if not isinstance(one, dict) or not isinstance(one.get("verification"), dict):
            raise BadClaimsRequestError("verified_claims needs a verification object")
        if "trust_framework" not in one["verification"]:
            raise BadClaimsRequestError("verified_claims.verification needs trust_framework")
        if not isinstance(one.get("claims"), dict) or not one["claims"]:
            raise BadClaimsRequestError("verified_claims.claims must name at least one claim")
        for evidence in _entries(one["verification"].get("evidence")):
            if not isinstance(evidence, dict) or not isinstance(evidence.get("type"), dict):
                raise BadClaimsRequestError("every evidence entry names its type by value")


def answer(request: object, *, verification: Mapping[str, Any], claims: Mapping[str, Any], now: int) -> object | None:
    """The `verified_claims` to send, an object or a list as asked; None if nothing of it can be said."""
    if isinstance(request, list):
        answers = [one for one in (_one(each, verification, claims, now) for each in request) if one is not None]
        return answers or None
    return _one(request, verification, claims, now) if isinstance(request, dict) else None


def plain(request: Mapping[str, Any], claims: Mapping[str, Any], now: int) -> dict[str, Any]:
    """The claims asked for by name, each left out when a condition on it fails."""
    chosen = {}
    for name, wanted in request.items():
        if name in claims:
            try:
                chosen[name] = _select(wanted, claims[name], now)
            except _UnmetError:
                continue
    return chosen


def _one(
    request: Mapping[str, Any], verification: Mapping[str, Any], claims: Mapping[str, Any], now: int
) -> dict[str, Any] | None:
    try:
        how = _select(request["verification"], verification, now)
    except _UnmetError:
        return None
    what = plain(request["claims"], claims, now)
    return {"verification": how, "claims": what} if what else None


def _select(wanted: object, available: object, now: int) -> object:
    if wanted is None:
        return available
    if isinstance(wanted, list):
        return _filter(wanted, available, now)
    if not isinstance(wanted, dict):
        raise _UnmetError
    if wanted.keys() <= _CONDITIONS:
        _judge(wanted, available, now)
        return available
    if not isinstance(available, Mapping):
        raise _UnmetError
    return {name: _select(wanted[name], available[name], now) for name in wanted if name in available}


def _filter(wanted: Sequence[Any], available: object, now: int) -> list[object]:
    """Every available element, as seen through the first filter that it passes."""
    chosen = []
    for element in _entries(available):
        for each in wanted:
            try:
                chosen.append(_select(each, element, now))
                break
            except _UnmetError:
                continue
    if not chosen:
        raise _UnmetError
    return chosen


def _judge(condition: Mapping[str, Any], available: object, now: int) -> None:
    if "value" in condition and available != condition["value"]:
        raise _UnmetError
    if "values" in condition and available not in _entries(condition["values"]):
        raise _UnmetError
    if "max_age" in condition:
        try:
            age = now / SECOND - datetime.fromisoformat(str(available)).timestamp()
        except ValueError as error:
            raise _UnmetError from error
        if age > float(condition["max_age"]):
            raise _UnmetError


def _entries(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
