"""PDF files, written by hand."""

from __future__ import annotations


def pdf(
    *, pages: int = 1, turned: int = 0, extra: str = "", more: tuple[str, ...] = (), title: str = "Contract"
) -> bytes:
    """A file of several pages. `extra` goes into its catalogue; `more` are objects from number 10 + 2 * pages."""
    first = 10
    kids = " ".join(f"{first + 2 * number} 0 R" for number in range(pages))
    objects = {
        1: f"<< /Type /Catalog /Pages 2 0 R {extra} >>",
        2: f"<< /Type /Pages /Count {pages} /Kids [{kids}] >>",
        3: "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        4: f"<< /Title ({title}) >>",
    }
    for number in range(pages):
        text = f"BT /F1 24 Tf 72 720 Td (Page {number + 1}) Tj ET"
        objects[first + 2 * number] = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Rotate {turned} "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {first + 2 * number + 1} 0 R >>"
        )
        objects[first + 2 * number + 1] = f"<< /Length {len(text)} >>\nstream\n{text}\nendstream"
    for number, body in enumerate(more):
        objects[first + 2 * pages + number] = body
    return assemble({number: body.encode("latin-1") for number, body in objects.items()}, "/Root 1 0 R /Info 4 0 R")


def assemble(objects: dict[int, bytes], trailer: str) -> bytes:
    """Objects with a table of contents."""
    written = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places = {}
    for number, body in sorted(objects.items()):
        places[number] = len(written)
        written += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start, size = len(written), max(objects) + 1
    written += b"xref\n0 %d\n" % size
    for number in range(size):
        used = number in places
        written += b"%010d %05d %b \n" % (places.get(number, 0), 0 if used else 65535, b"n" if used else b"f")
    return bytes(written) + b"trailer\n<< /Size %d %b >>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer.encode(), start)
