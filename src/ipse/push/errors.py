"""How a subscription is refused."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class BadSubscription(PlatformError):
    """Nothing can be sent there, or the push service is none that the operator has allowed."""

    code = "bad_subscription"
    status = 422
    title = "Nothing can be pushed to this subscription"
