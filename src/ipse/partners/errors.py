"""How a registration is refused, and what else can go wrong about partners."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class PartnerRegistrationError(PlatformError):
    """The registration cannot be accepted; the text names what is wrong and what would be right.

    The field `field`, where there is one, is the member of `Partner` or `Service` that the text is about.
    """

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


class LogTokenRefused(PlatformError):
    """The request log was asked without an access token of the partner, or with one that is not good here."""

    code = "invalid_token"
    status = 401
    title = "An access token of the partner itself is needed"


class LogTokenScope(PlatformError):
    """The access token was not issued for reading the request log."""

    code = "insufficient_scope"
    status = 403
    title = "The access token does not have the scope partner.log"


class LogQueryMalformed(PlatformError):
    """The request log was asked with a parameter that it does not have, or cannot read."""

    code = "invalid_request"
    status = 400
    title = "The log takes since and limit, each once"
