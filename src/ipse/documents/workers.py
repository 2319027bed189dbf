"""Workers as their parent knows them: started, fed, asked, answered, and ended in time."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from ipse.documents.errors import DocumentsUnavailable
from ipse.documents.model import Ask
from ipse.kernel.settings.parts import Papers

Answer = TypeVar("Answer", bound=msgspec.Struct)


class Workers:
    """One process for each job."""

    def __init__(self, papers: Papers) -> None:
        self._papers = papers

    async def stop(self) -> None:
        """End them all."""

    async def run(self, job: str, request: msgspec.Struct, answer: type[Answer], ask: Ask | None) -> Answer:
        """Do one job."""
        raise DocumentsUnavailable(f"{job} cannot be done yet: {type(request)} {answer} {ask} {self._papers}")
