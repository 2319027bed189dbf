"""How this feature refuses."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class SimNotReadyError(PlatformError):
    """The operator does not answer for this SIM yet: only signing in works, at most at level substantial."""

    code = "sim_not_ready"
    status = 403
    title = "Your SIM card is not ready for this yet; signing in works meanwhile"


class UnknownOperatorError(PlatformError):
    """No mobile operator of that id."""

    code = "unknown_operator"
    status = 404
    title = "There is no mobile operator of that id"


class OperatorExistsError(PlatformError):
    """A mobile operator of that id is there already."""

    code = "operator_exists"
    status = 409
    title = "There is a mobile operator of that id already"


class OperatorRefusedError(PlatformError):
    """What is said of a mobile operator cannot be used; the text says what and how to mend it."""

    code = "operator_refused"
    status = 422
    title = "This mobile operator cannot be registered like this"


class UnknownProofError(PlatformError):
    """Nobody proves a number here, or not any more."""

    code = "unknown_proof"
    status = 404
    title = "This page belongs to no activation that goes on; begin again in the app"


class NoSubscriptionError(PlatformError):
    """An operator reports to a subscription that we do not keep: it may drop it."""

    code = "no_subscription"
    status = 410
    title = "We keep no such subscription"
