"""Addresses of renewals."""

from __future__ import annotations

from ipse.mobile.http.channel import Body
from ipse.mobile.service import Mobile
from ipse.mobile.service.renewals import Renewing


def renewal_operations(mobile: Mobile) -> dict[str, Body]:
    """The messages of a renewal, by path."""
    renewing = Renewing(mobile.database, mobile.people, mobile.phones, mobile.messages, mobile.enrolments, mobile.clock)
    return {
        "/renewals": lambda body, _request: renewing.renew(body),
        "/renewals/return": lambda body, _request: renewing.renewal_return(body),
    }
