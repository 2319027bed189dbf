"""How sheets and telephone services are refused."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class UnknownSheet(PlatformError):
    """No sheet of that id, of this person, that still counts."""

    code = "unknown_sheet"
    status = 404
    title = "There is no such sheet"


class TooManyContacts(PlatformError):
    """A person gives codes to a few people at most."""

    code = "too_many_contacts"
    status = 409
    title = "Take a contact's sheet back before making another"


class TelephoneRefused(PlatformError):
    """The token is not of a telephone service that was set up here."""

    code = "telephone_refused"
    status = 401
    title = "Show the token of a telephone service that was set up here"


class MalformedCall(PlatformError):
    """Not a report of a telephone menu."""

    code = "malformed_call"
    status = 400
    title = "The body must hold digits, as one JSON object"
