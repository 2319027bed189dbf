"""What a request demands of the SIM of the phone that claims it."""

from __future__ import annotations

from dataclasses import replace

from ipse.actions.model import Action
from ipse.people.errors import AccountBlockedError
from ipse.people.model import BlockReason
from ipse.phones.model import Received
from ipse.sim.service.watches import Watches


async def with_sim(watches: Watches, received: Received, action: Action) -> Received:
    """Judge the SIM before anything is shown: by what is stored, or by its operator where that is old.

    Raises:
        SimNotReadyError: the phone has reduced functions, and this needs more.
        AccountBlockedError: the SIM was changed; the identity is stopped.
    """
    asked = action.request.assurance
    kind = "signing" if action.request.signs else action.kind
    phone = await watches.admit(received.account_id, received.phone, kind=kind, assurance=asked)
    if phone is None:
        raise AccountBlockedError(why=BlockReason.SIM_CHANGED)
    return replace(received, phone=phone)
