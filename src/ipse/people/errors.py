"""How an account refuses."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class UnknownAccountError(PlatformError):
    """No such account."""

    code = "unknown_account"
    status = 404
    title = "There is no such account"


class AccountBlockedError(PlatformError):
    """The identity is blocked; `why` says how it came to that."""

    code = "account_blocked"
    status = 403
    title = "This identity is blocked; activate it again through a registrar"


class AccountPendingError(PlatformError):
    """The identity is not complete; `why` says what is missing."""

    code = "account_pending"
    status = 403
    title = "This identity is not complete yet"
