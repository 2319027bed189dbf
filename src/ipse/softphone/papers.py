"""Documents that the scheme holds, opened before they are signed (device protocol, section 5, `document`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from ipse.kernel.ids import b64u, sha256
from ipse.softphone.channel import Answer, Channel, read_members, refusal
from ipse.softphone.errors import NoAnswer, NoDocument, OtherFile
from ipse.softphone.messages import Writer
from ipse.softphone.requests import Request

_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Paper:
    """A document opened for a while."""

    label: str
    file_digest: str
    media_type: str
    pages: int
    token: str


@dataclass(frozen=True, slots=True)
class Papers:
    """What this phone opens."""

    channel: Channel
    writer: Writer

    def open(self, request: Request, number: int) -> Paper:
        """The document of a request with this number, from 1.

        Raises:
            NoDocument: there is none, or nobody holds it here.
        """
        documents = request.documents
        shown: Mapping[str, Any] = documents[number - 1] if 1 <= number <= len(documents) else {}
        document = shown.get("document")
        if not document:
            raise NoDocument("the request has no such document, or its partner keeps it")
        answer = self._opened(request.action, document)
        return Paper(shown["label"], shown["file_digest"], answer["media_type"], answer["pages"], answer["token"])

    def file(self, paper: Paper) -> bytes:
        """The file.

        Raises:
            OtherFile: it is not the one whose digest was shown.
        """
        octets = self._get("/documents/file", paper)
        if b64u(sha256(octets)) != paper.file_digest:
            raise OtherFile(f"{paper.label} is not the file that is to be signed: refuse")
        return octets

    def page(self, paper: Paper, number: int) -> bytes:
        """The picture of a page, from 1: the scheme's word, for reading."""
        return self._get(f"/documents/pages/{number}", paper)

    def _opened(self, action: str, document: str) -> Answer:
        members = {"action": action, "document": document}
        purpose = f"document {document}"
        return self.channel.exchange(purpose, lambda state: self.writer.signed(state, "document", purpose, **members))

    def _get(self, path: str, paper: Paper) -> bytes:
        base = self.channel.store.load().base
        try:
            response = self.channel.http.get(
                f"{base}/phone/v1{path}", headers={"Authorization": f"Bearer {paper.token}"}, timeout=_SECONDS
            )
        except httpx.TransportError as error:
            raise NoAnswer(f"{base}: no answer ({type(error).__name__})") from error
        if not response.is_success:
            raise refusal(response, read_members(response))
        return response.content
