"""What a worker is asked, one struct for each job, as it goes over the pipe."""

from __future__ import annotations

import msgspec

from ipse.documents.model import Aim, Enclosure, Placing, Statement


class Inspect(msgspec.Struct, frozen=True):
    """Look at a PDF."""

    pdf: bytes
    most_pages: int


class Draw(msgspec.Struct, frozen=True):
    """Draw a page."""

    pdf: bytes
    number: int
    width: int
    most_pages: int


class Drawn(msgspec.Struct, frozen=True):
    """A picture."""

    png: bytes


class PreparePdf(msgspec.Struct, frozen=True):
    """Put everything but a signature value into a PDF."""

    pdf: bytes
    statement: Statement
    placing: Placing | None
    most_pages: int


class PrepareCades(msgspec.Struct, frozen=True):
    """Make the signed attributes of a detached signature."""

    digest: bytes
    statement: Statement
    pades: bool


class PrepareAsic(msgspec.Struct, frozen=True):
    """Make a signature of a container, but for its value."""

    files: tuple[Enclosure, ...]
    container: bytes
    statement: Statement


class Finish(msgspec.Struct, frozen=True):
    """Add the signature value, and what the level takes."""

    state: bytes
    signature: bytes
    aim: Aim


class Upgrade(msgspec.Struct, frozen=True):
    """Add to a finished file what it lacks of a level."""

    content: bytes
    aim: Aim


class Gather(msgspec.Struct, frozen=True):
    """Collect what judging a signer takes."""

    certificates: tuple[bytes, ...]
    aim: Aim
