"""Opening documents that we hold before they are signed: a signed message gives a token, the token the bytes.

So no file lies in a recorded answer, and the address of a document says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ipse.actions.errors import UnknownAction
from ipse.actions.service import Messages
from ipse.actions.service.signings import claimed_document
from ipse.kernel.clock import SECOND, seconds
from ipse.mobile import rules
from ipse.mobile.errors import UnknownDocument
from ipse.mobile.rules import PaperToken
from ipse.mobile.service.exchanges import signed
from ipse.mobile.service.mobile import Mobile
from ipse.phones.model import Answer, Received
from ipse.signing.model import Paper
from ipse.signing.ports import Papers

TOKEN_SECONDS: Final = 300


@dataclass(frozen=True)
class PaperMessages:
    """Use cases of a phone with documents; `doors` are those that hold any, by their name in `protocol`."""

    mobile: Mobile
    doors: Mapping[str, Papers]

    async def open(self, body: str) -> Answer:
        """What a document is, and a token for its bytes."""

        async def handler(received: Received) -> Answer:
            members, actions = received.message.members, self.mobile.approvals.actions
            await self.mobile.approvals.active(received)
            document = rules.text(members, "document")
            try:
                action, _ = await claimed_document(actions, received, rules.text(members, "action"), document)
            except UnknownAction as error:
                raise UnknownDocument from error
            door = str(action.request.protocol.get("door", ""))
            paper = await self._paper(door, action.action_id, document)
            # The request may live on for a while, but a document is not open for longer than it.
            expires_at = min(action.expires_at, actions.clock.now() + TOKEN_SECONDS * SECOND)
            token = PaperToken(door, action.action_id, document, seconds(expires_at))
            answer = {
                "document": document,
                "media_type": paper.media_type,
                "size": len(paper.octets),
                "pages": paper.pages,
                "token": rules.build_paper_token(self._key, token),
                "expires_in": token.expires_at - seconds(actions.clock.now()),
            }
            return await self._accepted(self.mobile.messages, received, answer)

        return await signed(self.mobile.messages, body, "document", handler)

    async def file(self, token: str) -> Paper:
        """A document as it is.

        Raises:
            DocumentTokenRefused: the token is not good (any more).
            UnknownDocument: it is gone.
        """
        read = rules.read_paper_token(self._key, token, now=self.mobile.clock.now())
        return await self._paper(read.door, read.action_id, read.document)

    async def page(self, token: str, number: int) -> bytes:
        """A page as a picture. Raises as `file`."""
        read = rules.read_paper_token(self._key, token, now=self.mobile.clock.now())
        door = self.doors.get(read.door)
        picture = None if door is None else await door.page(read.action_id, read.document, number)
        if picture is None:
            raise UnknownDocument
        return picture

    async def _paper(self, name: str, action_id: str, document: str) -> Paper:
        door = self.doors.get(name)
        paper = None if door is None else await door.paper(action_id, document)
        if paper is None:
            raise UnknownDocument
        return paper

    @staticmethod
    async def _accepted(messages: Messages, received: Received, answer: dict[str, object]) -> Answer:
        """Accepted with the challenge that the request was shown with: looking into it decides nothing."""
        return await messages.accept(received, answer, challenge=received.phone.challenge)

    @property
    def _key(self) -> bytes:
        return self.mobile.keystore.working_key("phone")
