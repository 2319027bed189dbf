"""The row of a request that begins: what its front door gave, and what we add to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from ipse.actions.model import SIGNING_CONTENT, Action, ActionState, Confidential, NewAction, Request
from ipse.actions.rules import starts
from ipse.kernel.clock import SECOND
from ipse.kernel.sealing import seal

if TYPE_CHECKING:
    from ipse.actions.service.requests import Actions

TABLE: Final = "actions_actions"


def begun(actions: Actions, new: NewAction, *, now: int) -> Action:
    """A new action as its row will say, not written yet."""
    lifetimes = actions.lifetimes
    action_id = actions.ids.identifier()
    return Action(
        action_id=action_id,
        handle=actions.ids.identifier(),
        frame_id=actions.ids.identifier(),
        state=ActionState.WAITING,
        why=None,
        kind=new.kind,
        partner_id=new.partner_id,
        service_code=new.service_code,
        request=_for_somebody(actions, new, action_id),
        # Where no browser takes part, none will ever be the one that began.
        browser_hash=new.browser_hash or actions.ids.octets(32),
        start=None,
        account_id=None,
        phone_id=None,
        subject=None,
        shown_digest=None,
        sealed_shown=None,
        sealed_approval=None,
        created_at=now,
        expires_at=now + (lifetimes.action if new.seconds is None else new.seconds) * SECOND,
        claimed_at=None,
        decided_at=None,
        sealed_content=_sealed_content(actions, new, action_id),
        token_seconds=lifetimes.access_token if new.token_seconds is None else new.token_seconds,
    )


def _for_somebody(actions: Actions, new: NewAction, action_id: str) -> Request:
    """The request; one for a single person says whom, so that nobody else finds out whether it has reached them.

    A hint that names nobody is for nobody.
    """
    request = new.request
    if any(isinstance(each, SIGNING_CONTENT) for each in new.content):
        request = msgspec.structs.replace(request, signs=True)
    if new.address:
        request = msgspec.structs.replace(request, origin=actions.fraud.origin(new.address))
    whose = new.account_id or new.meant_for
    if whose is None and not request.match:
        return request
    meant = starts.meant(actions.keystore.working_key("start"), action_id, whose or actions.ids.identifier())
    return msgspec.structs.replace(request, scanned=new.scanned, meant=meant)


def columns(actions: Actions, new: NewAction, action: Action, account_id: str | None) -> tuple[object, ...]:
    """The values of a new row."""
    return (
        action.action_id, action.handle, action.frame_id, action.kind, action.partner_id, action.service_code,
        msgspec.json.encode(action.request).decode(), action.browser_hash, action.created_at, action.expires_at,
        actions.lifetimes.code if new.code_seconds is None else new.code_seconds, action.token_seconds,
        action.sealed_content, account_id, action.created_at if account_id else None,
    )  # fmt: skip


def _sealed_content(actions: Actions, new: NewAction, action_id: str) -> bytes | None:
    if not new.content and not new.private:
        return None
    octets = msgspec.json.encode(Confidential(new.content, new.content_digest, new.private))
    key = actions.keystore.working_key("request")
    return seal(key, octets, table=TABLE, row=action_id, column="sealed_content")
