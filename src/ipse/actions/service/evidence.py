"""What a person whose evidence has ended can still do: log in, at level `low`, telling nothing and signing nothing.

Evidence is a registrar's word or a document: it ends, and is renewed in the app. Meanwhile the subjects stay.
"""

from __future__ import annotations

from ipse.actions import store
from ipse.actions.errors import EvidenceExpired
from ipse.actions.model import Action
from ipse.actions.rules import showing
from ipse.actions.service.reached import stop
from ipse.actions.service.requests import Actions
from ipse.attributes.model import ATTRIBUTES
from ipse.people.model import Account


async def check_evidence(actions: Actions, action: Action, account: Account) -> None:
    """End a request that needs attributes, or a level, which ended evidence no longer gives.

    Raises:
        EvidenceExpired: it was ended; the partner is told as of a level that is not reached.
    """
    now, asked = actions.clock.now(), action.request
    if not account.evidence_expired(now):
        return
    demands = [each.name for each in asked.attributes if each.required and not ATTRIBUTES[each.name].circumstance]
    if not demands and not asked.signs and (not asked.level_essential or showing.reaches("low", asked.level)):
        return
    await stop(actions, action, store.REFUSE_LEVEL, account.account_id)
    raise EvidenceExpired


def askable(actions: Actions, action: Action, account: Account) -> list[str]:
    """The attributes of a request that this person's evidence may answer now."""
    withheld = account.evidence_expired(actions.clock.now())
    names = [attribute.name for attribute in action.request.attributes]
    return [name for name in names if not withheld or ATTRIBUTES[name].circumstance]
