"""What a lab changes in a request before the scheme sees it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from ipse.kernel.clock import SECOND
from ipse.kernel.lab import Lab

Pairs = Sequence[tuple[str, str]]
_INDIRECT: Final = frozenset({"request", "request_uri"})
_ASKING: Final = frozenset({"login", "consent", "select_account"})


def served(pairs: Pairs, lab: Lab) -> list[tuple[str, str]]:
    """A request with the service of its client where its scope names none, and a `display` that there is.

    Requests that come as an object or by reference stay as they are: what counts in them is signed or kept elsewhere.
    """
    given = dict(pairs)
    if not _INDIRECT.isdisjoint(given):
        return list(pairs)
    service = lab.default_services.get(given.get("client_id", ""))
    changed = []
    for name, value in pairs:
        if name == "display" and lab.any_display:
            continue
        if name == "scope" and service is not None and "service:" not in value:
            changed.append((name, f"{value} service:{service}"))
        else:
            changed.append((name, value))
    return changed


def continues(pairs: Pairs, authenticated_at: int | None, now: int) -> bool:
    """Whether a remembered browser is not shown a page (OpenID Connect Core §3.1.2.1). Times in microseconds.

    That is so for `prompt=none`, and for a `max_age` that the login still meets, unless the person is to be asked.
    """
    given = dict(pairs)
    prompts = set(given.get("prompt", "").split())
    if authenticated_at is None or not _ASKING.isdisjoint(prompts):
        return False
    age = given.get("max_age")
    if age is None:
        return "none" in prompts
    return age.isdigit() and now - authenticated_at <= int(age) * SECOND


def silent(pairs: Pairs) -> list[tuple[str, str]]:
    """The request without what asks for no page: the scheme always has one."""
    return [(name, value) for name, value in pairs if name not in {"prompt", "max_age"}]


def in_the_body(body: str, client: tuple[str, str], basic_clients: Collection[str]) -> list[tuple[str, str]] | None:
    """What to add to a form whose client sent its secret in a header; None where it may not, or also did otherwise."""
    client_id, secret = client
    if client_id not in basic_clients or "client_secret=" in body or "client_assertion=" in body:
        return None
    known = [] if "client_id=" in body else [("client_id", client_id)]
    return [*known, ("client_secret", secret)]


def metadata(lab: Lab, advertised: Mapping[str, object]) -> dict[str, object]:
    """The members of the discovery document that say something else in a lab."""
    changed: dict[str, object] = {}
    methods = advertised.get("token_endpoint_auth_methods_supported")
    if lab.basic_clients and isinstance(methods, list):
        changed["token_endpoint_auth_methods_supported"] = [*methods, "client_secret_basic"]
    if lab.any_display:
        changed["display_values_supported"] = ["page", "popup", "touch", "wap"]
    return changed
