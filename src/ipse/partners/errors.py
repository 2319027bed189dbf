"""How a registration is refused."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class PartnerRegistrationError(PlatformError):
    """The registration cannot be accepted; the text names what is wrong and what would be right."""

    code = "invalid_registration"
    status = 422
    title = "The registration cannot be accepted"
