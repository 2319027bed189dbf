"""Actions: requests that wait for a person's approval. One row from the partner's request to the partner's token.

A front door begins an action; the sign-in page shows its start; a phone claims it, is told what to show, and decides
with the code; the waiting browser collects a single-use code; the partner redeems it and reads the approved values.
Login, identification and everything later go through here: one door, one lock. Start with `model`, then `service`.
"""

from ipse.actions.errors import (
    CodeUsed,
    DigitsNeeded,
    RequestEnded,
    RequestExpired,
    RequestTaken,
    StaleFrame,
    StartedElsewhere,
    UnknownAction,
    UnknownCode,
    UnknownStart,
    WrongChallenge,
    WrongCode,
    WrongDigits,
    WrongShared,
    WrongShown,
)
from ipse.actions.model import (
    Action,
    ActionState,
    ActionView,
    AskedAttribute,
    Collected,
    Granted,
    NewAction,
    Redeemed,
    Request,
    Start,
)

__all__ = [
    "Action",
    "ActionState",
    "ActionView",
    "AskedAttribute",
    "CodeUsed",
    "Collected",
    "DigitsNeeded",
    "Granted",
    "NewAction",
    "Redeemed",
    "Request",
    "RequestEnded",
    "RequestExpired",
    "RequestTaken",
    "StaleFrame",
    "Start",
    "StartedElsewhere",
    "UnknownAction",
    "UnknownCode",
    "UnknownStart",
    "WrongChallenge",
    "WrongCode",
    "WrongDigits",
    "WrongShared",
    "WrongShown",
]
