"""How a message of a phone that lives is taken: signed, or sealed with the code."""

from __future__ import annotations

from ipse.actions.service import Messages
from ipse.actions.service.messages import Handler
from ipse.phones.model import Answer
from ipse.standards.phone_channel import OpenedMessage


async def signed(messages: Messages, body: str, expected_type: str, handler: Handler) -> Answer:
    """Take a signed message; raises as `Messages.exchange`."""
    return await messages.exchange(messages.phones.read(body), expected_type, handler)


async def sealed(messages: Messages, opened: OpenedMessage, expected_type: str, handler: Handler) -> Answer:
    """Take a sealed message, with the code key and the other slot that it names; raises as `Messages.exchange`."""
    named = opened.message.unverified_payload().get("code_key_id")
    code_key_id = named if isinstance(named, str) else ""
    spare_id = opened.proof.other_than(code_key_id)
    return await messages.exchange(opened.message, expected_type, handler, code_key_id=code_key_id, spare_id=spare_id)
