"""Judging: a file goes to a worker and its verdict comes back; both are forgotten with the answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from ipse.documents.errors import DocumentTakesTooLong, DocumentTooLarge, DocumentUnreadable
from ipse.documents.model import Ask
from ipse.documents.service import Documents
from ipse.documents.validation.model import Anchors, Question, Reason, Validation, Verdict, Why
from ipse.kernel.clock import Clock
from ipse.kernel.ids import sha256
from ipse.kernel.settings.parts import Papers
from ipse.validation.errors import FileTooLarge, NoFile

_MOST_NAME: Final = 200


@dataclass(frozen=True)
class Brought:
    """A file, and for a signature that stands beside it, what it is over."""

    name: str
    content: bytes
    detached: bytes | None = None
    detached_name: str = ""


@dataclass(frozen=True)
class Validations:
    """Judges files for anybody."""

    documents: Documents
    anchors: Anchors
    ask: Ask
    clock: Clock
    papers: Papers
    close: Callable[[], Awaitable[None]]
    """Lets go of whom it asks."""

    async def judge(self, brought: Brought) -> Validation:
        """The verdict.

        Raises:
            NoFile, FileTooLarge: there is nothing, or too much of it.
            DocumentsUnavailable: no worker could be started.
        """
        if not brought.content:
            raise NoFile
        if max(len(brought.content), len(brought.detached or b"")) > self.papers.most_bytes:
            raise FileTooLarge(most_bytes=self.papers.most_bytes)
        question = Question(
            name=brought.name[:_MOST_NAME],
            content=brought.content,
            detached=brought.detached,
            detached_name=brought.detached_name[:_MOST_NAME],
            anchors=self.anchors,
            now=self.clock.now(),
        )
        try:
            return await self.documents.run("validate", question, Validation, self.ask, stranger=True)
        except (DocumentTakesTooLong, DocumentTooLarge, DocumentUnreadable):
            # A file that overwhelms its reader proves nothing; to whom it was sent, that is an answer.
            return _unreadable(question)


def _unreadable(question: Question) -> Validation:
    return Validation(
        verdict=Verdict.UNKNOWN,
        format="",
        name=question.name,
        sha256=sha256(question.content).hex(),
        size=len(question.content),
        judged_at=question.now,
        reasons=(Reason(Why.UNREADABLE),),
    )
