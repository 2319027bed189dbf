"""What may be pushed (RFC 9126 §2.1), and the address a pushed request is given (§2.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ipse.oidc.errors import InvalidRequest
from ipse.oidc.rules.running import run_checks

URN: Final = "urn:ietf:params:oauth:request_uri:"
"""Every address of a pushed request begins so."""
_PROOF: Final = frozenset({"client_secret", "client_assertion", "client_assertion_type"})
"""How the partner proves itself: no part of the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushedForm:
    """The body of a pushed request, from a partner that has proven itself."""

    form: Mapping[str, str]
    partner_id: str


def check_no_request_uri(pushed: PushedForm) -> None:
    """A pushed request is not a reference to another (RFC 9126 §2.1, R-30)."""
    if "request_uri" in pushed.form:
        raise InvalidRequest("request_uri cannot be pushed")


def check_same_client(pushed: PushedForm) -> None:
    """The request is of the partner that sends it."""
    if pushed.form.get("client_id", pushed.partner_id) != pushed.partner_id:
        raise InvalidRequest("client_id is not of the partner that has proven itself")


PUSHED_CHECKS: Final[tuple[Callable[[PushedForm], None], ...]] = (check_no_request_uri, check_same_client)


def check_pushed_form(form: Mapping[str, str], partner_id: str) -> dict[str, str]:
    """Run `PUSHED_CHECKS` and return the parameters of the request.

    Raises:
        InvalidRequest: the first that fails.
    """
    run_checks(PUSHED_CHECKS, PushedForm(form=form, partner_id=partner_id))
    return {"client_id": partner_id} | {name: value for name, value in form.items() if name not in _PROOF}


def is_pushed(request_uri: str) -> bool:
    """Whether an address is one that this endpoint gives, known or not."""
    return request_uri.startswith(URN)
