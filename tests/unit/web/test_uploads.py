"""Files in forms: what is taken, and what is refused before much of it was read."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.requests import Request

from ipse.web.errors import MalformedForm, UploadTooLarge
from ipse.web.uploads import Upload, UploadedFile, read_limited, read_upload

PART = b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'


def file(name: bytes, content: bytes, field: bytes = b"file") -> bytes:
    return PART % (field, b'; filename="' + name + b'"\r\nContent-Type: application/pdf', content)


def request(
    *pieces: bytes, kind: str = "multipart/form-data; boundary=x", length: int | None = None
) -> tuple[Request, list[int]]:
    read: list[int] = []
    queue = list(pieces)

    async def receive() -> dict[str, Any]:
        read.append(len(queue[0]))
        body = queue.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(queue)}

    headers = [(b"content-type", kind.encode())]
    if length is not None:
        headers.append((b"content-length", str(length).encode()))
    return Request({"type": "http", "method": "POST", "headers": headers, "path": "/"}, receive), read


async def sent(
    *pieces: bytes, most: int = 100, files: int = 2, kind: str = "multipart/form-data; boundary=x"
) -> Upload:
    return await read_upload(request(*pieces, kind=kind)[0], most_bytes=most, most_files=files)


async def test_fields_and_files() -> None:
    body = (
        PART % (b"language", b"", b"nl")
        + file(b"C:\\papers\\a\xc3\xa9.pdf", b"%PDF\r\n--y\r\n")
        + file(b"", b"")
        + b"--x--\r\n"
    )
    upload = await sent(body[:30], body[30:])
    assert upload == Upload({"language": "nl"}, (UploadedFile("file", "aé.pdf", b"%PDF\r\n--y\r\n"),))
    assert upload.file("file") is upload.files[0]
    assert upload.file("other") is None


async def test_nothing_is_read_of_what_says_that_it_is_too_large() -> None:
    one, read = request(b"x" * 50, length=51)
    with pytest.raises(UploadTooLarge):
        await read_limited(one, 50)
    assert not read


async def test_reading_ends_where_it_is_too_large() -> None:
    one, read = request(*[b"x" * 20] * 10)
    with pytest.raises(UploadTooLarge):
        await read_limited(one, 50)
    assert len(read) == 3


async def test_one_file_too_large() -> None:
    with pytest.raises(UploadTooLarge):
        await sent(file(b"a", b"x" * 101) + b"--x--")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x--",
        b"junk" + file(b"a", b"b") + b"--x--",
        file(b"a", b"b"),
        file(b"a", b"b") + b"--x--more",
        file(b"a", b"b") * 3 + b"--x--",
        PART % (b"a", b"", b"1") + PART % (b"a", b"", b"2") + b"--x--",
        b"--x\r\nContent-Type: text/plain\r\n\r\nb\r\n--x--",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\nContent-Disposition: form-data; name="b"\r\n\r\nc\r\n--x--',  # noqa: E501
        PART % (b"a", b"", b"\xff") + b"--x--",
        PART % (b"a", b"", b"\0") + b"--x--",
    ],
)
async def test_what_can_be_read_in_two_ways_is_not_read(body: bytes) -> None:
    with pytest.raises(MalformedForm):
        await sent(body)


async def test_another_type_is_none() -> None:
    with pytest.raises(MalformedForm):
        await sent(b"a=b", kind="application/x-www-form-urlencoded")
