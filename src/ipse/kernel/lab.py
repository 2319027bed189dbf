"""Switches of a lab: what outside judges need to drive an installation, and what no other installation may have (C-9).

They exist only together with `environment = "lab"`, which runs on loopback alone. Each is off unless it is written.
"""

from __future__ import annotations

import msgspec


class Lab(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The `[lab]` table. Production and sandbox refuse it."""

    default_services: dict[str, str] = {}
    """By client id: the service of a request whose scope names none. Suites ask for OpenID's own scopes only."""
    basic_clients: tuple[str, ...] = ()
    """Clients that may send their secret in the `Authorization` header (`client_secret_basic`)."""
    plain_pages: bool = False
    """The sign-in page is plain HTML that reloads itself, whatever the browser can do."""
    any_display: bool = False
    """Other values of `display` than `page` are taken as `page`."""
    browser_session: bool = False
    """A browser that came back approved is remembered: `prompt=none`, and `max_age` as long as it lasts, then show no
    page. The phone is asked all the same, and approves or not."""
    open_requests: bool = False
    """`GET /lab/requests` lists the requests that wait for a phone, with their links: for a phone that answers by
    itself."""
    requests_per_person: int | None = None
    """How many addressed requests may reach one person in ten minutes, instead of three."""
    outgoing_authorities: str | None = None
    """PEM file of authorities that outgoing calls to partners trust besides the usual ones."""
