"""How a registration is refused, and what else can go wrong about partners."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class PartnerRegistrationError(PlatformError):
    """The registration cannot be accepted; the text names what is wrong and what would be right."""

    code = "invalid_registration"
    status = 422
    title = "The registration cannot be accepted"


class KeysNotFetched(PlatformError):
    """A partner's keys cannot be fetched from its `jwks_uri`; told to its developer, never to a caller."""

    code = "keys_not_fetched"
    status = 422
    title = "The partner's keys cannot be fetched"

    def __init__(self, reason: str) -> None:
        super().__init__(reason, public=reason)
        self.reason = reason
