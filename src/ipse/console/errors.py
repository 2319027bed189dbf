"""How the console refuses."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class NothingFound(PlatformError):
    """Nothing here has this number, id or reference."""

    code = "console_nothing_found"
    status = 404
    title = "Nothing was found"


class NotProven(PlatformError):
    """What is shown of a person needs proof that they are on the line, or a second person's decision."""

    code = "console_not_proven"
    status = 403
    title = "The person has not proven yet that they are on the line"


class CallRefused(PlatformError):
    """A code that does not fit, too many tries, or a proof that this identity cannot give; says which."""

    code = "console_call_refused"
    status = 409
    title = "This does not prove that the person is on the line"


class ViewOver(PlatformError):
    """Nobody has allowed this member to look at this person's data, or not any more."""

    code = "console_view_over"
    status = 403
    title = "Looking at a person's data needs a second person"
