"""Writes containers: a zip whose first entry says what it is."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from typing import Final
from xml.sax.saxutils import quoteattr
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from ipse.documents.errors import DocumentNotSignable
from ipse.documents.model import Enclosure
from ipse.kernel.clock import SECOND

MEDIA_TYPE: Final = "application/vnd.etsi.asic-e+zip"
SIGNATURES: Final = "META-INF/signatures{}.xml"
_MANIFEST: Final = "META-INF/manifest.xml"
_FIRST_YEAR, _LAST_YEAR = 1980, 2107
"""That a zip can name."""


def written(files: Sequence[Enclosure], at: int) -> bytes:
    """A container of these files, not signed yet.

    Raises:
        DocumentNotSignable: names that some reader would take for other files.
    """
    _check_names([file.name for file in files])
    output = BytesIO()
    with ZipFile(output, "w") as archive:
        archive.writestr(_entry("mimetype", at, ZIP_STORED), MEDIA_TYPE)
        for file in files:
            archive.writestr(_entry(file.name, at), file.content)
        archive.writestr(_entry(_MANIFEST, at), _manifest(files))
    return output.getvalue()


def added(container: bytes, name: str, content: bytes, at: int) -> bytes:
    """The container with one more entry, in the place of one of that name; every other file stays as it was."""
    output = BytesIO()
    with ZipFile(BytesIO(container)) as old, ZipFile(output, "w") as new:
        for entry in old.infolist():
            if entry.filename != name:
                kept = _entry(entry.filename, at, entry.compress_type)
                kept.date_time = entry.date_time
                new.writestr(kept, old.read(entry))
        new.writestr(_entry(name, at), content)
    return output.getvalue()


def _entry(name: str, at: int, method: int = ZIP_DEFLATED) -> ZipInfo:
    moment = datetime.fromtimestamp(at // SECOND, UTC)
    year = min(max(moment.year, _FIRST_YEAR), _LAST_YEAR)
    entry = ZipInfo(name, (year, moment.month, moment.day, moment.hour, moment.minute, moment.second))
    entry.compress_type = method
    entry.external_attr = 0o644 << 16
    return entry


def _check_names(names: Sequence[str]) -> None:
    if not names:
        raise DocumentNotSignable("nothing to sign")
    folded = {unicodedata.normalize("NFKC", name).casefold() for name in names}
    if len(folded) != len(names):
        raise DocumentNotSignable("two files of one name")
    for name in names:
        parts = name.split("/")
        strange = any(unicodedata.category(letter).startswith("C") or letter in '\\:*?"<>|' for letter in name)
        elsewhere = any(part.strip() in {"", ".", ".."} for part in parts)
        ours = parts[0].casefold() == "meta-inf" or name.casefold() == "mimetype"
        if strange or elsewhere or ours or len(name.encode()) > 240:
            raise DocumentNotSignable("a name that no container can hold")


def _manifest(files: Sequence[Enclosure]) -> str:
    """The list of files that OpenDocument wants."""
    listed = [("/", MEDIA_TYPE), *((file.name, file.media_type) for file in files)]
    entries = "".join(
        f"<manifest:file-entry manifest:full-path={quoteattr(name)} manifest:media-type={quoteattr(media_type)}/>"
        for name, media_type in listed
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">'
        f"{entries}</manifest:manifest>\n"
    )
