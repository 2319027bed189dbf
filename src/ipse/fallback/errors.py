"""How a fallback method refuses."""

from __future__ import annotations

from ipse.actions.model import Action
from ipse.kernel.errors import PlatformError


class FallbackRefused(PlatformError):
    """What was given proves nobody. It never says which part was wrong."""

    code = "fallback_refused"
    status = 403
    title = "That did not work: check what you typed, or choose another way"


class TooManyTries(PlatformError):
    """Too many wrong ones for this method; another way may still do."""

    code = "fallback_tries"
    status = 429
    title = "Too many tries; wait a quarter of an hour, or choose another way"


class MalformedFallback(PlatformError):
    """A message or form about fallback methods is not of the form described."""

    code = "malformed_fallback"
    status = 400
    title = "This is not of the form described"


class CardRefused(PlatformError):
    """The card, or what it signed, was not accepted; `why` says what to do."""

    code = "card_refused"
    status = 403
    title = "The card was not accepted"

    def __init__(self, why: str) -> None:
        super().__init__(why, why=why)
        self.why = why


class PasskeyRefused(PlatformError):
    """What a browser gave is no passkey of ours. It never says which part was wrong."""

    code = "passkey_refused"
    status = 403
    title = "This passkey was not accepted"


class InvitationOver(PlatformError):
    """The one-time address for making a passkey was used, is too old, or never was one."""

    code = "passkey_invitation_over"
    status = 410
    title = "This address has been used or is too old; ask for a new one in the app"


class BankRefused(PlatformError):
    """The bank named nobody whose identity is active here, or could not be asked."""

    code = "bank_refused"
    status = 403
    title = "The bank did not confirm an identity that is active here"

    def __init__(self, detail: str = "", *, action: Action | None = None) -> None:
        super().__init__(detail)
        self.action = action
