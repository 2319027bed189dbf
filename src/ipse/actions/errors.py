"""How a request refuses (device protocol §6 names the codes a phone meets)."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class UnknownAction(PlatformError):
    """No such request, or not this phone's or browser's."""

    code = "unknown_request"
    status = 404
    title = "There is no such request"


class StartedElsewhere(PlatformError):
    """The browser is not the one that began."""

    code = "started_elsewhere"
    status = 403
    title = "This was started on another device"


class RequestExpired(PlatformError):
    """Nobody decided in time."""

    code = "request_expired"
    status = 410
    title = "The time for this request is over"


class RequestEnded(PlatformError):
    """Cancelled, rejected, finished or revoked."""

    code = "request_ended"
    status = 410
    title = "This request has ended"


class RequestTaken(PlatformError):
    """One phone claims a request, once."""

    code = "request_taken"
    status = 409
    title = "Another phone has taken this request"


class StaleFrame(PlatformError):
    """A frame lives a few seconds."""

    code = "stale_frame"
    status = 410
    title = "This QR code is too old; scan the one on the screen now"


class UnknownStart(PlatformError):
    """No frame, link or ticket of ours."""

    code = "unknown_start"
    status = 404
    title = "This does not start any request; scan again"


class DigitsNeeded(PlatformError):
    """The ticket asks for digits."""

    code = "digits_needed"
    status = 409
    title = "Type the two digits shown where this was started"


class WrongDigits(PlatformError):
    """Ends the request."""

    code = "wrong_digits"
    status = 403
    title = "Those are not the digits shown where this was started; the request was ended"


class WrongChallenge(PlatformError):
    """Not the challenge of what was shown last."""

    code = "wrong_challenge"
    status = 409
    title = "Show the request again before deciding"


class WrongCode(PlatformError):
    """Counted; `tries_left` says how many remain."""

    code = "wrong_code"
    status = 403
    title = "That is not the code"


class AttemptLost(PlatformError):
    """Taken, never judged."""

    code = "attempt_lost"
    status = 409
    title = "The try could not be judged and counts as wrong; try again"


class WrongShown(PlatformError):
    """The phone signed something else."""

    code = "wrong_shown"
    status = 409
    title = "The digest is not of what was shown"


class WrongShared(PlatformError):
    """A required one is missing or an unknown one added."""

    code = "wrong_shared"
    status = 409
    title = "The chosen attributes do not fit the request"


class UnknownCode(PlatformError):
    """Nothing to redeem."""

    code = "invalid_grant"
    status = 400
    title = "The code is unknown, expired or not for this partner"


class CodeUsed(PlatformError):
    """A second redemption."""

    code = "invalid_grant"
    status = 400
    title = "The code was used before; its access token is revoked"


class UnknownToken(PlatformError):
    """Nothing to read."""

    code = "invalid_token"
    status = 401
    title = "The access token is unknown, expired or revoked"


class SignedOtherwise(PlatformError):
    """The record of a confirmation was changed after the phone signed it; it is worth nothing."""

    code = "server_error"
    status = 500
    title = "Something went wrong on our side"


class ResultFault(PlatformError):
    """Something failed on our side after the approval. Nothing is given out, now or later: ask the person again."""

    code = "server_error"
    status = 500
    title = "Something went wrong on our side"


class RequestPending(PlatformError):
    """Asked for its result while the person has not decided."""

    code = "authorization_pending"
    status = 400
    title = "The person has not decided yet"


class LevelTooLow(PlatformError):
    """Ends the request: the partner demands a level that this identity or phone does not reach."""

    code = "level_too_low"
    status = 403
    title = "This identity does not reach the level that is asked for"


class EvidenceExpired(PlatformError):
    """Ends the request: it needs attributes or a level, and the person's evidence must be renewed first."""

    code = "evidence_expired"
    status = 403
    title = "The proof of this identity has run out; renew it in the app"


class RequestImpossible(PlatformError):
    """Ends the request: it cannot be put before this person. Its kinds say why."""

    code = "request_impossible"
    status = 409
    title = "This cannot be asked of this person"


class ActivationNeeded(PlatformError):
    """What is signed must be approved for signature activation, too, sealed to the key that came with the request."""

    code = "activation_needed"
    status = 409
    title = "This request signs something: the approval must be sealed to signature activation, too"


class FallbackNotAllowed(PlatformError):
    """The service, or this request, demands the phone."""

    code = "fallback_not_allowed"
    status = 403
    title = "This request cannot be approved without the phone"


class CallRunning(PlatformError):
    """The service's policy: no approval while a call is running. The request waits on, with a new challenge."""

    code = "call_running"
    status = 409
    title = "Hang up first, then approve"


class RiskTooHigh(PlatformError):
    """Ends the request: what is known of it looks like somebody else's doing."""

    code = "risk_too_high"
    status = 403
    title = "This request was ended because it looks like a scam"
