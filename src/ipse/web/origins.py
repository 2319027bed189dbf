"""Where a form came from (S-13)."""

from __future__ import annotations

from starlette.types import Scope

from ipse.web.errors import CrossSiteForm


def check_same_origin(scope: Scope, origin: str) -> None:
    """Refuse a state change that another site's page sent.

    Browsers that send `Sec-Fetch-Site` must say `same-origin`. `Origin` must be ours, or `null`, which is what
    `Referrer-Policy: no-referrer` makes of it on our own forms (Fetch, "append a request Origin header"). A browser
    that sends neither is old: for it the hidden form token (`forms`) decides, as it does for all.

    Raises:
        CrossSiteForm: the request names another site as its source.
    """
    for name, value in scope["headers"]:
        if name == b"sec-fetch-site" and value != b"same-origin":
            raise CrossSiteForm("Sec-Fetch-Site: " + value.decode("latin-1"))
        if name == b"origin" and value not in {b"null", origin.encode()}:
            raise CrossSiteForm("another Origin")
