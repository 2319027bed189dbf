"""`ipse phone`: documents that are to be signed, and the signing certificates of this phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ipse.cli.phone.commands import _phone as opened_phone
from ipse.cli.phone.commands import _taken as taken_request
from ipse.cli.phone.commands import app
from ipse.cli.phone.options import Options, Taking


@app.command
def document(
    start: str,
    number: int,
    /,
    *,
    save: Path | None = None,
    pages: Path | None = None,
    taking: Taking | None = None,
    options: Options | None = None,
) -> None:
    """Open a document before it is signed. Its digest is compared with the one that is signed.

    Parameters
    ----------
    start
        The QR's content, the app link, or the id of a request that was sent to this phone
    number
        Which one of the request's documents, from 1
    save
        Write the file here
    pages
        Write pictures of its pages into this folder
    """
    with opened_phone(options or Options()) as (phone, printer):
        papers = phone.papers
        paper = papers.open(taken_request(phone, start, taking or Taking()), number)
        octets = papers.file(paper)
        saved = []
        if save is not None:
            save.write_bytes(octets)
            saved.append(str(save))
        if pages is not None:
            pages.mkdir(parents=True, exist_ok=True)
            for page in range(1, paper.pages + 1):
                picture = pages / f"page-{page}.png"
                picture.write_bytes(papers.page(paper, page))
                saved.append(str(picture))
        members = {
            "label": paper.label,
            "media_type": paper.media_type,
            "octets": len(octets),
            "pages": paper.pages,
            "file_digest": paper.file_digest,
            "saved": saved,
        }

        def lines(console: Any) -> None:  # noqa: ANN401 - rich's console
            console.print(f"{paper.label}: exactly the file that is to be signed", markup=False)
            for name in saved:
                console.print(name, markup=False, soft_wrap=True)

        printer.answer(members, lines)


@app.command
def certificates(*, options: Options | None = None) -> None:
    """The signing certificates made on this phone under its present code, the newest last."""
    with opened_phone(options or Options()) as (phone, printer):
        known = [signer.credential for signer in phone.state.signers]

        def lines(console: Any) -> None:  # noqa: ANN401 - rich's console
            for credential in known:
                console.print(credential, markup=False)
            if not known:
                console.print("None yet: the first signature makes one.")

        printer.answer({"certificates": known}, lines)
