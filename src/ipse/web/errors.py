"""Refusals that belong to HTTP itself, whatever the feature."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class NotFound(PlatformError):
    """Nothing lives at this address."""

    code = "not_found"
    status = 404
    title = "There is nothing at this address"


class MethodNotAllowed(PlatformError):
    """The address exists, the method does not."""

    code = "method_not_allowed"
    status = 405
    title = "This address does not answer that method"


class TooManyRequests(PlatformError):
    """The client's bucket is empty; `retry_after` says when a drop is back, in whole seconds."""

    code = "too_many_requests"
    status = 429
    title = "Too many requests from this address"

    def __init__(self, detail: str = "", *, retry_after: int) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.retry_after = retry_after


class CrossSiteForm(PlatformError):
    """A form arrived from another site, or without the value our own page put in it (S-13)."""

    code = "cross_site_form"
    status = 403
    title = "This form was not sent from our page"


class MalformedRequest(PlatformError):
    """An address that cannot mean anything: a NUL character in it."""

    code = "malformed_request"
    status = 400
    title = "The address could not be read"


class MalformedForm(PlatformError):
    """A form body that cannot be read: wrong type, too large, a field sent twice."""

    code = "malformed_form"
    status = 400
    title = "The form could not be read"


class UploadTooLarge(PlatformError):
    """A file, or all that was sent together, is larger than this installation takes."""

    code = "upload_too_large"
    status = 413
    title = "This is too large to be sent here"


class ServerError(PlatformError):
    """Anything nobody foresaw. Says nothing but its reference."""

    code = "server_error"
    status = 500
    title = "Something went wrong"
