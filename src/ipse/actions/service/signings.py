"""Requests whose approval makes a signing key or signs: what a phone gets and gives beside any other request's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import msgspec

from ipse.actions import store
from ipse.actions.errors import (
    ActivationNeeded,
    LevelTooLow,
    RequestEnded,
    RequestExpired,
    RequestImpossible,
    RequestPending,
    ResultFault,
    UnknownAction,
)
from ipse.actions.model import (
    OPEN,
    Action,
    ActionState,
    Confidential,
    Method,
    Shown,
    Signature,
    SignatureApproval,
    SignatureDocument,
    Start,
)
from ipse.actions.rules import showing
from ipse.actions.service.reached import stop
from ipse.actions.service.requests import Actions, raise_ended
from ipse.fingerprints.errors import CodeNeeded
from ipse.people.model import AccountState, BlockReason
from ipse.standards.phone_channel import MessageError, sealed_kid
from ipse.standards.signature_activation import ActivationKey

if TYPE_CHECKING:
    from ipse.fraud.model import Risk
    from ipse.people.model import Account
    from ipse.phones.model import Received

Completing = Callable[[Action, str, str, Confidential], Awaitable[Confidential]]
"""Fills in what is only known when a phone claims: takes the action, the account, the phone and what was asked."""
ActivationKeys = Callable[[], Awaitable[ActivationKey | None]]
"""Gives the key of signature activation that phones seal to; None where nothing is signed."""


async def as_asked(_action: Action, _account_id: str, _phone_id: str, asked: Confidential) -> Confidential:
    """Complete nothing: an installation where nothing is signed."""
    return asked


async def no_key() -> ActivationKey | None:
    """No key: an installation where nothing is signed."""
    return None


async def completed(
    actions: Actions, completing: Completing, received: Received, account: Account, action: Action, risk: Risk
) -> Confidential:
    """What is put before the person, with what is known now that a phone has claimed.

    Raises:
        LevelTooLow: the circumstances look too strange to sign anything; the request has ended.
        RequestImpossible: of the kinds that `completing` raises; the request has ended.
    """
    asked = actions.confidential(action)
    if not action.request.signs:
        return asked
    if risk.lowered:
        await stop(actions, action, store.REFUSE_LEVEL, account.account_id)
        raise LevelTooLow
    try:
        return await completing(action, account.account_id, received.phone.phone_id, asked)
    except RequestImpossible:
        await stop(actions, action, store.REFUSE_IMPOSSIBLE, account.account_id)
        raise


async def key_for(shown: Shown, keys: ActivationKeys) -> dict[str, Any]:
    """What a phone seals its approval to, as a member of the answer that says what to show."""
    if not showing.signs(shown):
        return {}
    return {"signature_activation": msgspec.to_builtins(await keys())}


async def check_activation(shown: Shown, keys: ActivationKeys, method: object, activation: str) -> None:
    """See that an approval can be passed on to signature activation, before any try of the code is taken.

    Raises:
        CodeNeeded: approved by something else than the code.
        ActivationNeeded: nothing is sealed to signature activation, or it is to another key.
    """
    if not showing.signs(shown):
        return
    if method != Method.CODE:
        raise CodeNeeded
    key = await keys()
    try:
        named = sealed_kid(activation)
    except MessageError as error:
        raise ActivationNeeded from error
    if key is None or named != key.kid:
        raise ActivationNeeded


async def claimed_document(
    actions: Actions, received: Received, action_id: str, document: str
) -> tuple[Action, SignatureDocument]:
    """A document that we hold, of a request that this phone has claimed and its person has not decided yet.

    Raises:
        UnknownAction: no such request, or no such document in it.
        RequestExpired, RequestEnded: it is over.
    """
    row = await actions.database.row(store.BY_ID, action_id)
    action = None if row is None else store.read_action(row)
    if action is None or action.phone_id != received.phone.phone_id:
        raise UnknownAction
    view = actions.view(action)
    if view.state not in OPEN:
        raise_ended(view.state)
    shown = await actions.shown(action)
    signatures = [each for each in shown.confidential.content if isinstance(each, Signature)]
    found = [each for signature in signatures for each in signature.documents if each.document == document]
    if not document or not found:
        raise UnknownAction
    return action, found[0]


async def signature_approval(actions: Actions, action_id: str, partner_id: str) -> SignatureApproval:
    """What signature activation needs of an approval: for this partner, as often as it is asked for.

    An approval by app link counts once its own browser has come back with it.

    Raises:
        UnknownAction: no such action of this partner.
        RequestPending: the person has not decided, or their browser has not come back.
        RequestExpired, RequestEnded: nobody approved, or the identity was blocked since.
        ResultFault: withheld, or a fault of ours: nothing is signed, now or later.
    """
    view = await actions.find(action_id)
    action = view.action
    if action.partner_id != partner_id:
        raise UnknownAction
    if view.state in OPEN:
        raise RequestPending
    if view.state is ActionState.APPROVED and action.start is Start.LINK:
        raise RequestPending if action.expires_at > actions.clock.now() else RequestExpired
    if view.state not in {ActionState.APPROVED, ActionState.COLLECTED}:
        raise_ended(view.state)
    async with actions.giving(action):
        shown = await actions.shown(action)
        approval = await actions.approval(action)
        showing.check_signed(shown, approval)
        account = await actions.people.account(action.account_id or "")
        if account.why == BlockReason.DURESS:
            raise ResultFault
    if account.state is not AccountState.ACTIVE:
        raise RequestEnded
    return SignatureApproval(
        action_id=action_id,
        partner_id=partner_id,
        service_code=action.service_code,
        account_id=account.account_id,
        phone_id=action.phone_id or "",
        subject=action.subject or "",
        content=shown.confidential.content,
        shown=shown.octets,
        activation=approval.activation,
        approved_at=action.decided_at or action.created_at,
        level=showing.level_of(shown),
    )
