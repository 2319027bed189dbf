"""Opening an ASiC-E container (EN 319 162-1) so that every reader would see the same files in it."""

from __future__ import annotations

import io
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from typing import Final

from ipse.documents.validation.model import Why

MEDIA_TYPE: Final = "application/vnd.etsi.asic-e+zip"
MOST_FILES: Final = 500
MOST_UNPACKED: Final = 120_000_000
_FOLDER: Final = "META-INF/"
_LOCAL_HEADER: Final = 30
_DESCRIBED: Final = 0x08
_ENCRYPTED: Final = 0x01 | 0x40
_DESCRIPTOR_SIZES: Final = (12, 16)
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_END_RECORD: Final = 22


class Unpackable(Exception):
    """The container means different things to different readers, or too much."""

    def __init__(self, why: Why, detail: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.detail = detail


@dataclass(frozen=True)
class Container:
    """Its files by name."""

    files: dict[str, bytes]
    """What people put in."""
    signatures: dict[str, bytes]
    """`META-INF/*signatures*.xml`."""
    manifest: bytes | None
    others: tuple[str, ...]
    """Names of what else lies in META-INF."""


def begins_as_container(content: bytes) -> bool:
    """Whether it begins as a zip file does."""
    return content[:4] in {b"PK\x03\x04", b"PK\x05\x06"}


def ends_as_container(content: bytes) -> bool:
    """Whether readers of zip files, which look from the end, would take it for one."""
    return zipfile.is_zipfile(io.BytesIO(content))


def open_container(content: bytes) -> Container:
    """Read all of it.

    Raises:
        Unpackable: two files of one name, names that lead elsewhere, bytes between or around files, too much.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            _check_names(entries)
            _check_layout(content, entries, archive)
            files = _read(archive, entries)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, ValueError, NotImplementedError, EOFError) as error:
        raise Unpackable(Why.CONTAINER) from error
    if entries[0].filename != "mimetype" or entries[0].compress_type != zipfile.ZIP_STORED or entries[0].extra:
        raise Unpackable(Why.CONTAINER, "mimetype")
    if files.pop("mimetype").strip() != MEDIA_TYPE.encode():
        raise Unpackable(Why.CONTAINER, "mimetype")
    return _sorted(files)


def _check_names(entries: list[zipfile.ZipInfo]) -> None:
    if not entries:
        raise Unpackable(Why.CONTAINER)
    if len(entries) > MOST_FILES:
        raise Unpackable(Why.TOO_MANY)
    seen: set[str] = set()
    for entry in entries:
        name = entry.filename
        parts = name.rstrip("/").split("/")
        # `orig_filename` is what stands in the file: zipfile cuts names at a NUL.
        if (
            entry.orig_filename != name
            or "\\" in name
            or ":" in name
            or any(part in {"", ".", ".."} for part in parts)
            or any(unicodedata.category(letter).startswith("C") for letter in name)
        ):
            raise Unpackable(Why.BAD_NAME, _shown(name))
        folded = unicodedata.normalize("NFKC", name.rstrip("/")).casefold()
        if folded in seen:
            raise Unpackable(Why.DUPLICATE_NAME, _shown(name))
        seen.add(folded)


def _check_layout(content: bytes, entries: list[zipfile.ZipInfo], archive: zipfile.ZipFile) -> None:
    """The files follow each other without a gap, and the directory follows the last: nothing is hidden between."""
    place = 0
    for entry in sorted(entries, key=lambda each: each.header_offset):
        if entry.flag_bits & _ENCRYPTED:
            raise Unpackable(Why.ENCRYPTED, _shown(entry.filename))
        if entry.compress_type not in _METHODS or entry.header_offset != place:
            raise Unpackable(Why.CONTAINER, _shown(entry.filename))
        header = content[entry.header_offset : entry.header_offset + _LOCAL_HEADER]
        names, extra = int.from_bytes(header[26:28], "little"), int.from_bytes(header[28:30], "little")
        place = entry.header_offset + _LOCAL_HEADER + names + extra + entry.compress_size
        if entry.flag_bits & _DESCRIBED:
            place += _descriptor(content, place)
    if place != archive.start_dir or len(content) != _directory_end(content, archive):
        raise Unpackable(Why.CONTAINER)


def _descriptor(content: bytes, place: int) -> int:
    """How long the data descriptor is that stands there: with or without its own mark."""
    return _DESCRIPTOR_SIZES[content[place : place + 4] == b"PK\x07\x08"]


def _directory_end(content: bytes, archive: zipfile.ZipFile) -> int:
    """Where the file must end: after the one end record, with its comment."""
    place = content.find(b"PK\x05\x06", archive.start_dir)
    if place < 0:
        return -1
    return place + _END_RECORD + len(archive.comment)


def _read(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    left = MOST_UNPACKED
    for entry in entries:
        if entry.is_dir():
            if entry.file_size:
                raise Unpackable(Why.CONTAINER, _shown(entry.filename))
            continue
        with archive.open(entry) as stream:
            data = stream.read(left + 1)
        left -= len(data)
        if left < 0:
            raise Unpackable(Why.TOO_MANY)
        files[entry.filename] = data
    return files


def _sorted(files: dict[str, bytes]) -> Container:
    inside = {name: data for name, data in files.items() if name.upper().startswith(_FOLDER)}
    signatures = {
        name: data
        for name, data in inside.items()
        if name.startswith(_FOLDER) and "signatures" in name.lower() and name.lower().endswith(".xml")
    }
    return Container(
        files={name: data for name, data in files.items() if name not in inside},
        signatures=signatures,
        manifest=inside.get(_FOLDER + "manifest.xml"),
        others=tuple(name for name in inside if name not in signatures and name != _FOLDER + "manifest.xml"),
    )


def _shown(name: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in name)[:100]
