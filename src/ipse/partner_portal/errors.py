"""How the portal says no."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class FormRefused(PlatformError):
    """Something that was typed or brought cannot be taken.

    `field` is where it stands, `why` a word of the catalogue (`problem.<why>`) with its `words`; without one, `public`
    is the sentence of the partners' rules.
    """

    code = "form_refused"
    status = 422
    title = "Something in this form cannot be taken as it is"

    def __init__(self, field: str, why: str = "", *, public: str = "", **words: str) -> None:
        super().__init__(f"{field}: {why or 'rule'}", public=public, field=field)
        self.field = field
        self.why = why
        self.words = words
        self.others: tuple[FormRefused, ...] = ()
        """What else is wrong in the same field."""


class PrivateKeyBrought(FormRefused):
    """Somebody has sent a private key: it must count as known to others from now on."""

    code = "private_key_brought"
    title = "This holds a private key; treat it as leaked and make a new one"

    def __init__(self) -> None:
        super().__init__("keys", "private_key")


class UnknownService(PlatformError):
    """No service of this organisation has that code."""

    code = "unknown_service"
    status = 404
    title = "Your organisation has no service with this code"


class NotReady(PlatformError):
    """What was asked needs something that is not there yet: `what` says what."""

    code = "not_ready"
    status = 409
    title = "Something must be done first"

    def __init__(self, what: str) -> None:
        super().__init__(what, what=what)
        self.what = what


class SandboxOnly(PlatformError):
    """Simulated phones exist in a sandbox only."""

    code = "sandbox_only"
    status = 404
    title = "This exists in a sandbox only"


class PhoneFailed(PlatformError):
    """The simulated phone could not do its part; the text says why."""

    code = "phone_failed"
    status = 502
    title = "The simulated phone did not answer"


class ApiTokenRefused(PlatformError):
    """The API was asked without a management key or access token, or with one that is not good here."""

    code = "invalid_token"
    status = 401
    title = "A management key of the portal, or an access token with the scope partner.manage, is needed"


class ApiBodyRefused(PlatformError):
    """The body is not the JSON that this operation takes."""

    code = "invalid_body"
    status = 422
    title = "The body is not what this operation takes"
