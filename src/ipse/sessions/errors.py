"""How sessions refuse."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class NotSignedIn(PlatformError):
    """The page is for people who have signed in; this browser's session is missing, over, or of a blocked identity."""

    code = "not_signed_in"
    status = 401
    title = "Sign in first"


class SignInOver(PlatformError):
    """The way back from signing in was used before, is too old, or belongs to another browser."""

    code = "sign_in_over"
    status = 410
    title = "This sign-in is over; sign in again"
