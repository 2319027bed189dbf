"""Documents that we hold are read in the app before they are signed, by the phone that has claimed the request."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from ipse.actions.model import Signature
from ipse.kernel.ids import b64u, sha256
from ipse.mobile.errors import DocumentTokenRefused, UnknownDocument
from ipse.mobile.service.papers import PaperMessages
from ipse.signing.model import Paper
from tests.functional.oidc.handsets import RefusedError
from tests.functional.signing.office import Office, signature

if TYPE_CHECKING:
    from tests.functional.signing.office import Signer

PDF, PICTURE = b"%PDF-1.7 the deed", b"\x89PNG the first page"
pytestmark = pytest.mark.parametrize("engine", ["sqlite"])


class Cabinet:
    """A front door with one document."""

    def __init__(self) -> None:
        self.papers = {"deed-1": Paper(PDF, "application/pdf", 1)}

    async def paper(self, action_id: str, document: str) -> Paper | None:
        return self.papers.get(document) if action_id else None

    async def page(self, action_id: str, document: str, number: int) -> bytes | None:
        return PICTURE if action_id and document in self.papers and number == 1 else None


def held() -> Signature:
    asked = signature("Deed")
    document = msgspec.structs.replace(asked.documents[0], file_digest=b64u(sha256(PDF)), document="deed-1")
    return msgspec.structs.replace(asked, documents=(document,))


async def opened(phone: Signer, papers: PaperMessages, action_id: str, document: str = "deed-1") -> dict[str, object]:
    pending = phone.writer.signed(phone.state, "document", "document", action=action_id, document=document)
    return await phone._say(papers.open, pending)


async def test_the_claiming_phone_reads_it_before_it_signs(office: Office) -> None:
    ada, bram, cabinet = await office.signer(), await office.signer(), Cabinet()
    papers = PaperMessages(office.works.mobile, {"test": cabinet})
    action = await office.begin(signature=held())
    with pytest.raises(RefusedError, match="unknown_document"):
        await opened(ada, papers, action.action_id)  # not claimed yet
    request = await ada.claim(action.handle)
    with pytest.raises(RefusedError, match="unknown_document"):
        await opened(ada, papers, action.action_id, "deed-2")
    with pytest.raises(RefusedError, match="unknown_document"):
        await opened(bram, papers, action.action_id)
    request = request.renewed((await ada.home())["challenge"])
    found = await opened(ada, papers, action.action_id)
    token = str(found.pop("token"))
    assert found.pop("expires_in") in range(100, 181)
    assert (found["media_type"], found["size"], found["pages"]) == ("application/pdf", len(PDF), 1)
    paper = await papers.file(token)
    assert b64u(sha256(paper.octets)) == request.confirms[1]["documents"][0]["file_digest"]
    assert await papers.page(token, 1) == PICTURE
    with pytest.raises(UnknownDocument):
        await papers.page(token, 2)
    for wrong in ("", "x", token[:-2], "." + token):
        with pytest.raises(DocumentTokenRefused):
            await papers.file(wrong)
    await ada.approve(request)  # reading has used up nothing
    with pytest.raises(RefusedError):
        await opened(ada, papers, action.action_id)
    cabinet.papers.clear()
    with pytest.raises(UnknownDocument):
        await papers.file(token)
