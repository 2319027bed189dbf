"""Forms with files, `multipart/form-data` (RFC 7578): bounded, refused as soon as they are too large."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request

from ipse.web.errors import MalformedForm, UploadTooLarge

MOST_PARTS: Final = 64
_MOST_FIELD_BYTES: Final = 16_384
_MOST_HEADER_BYTES: Final = 4096
_ROOM: Final = 65_536
"""For fields, and what stands between files."""
_DISPOSITION: Final = b"content-disposition"
_BOUNDARY: Final = re.compile(r'boundary=(?:"([^"\r\n]{1,70})"|([^\s;,"]{1,70}))', re.IGNORECASE)
_PARAMETER: Final = re.compile(r';\s*(name|filename)="((?:[^"\\\r\n]|\\.|%22)*)"', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file of a form. Its name is what the browser said and may be anything."""

    field: str
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Upload:
    """A form as it came."""

    fields: dict[str, str]
    files: tuple[UploadedFile, ...]

    def file(self, field: str) -> UploadedFile | None:
        """The first file of a field; None where nobody chose one."""
        return next((file for file in self.files if file.field == field), None)


async def read_upload(
    request: Request, *, most_bytes: int, most_files: int, most_together: int | None = None
) -> Upload:
    """The fields and files of a form: each file of at most `most_bytes`, all together of at most `most_together`.

    Raises:
        UploadTooLarge: they are larger; what says so is not read.
        MalformedForm: it is no such form, has more files, or a field came twice.
    """
    kind = request.headers.get("content-type", "")
    found = _BOUNDARY.search(kind)
    if kind.partition(";")[0].strip().lower() != "multipart/form-data" or found is None:
        raise MalformedForm("content type is not multipart/form-data")
    body = await read_limited(request, (most_together or most_bytes * most_files) + _ROOM)
    upload = split(body, (found[1] or found[2]).encode(), most_files=most_files)
    if any(len(file.content) > most_bytes for file in upload.files):
        raise UploadTooLarge(f"a file larger than {most_bytes} bytes")
    return upload


async def read_limited(request: Request, most: int) -> bytes:
    """The body, at most `most` bytes; nothing is read of one that says it is larger.

    Raises:
        UploadTooLarge: it is larger.
    """
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > most:
        raise UploadTooLarge(f"larger than {most} bytes")
    body = bytearray()
    async for part in request.stream():
        if len(body) + len(part) > most:
            raise UploadTooLarge(f"larger than {most} bytes")
        body += part
    return bytes(body)


def split(body: bytes, boundary: bytes, *, most_files: int) -> Upload:
    """Take a whole form apart.

    Raises:
        MalformedForm: it can be read in two ways, or not at all, or has more files or fields.
    """
    mark = b"\r\n--" + boundary
    start, text = len(boundary) + 4, b"\r\n" + body
    if not text.startswith(mark):
        raise MalformedForm("does not begin with its boundary")
    fields: dict[str, str] = {}
    files: list[UploadedFile] = []
    count = 0
    while text[start : start + 2] != b"--":
        end = text.find(mark, start)
        if text[start : start + 2] != b"\r\n" or end < 0:
            raise MalformedForm("a part does not end")
        field, name, content = _part(text, start + 2, end)
        if name is None:
            if field in fields or len(content) > _MOST_FIELD_BYTES:
                raise MalformedForm("a field was sent twice, or is too long")
            fields[field] = _text(content)
        elif name or content:
            files.append(UploadedFile(field, re.split(r"[/\\]", name)[-1], content))
        count += 1
        if len(files) > most_files or count > MOST_PARTS:
            raise MalformedForm("too many files or fields")
        start = end + len(mark)
    if count == 0 or text[start + 2 :] not in {b"", b"\r\n"}:
        raise MalformedForm("nothing, or something after the end")
    return Upload(fields, tuple(files))


def _part(body: bytes, start: int, end: int) -> tuple[str, str | None, bytes]:
    """Name, file name where it is a file, and content of one part."""
    head = body.find(b"\r\n\r\n", start, min(end, start + _MOST_HEADER_BYTES))
    if head < 0:
        raise MalformedForm("a part without headers")
    told = [line for line in body[start:head].split(b"\r\n") if line.partition(b":")[0].strip().lower() == _DISPOSITION]
    parameters = {key.lower(): _plain(text) for key, text in _PARAMETER.findall(_text(told[0]))} if told else {}
    if len(told) != 1 or "name" not in parameters:
        raise MalformedForm("a part without a name, or with two")
    return parameters["name"], parameters.get("filename"), body[head + 4 : end]


def _plain(quoted: str) -> str:
    """A quoted name, with what browsers escape (WHATWG HTML, multipart/form-data encoding)."""
    return quoted.replace("%22", '"').replace("%0D", "\r").replace("%0A", "\n").replace('\\"', '"')


def _text(octets: bytes) -> str:
    try:
        text = octets.decode()
    except UnicodeDecodeError as error:
        raise MalformedForm("not UTF-8") from error
    if "\0" in text:
        raise MalformedForm("a NUL character")
    return text
