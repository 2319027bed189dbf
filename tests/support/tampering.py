"""Attacks on signed files: each takes a good file and gives what an attacker would make of it.

Names follow the literature: incremental saving, signature wrapping and universal forgery (Mladenov et al. 2019), shadow
documents (Mainka et al. 2021), XML signature wrapping (McIntosh and Austel 2005).
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Mapping
from typing import Any, Final

from lxml import etree
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from tests.support.signed_papers import DS, MEDIA_TYPE, TEXT, XADES, Sealed, manifest, pack
from tests.support.signing_authority import Authority, Holder

Attack = Callable[[bytes], bytes]
LIE: Final = b"I owe Eve nine hundred euro."


def text_changed(pdf: bytes) -> bytes:
    """A byte of what was signed."""
    return pdf.replace(TEXT.encode(), LIE, 1)


def bytes_before(pdf: bytes) -> bytes:
    return b"%PDF-1.7\n" + pdf


def bytes_after(pdf: bytes) -> bytes:
    return pdf + b"\n<< /Hidden (" + LIE + b") >>\n"


def bytes_after_with_mark(pdf: bytes) -> bytes:
    """The same, dressed up as the end of a file."""
    start = pdf.rpartition(b"startxref")[2]
    return pdf + b"99 0 obj\n(" + LIE + b")\nendobj\nstartxref" + start


def _updated(pdf: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _dictionary(**names: str) -> Any:
    return generic.DictionaryObject({pdf_name(f"/{key}"): pdf_name(f"/{value}") for key, value in names.items()})


def _stream(text: bytes) -> generic.StreamObject:
    return generic.StreamObject(stream_data=b"BT /F1 18 Tf 72 700 Td (" + text + b") Tj ET")


def _page(writer: IncrementalPdfFileWriter) -> Any:
    return writer.root["/Pages"]["/Kids"][0]


def content_replaced(pdf: bytes) -> bytes:
    """Incremental saving: the page gets another content."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        page = _page(writer)
        page[pdf_name("/Contents")] = writer.add_object(_stream(LIE))
        writer.update_container(page)

    return _updated(pdf, change)


def content_object_overwritten(pdf: bytes) -> bytes:
    """Shadow, hide and replace: the number of an object gets another object, and nothing else is touched."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        reference = _page(writer).raw_get("/Contents").reference
        writer.objects[(reference.generation, reference.idnum)] = _stream(LIE)

    return _updated(pdf, change)


def pages_replaced(pdf: bytes) -> bytes:
    """Incremental saving: the catalogue gets other pages."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        page = generic.DictionaryObject(_page(writer))
        page[pdf_name("/Contents")] = writer.add_object(_stream(LIE))
        pages = _dictionary(Type="Pages")
        pages[pdf_name("/Count")] = generic.NumberObject(1)
        pages[pdf_name("/Kids")] = generic.ArrayObject([writer.add_object(page)])
        writer.root[pdf_name("/Pages")] = writer.add_object(pages)
        writer.update_root()

    return _updated(pdf, change)


def font_replaced(pdf: bytes) -> bytes:
    """Shadow, replace: a font in which other letters are drawn for the same codes."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        fonts = _page(writer)["/Resources"]["/Font"]
        reference = fonts.raw_get("/F1").reference
        font = _dictionary(Type="Font", Subtype="Type1")
        font[pdf_name("/BaseFont")] = pdf_name("/ZapfDingbats")
        writer.objects[(reference.generation, reference.idnum)] = font

    return _updated(pdf, change)


def _annotated(pdf: bytes, subtype: str) -> bytes:
    def change(writer: IncrementalPdfFileWriter) -> None:
        page = _page(writer)
        note = _dictionary(Type="Annot", Subtype=subtype)
        note[pdf_name("/Rect")] = generic.ArrayObject(generic.NumberObject(each) for each in (60, 690, 400, 730))
        note[pdf_name("/Contents")] = generic.TextStringObject(LIE.decode())
        note[pdf_name("/F")] = generic.NumberObject(4)
        there = list(page["/Annots"]) if "/Annots" in page else []
        kept = [page["/Annots"].raw_get(place) for place in range(len(there))]
        page[pdf_name("/Annots")] = generic.ArrayObject([*kept, writer.add_object(note)])
        writer.update_container(page)

    return _updated(pdf, change)


def note_over_content(pdf: bytes) -> bytes:
    """Shadow, hide: a note that lies over the text."""
    return _annotated(pdf, "FreeText")


def picture_over_content(pdf: bytes) -> bytes:
    """The same by a stamp."""
    return _annotated(pdf, "Stamp")


def cover_removed(pdf: bytes) -> bytes:
    """Shadow, hide: what lay over the text when it was signed is gone. For a `covered` paper."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        page = _page(writer)
        kept = page["/Annots"]
        page[pdf_name("/Annots")] = generic.ArrayObject(kept.raw_get(place) for place in range(1, len(kept)))
        writer.update_container(page)

    return _updated(pdf, change)


def covered(pdf: bytes) -> bytes:
    """A paper prepared for `cover_removed`, before anybody signs it."""
    return _annotated(pdf, "Square")


def form_filled(pdf: bytes) -> bytes:
    """Another amount in the field of a form."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        field = writer.root["/AcroForm"]["/Fields"][0]
        field[pdf_name("/V")] = generic.TextStringObject("900")
        writer.update_container(field)

    return _updated(pdf, change)


def script_added(pdf: bytes) -> bytes:
    """A script that runs when the file is opened."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        action = {pdf_name("/S"): pdf_name("/JavaScript"), pdf_name("/JS"): generic.TextStringObject("app.alert(1)")}
        writer.root[pdf_name("/OpenAction")] = writer.add_object(generic.DictionaryObject(action))
        writer.update_root()

    return _updated(pdf, change)


def signature_object_overwritten(pdf: bytes) -> bytes:
    """Signature wrapping: the signature is told again, at the end, beside another content."""

    def change(writer: IncrementalPdfFileWriter) -> None:
        fields = writer.root["/AcroForm"]["/Fields"]
        field = fields[len(fields) - 1]
        reference = field.raw_get("/V").reference
        found = reference.get_object()
        copied = generic.DictionaryObject({key: found.raw_get(key) for key in found if key != "/Contents"})
        copied[pdf_name("/Contents")] = generic.ByteStringObject(found.raw_get("/Contents").original_bytes)
        writer.objects[(reference.generation, reference.idnum)] = copied
        page = _page(writer)
        page[pdf_name("/Contents")] = writer.add_object(_stream(LIE))
        writer.update_container(page)

    return _updated(pdf, change)


def value_emptied(pdf: bytes) -> bytes:
    """Universal forgery: no signature value."""
    place = pdf.index(b"/Contents <") + len(b"/Contents <")
    end = pdf.index(b">", place)
    return pdf[:place] + b"0" * (end - place) + pdf[end:]


def value_of_nothing(pdf: bytes) -> bytes:
    """Universal forgery: a signature that says null."""
    return re.sub(rb"/ByteRange \[[^\]]*\]", lambda found: b"/ByteRange null".ljust(len(found[0])), pdf, count=1)


def range_negative(pdf: bytes) -> bytes:
    """Universal forgery: ranges that mean nothing."""
    return re.sub(rb"/ByteRange \[[^\]]*\]", lambda found: b"/ByteRange [0 -1 1 -1]".ljust(len(found[0])), pdf, count=1)


def data_behind_value(pdf: bytes) -> bytes:
    """Something else in the room that was left for the signature value."""
    place = pdf.index(b"/Contents <") + len(b"/Contents <")
    end = pdf.index(b">", place)
    hidden = LIE.hex().encode()
    return pdf[: end - len(hidden)] + hidden + pdf[end:]


def certificate_of_another_filter(pdf: bytes) -> bytes:
    """A kind of signature that nobody checks any more."""
    return pdf.replace(b"/ETSI.CAdES.detached", b"/adbe.x509.rsa_sha1 ", 1)


PDF_ATTACKS: Final[Mapping[str, tuple[Attack, str]]] = {
    "text changed": (text_changed, "content_changed"),
    "bytes before": (bytes_before, "unreadable"),
    "bytes after": (bytes_after, "bytes_after"),
    "bytes after, with mark": (bytes_after_with_mark, "bytes_after"),
    "content replaced": (content_replaced, "forbidden_change"),
    "content object overwritten": (content_object_overwritten, "forbidden_change"),
    "pages replaced": (pages_replaced, "forbidden_change"),
    "font replaced": (font_replaced, "forbidden_change"),
    "note over content": (note_over_content, "forbidden_change"),
    "picture over content": (picture_over_content, "forbidden_change"),
    "script added": (script_added, "forbidden_change"),
    "signature told again": (signature_object_overwritten, "bytes_outside"),
    "value emptied": (value_emptied, "malformed"),
    "ranges null": (value_of_nothing, "malformed"),
    "ranges negative": (range_negative, "bytes_outside"),
    "data behind the value": (data_behind_value, "malformed"),
    "obsolete filter": (certificate_of_another_filter, "unsupported"),
}
"""Attack, and the reason that must be told."""


def resigned(authority: Authority, holder: Holder, pdf: bytes, ranges: Callable[[list[int]], list[int]]) -> bytes:
    """A file whose own signer has left something out: the signature is right, over these ranges only."""
    found = re.search(rb"/ByteRange \[([^\]]*)\]", pdf)
    assert found is not None
    whole = [int(part) for part in found[1].split()]
    chosen = ranges(whole)
    text = b"/ByteRange [" + b" ".join(str(each).encode() for each in chosen)
    assert len(text) < len(found[0]), "no room"
    patched = pdf[: found.start()] + text.ljust(len(found[0]) - 1) + b"]" + pdf[found.end() :]
    digest = hashlib.sha256()
    for start, length in zip(chosen[::2], chosen[1::2], strict=True):
        digest.update(patched[start : start + length])
    message = _cms(authority, holder, digest.digest()).hex().encode()
    room = whole[2] - whole[1] - 2
    assert len(message) <= room
    return patched[: whole[1] + 1] + message.ljust(room, b"0") + patched[whole[2] - 1 :]


def _cms(authority: Authority, holder: Holder, digest: bytes) -> bytes:
    message = asyncio.run(authority.signer(holder).async_sign(digest, "sha256", use_pades=True))
    return bytes(message.dump())


RANGES: Final[Mapping[str, Callable[[list[int]], list[int]]]] = {
    "hole before the value": lambda whole: [0, whole[1] - 40, whole[2], whole[3]],
    "hole behind the value": lambda whole: [0, whole[1], whole[2] + 40, whole[3] - 40],
    "not from the start": lambda whole: [9, whole[1] - 9, whole[2], whole[3]],
    "not to the end": lambda whole: [0, whole[1], whole[2], whole[3] - 6],
    "one range": lambda whole: [0, whole[1]],
    "three ranges": lambda _whole: [0, 9, 9, 9, 18, 9],
    "the rest twice": lambda whole: [0, whole[1], whole[1] - whole[3], whole[3]],
}


def packed_raw(
    entries: list[tuple[str, bytes]], *, prefix: bytes = b"", gap: bytes = b"", suffix: bytes = b""
) -> bytes:
    """A container with bytes where there should be none."""
    whole = pack(entries)
    if gap:
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            start = archive.start_dir
        end = whole.rindex(b"PK\x05\x06")
        record = bytearray(whole[end:])
        record[16:20] = (start + len(gap)).to_bytes(4, "little")
        whole = whole[:start] + gap + whole[start:end] + bytes(record)
    return prefix + whole + suffix


def _entries(sealed: Sealed, **changed: bytes) -> list[tuple[str, bytes]]:
    return [
        *sealed.files.items(),
        ("META-INF/manifest.xml", changed.get("manifest", sealed.manifest)),
        ("META-INF/signatures0.xml", changed.get("signature", sealed.signature)),
    ]


def _xml(sealed: Sealed, change: Callable[[Any], None]) -> bytes:
    root = etree.fromstring(sealed.signature)
    change(root)
    return pack(_entries(sealed, signature=bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))))


def _first(root: Any, name: str) -> Any:
    return next(root.iter(name))


def file_changed(sealed: Sealed) -> bytes:
    return pack([(name, LIE if name == "a.txt" else data) for name, data in _entries(sealed)])


def file_added(sealed: Sealed) -> bytes:
    files = {**sealed.files, "c.txt": LIE}
    return pack([("c.txt", LIE), *_entries(sealed, manifest=manifest(files))])


def file_removed(sealed: Sealed) -> bytes:
    files = {name: data for name, data in sealed.files.items() if name != "a.txt"}
    return pack([each for each in _entries(sealed, manifest=manifest(files)) if each[0] != "a.txt"])


def file_beside_manifest(sealed: Sealed) -> bytes:
    return pack([("META-INF/more.txt", LIE), *_entries(sealed)])


def name_twice(sealed: Sealed) -> bytes:
    return pack([("a.txt", LIE), *_entries(sealed)])


def name_in_another_case(sealed: Sealed) -> bytes:
    return pack([("A.TXT", LIE), *_entries(sealed)])


def name_leads_away(sealed: Sealed) -> bytes:
    return pack([("../a.txt", LIE), *_entries(sealed)])


def manifest_omits(sealed: Sealed) -> bytes:
    return pack([("c.txt", LIE), *_entries(sealed)])


def manifest_calls_otherwise(sealed: Sealed) -> bytes:
    return pack(_entries(sealed, manifest=sealed.manifest.replace(b"text/plain", b"text/html")))


def bytes_in_front(sealed: Sealed) -> bytes:
    return packed_raw(_entries(sealed), prefix=b"#!/bin/sh\n")


def bytes_between(sealed: Sealed) -> bytes:
    return packed_raw(_entries(sealed), gap=b"PK\x03\x04hidden")


def bytes_behind(sealed: Sealed) -> bytes:
    return packed_raw(_entries(sealed), suffix=LIE)


def other_container(sealed: Sealed) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", MEDIA_TYPE.replace("asic-e", "asic-x"))
        for name, data in _entries(sealed):
            archive.writestr(name, data)
    return out.getvalue()


def second_root(sealed: Sealed) -> bytes:
    """Something beside the signature that a careless reader takes for it."""

    def change(root: Any) -> None:
        etree.SubElement(root, f"{{{DS}}}Object").append(etree.fromstring(sealed.signature))

    return _xml(sealed, change)


def properties_wrapped(sealed: Sealed) -> bytes:
    """The signed properties are put aside, others stand in their place."""

    def change(root: Any) -> None:
        qualifying = _first(root, f"{{{XADES}}}QualifyingProperties")
        signed = _first(root, f"{{{XADES}}}SignedProperties")
        lie = etree.fromstring(etree.tostring(signed))
        lie.set("Id", "P1")
        _first(lie, f"{{{XADES}}}SigningTime").text = "2020-01-01T00:00:00Z"
        qualifying.replace(signed, lie)
        etree.SubElement(_first(root, f"{{{DS}}}Signature"), f"{{{DS}}}Object").append(signed)

    return _xml(sealed, change)


def identifier_twice(sealed: Sealed) -> bytes:
    """Two elements of one identifier."""

    def change(root: Any) -> None:
        signed = _first(root, f"{{{XADES}}}SignedProperties")
        other = etree.SubElement(_first(root, f"{{{DS}}}Signature"), f"{{{DS}}}Object")
        other.append(etree.fromstring(etree.tostring(signed)))

    return _xml(sealed, change)


def properties_changed(sealed: Sealed) -> bytes:
    def change(root: Any) -> None:
        _first(root, f"{{{XADES}}}SigningTime").text = "2020-01-01T00:00:00Z"

    return _xml(sealed, change)


def value_changed(sealed: Sealed) -> bytes:
    def change(root: Any) -> None:
        value = _first(root, f"{{{DS}}}SignatureValue")
        value.text = ("A" if value.text[0] != "A" else "B") + value.text[1:]

    return _xml(sealed, change)


def reference_removed(sealed: Sealed) -> bytes:
    def change(root: Any) -> None:
        reference = _first(root, f"{{{DS}}}Reference")
        reference.getparent().remove(reference)

    return _xml(sealed, change)


def transform_added(sealed: Sealed) -> bytes:
    """A transformation that would take out what was changed."""

    def change(root: Any) -> None:
        reference = _first(root, f"{{{DS}}}Reference")
        transforms = etree.Element(f"{{{DS}}}Transforms")
        etree.SubElement(transforms, f"{{{DS}}}Transform", Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116")
        reference.insert(0, transforms)

    return _xml(sealed, change)


def entity_added(sealed: Sealed) -> bytes:
    """A document type with an entity that reads a file."""
    head, _, rest = sealed.signature.partition(b"?>")
    kind = b'<!DOCTYPE x [<!ENTITY secret SYSTEM "file:///etc/passwd">]>'
    return pack(_entries(sealed, signature=head + b"?>" + kind + rest))


def signature_removed(sealed: Sealed) -> bytes:
    return pack(_entries(sealed)[:-1])


ASIC_ATTACKS: Final[Mapping[str, tuple[Callable[[Sealed], bytes], str, str]]] = {
    "file changed": (file_changed, "invalid", "content_changed"),
    "file added": (file_added, "changed", "file_not_covered"),
    "file removed": (file_removed, "unknown", "file_missing"),
    "file beside the manifest": (file_beside_manifest, "changed", "file_not_covered"),
    "name twice": (name_twice, "invalid", "duplicate_name"),
    "name in another case": (name_in_another_case, "invalid", "duplicate_name"),
    "name leads away": (name_leads_away, "invalid", "bad_name"),
    "manifest omits": (manifest_omits, "invalid", "manifest"),
    "manifest calls otherwise": (manifest_calls_otherwise, "invalid", "manifest"),
    "bytes in front": (bytes_in_front, "invalid", "container"),
    "bytes between": (bytes_between, "invalid", "container"),
    "bytes behind": (bytes_behind, "invalid", "container"),
    "other container": (other_container, "invalid", "container"),
    "second root": (second_root, "invalid", "wrapped"),
    "properties wrapped": (properties_wrapped, "invalid", "wrapped"),
    "identifier twice": (identifier_twice, "invalid", "wrapped"),
    "properties changed": (properties_changed, "invalid", "content_changed"),
    "value changed": (value_changed, "invalid", "signature_wrong"),
    "reference removed": (reference_removed, "invalid", "signature_wrong"),
    "transform added": (transform_added, "invalid", "signature_wrong"),
    "entity added": (entity_added, "invalid", "malformed"),
    "signature removed": (signature_removed, "unknown", "no_signature"),
}
"""Attack, verdict, and the reason that must be told."""
