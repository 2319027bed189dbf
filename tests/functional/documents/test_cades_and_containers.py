"""Detached CAdES and ASiC-E containers, judged by programs that others wrote."""

from __future__ import annotations

import hashlib
import zipfile
from io import BytesIO

import pytest
from lxml import etree

from ipse.documents.asic.xades import DS, XADES, certificates_of, loaded, stamp_of, stamped_content
from ipse.documents.errors import DocumentNotSignable, DocumentUnreadable, SignatureUnfit
from ipse.documents.model import Enclosure, Finished, Hash, Level, Missing, Policy, Statement
from tests.functional.documents.authority import Signer
from tests.functional.documents.conftest import Desk, now
from tests.functional.documents.referees import Referees

pytestmark = pytest.mark.asyncio(loop_scope="session")
FILES = (
    Enclosure(name="contract.txt", media_type="text/plain", content=b"We agree."),
    Enclosure(name="annex/drawing.bin", media_type="application/octet-stream", content=bytes(range(256))),
)


def says(signer: Signer, **more: object) -> Statement:
    return Statement(certificates=signer.certificates, claimed_at=now(), **more)  # type: ignore[arg-type]


async def sign(desk: Desk, content: tuple[Enclosure, ...] | bytes, signer: Signer, level: Level) -> Finished:
    prepared = await desk.documents.prepare_asic(content, says(signer, role="Treasurer", place="Gent"))
    signature = signer.sign(prepared.digest)
    return await desk.documents.finish_asic(prepared.state, signature, desk.aim(level), desk.authority)


@pytest.mark.parametrize("kind", ["elliptic", "rsa"])
@pytest.mark.parametrize("hash_", Hash)
async def test_detached_cades_is_accepted(desk: Desk, referees: Referees, kind: str, hash_: Hash) -> None:
    signer, content = getattr(desk.authority, kind), b"Any file at all"
    statement = says(
        signer,
        hash=hash_,
        role="Treasurer",
        place="Gent",
        commitment="1.2.3.4.5",
        policy=Policy(oid="2.5.29.32.0", hash=Hash.SHA_256, digest=bytes(32)),
    )
    prepared = await desk.documents.prepare_cades(hashlib.new(hash_.value, content).digest(), statement)
    assert prepared.digest == hashlib.new(hash_.value, prepared.to_be_signed).digest()
    signature = signer.sign(prepared.digest, hash_.value)
    for level in (Level.B_B, Level.B_T):
        finished = await desk.documents.finish_cades(prepared.state, signature, desk.aim(level), desk.authority)
        assert (finished.level, finished.missing) == (level, None)
        referees.openssl(content, finished.content)
    with pytest.raises(SignatureUnfit):
        await desk.documents.finish_cades(prepared.state, signature[:-1], desk.aim(Level.B_B), desk.authority)


async def test_a_digest_by_another_hash_is_refused(desk: Desk) -> None:
    with pytest.raises(DocumentNotSignable):
        await desk.documents.prepare_cades(bytes(48), says(desk.authority.rsa))


async def test_a_state_is_of_one_format(desk: Desk) -> None:
    prepared = await desk.documents.prepare_cades(bytes(32), says(desk.authority.rsa))
    signature = desk.authority.rsa.sign(prepared.digest)
    for finish in (desk.documents.finish_pdf, desk.documents.finish_asic):
        with pytest.raises(DocumentUnreadable):
            await finish(prepared.state, signature, desk.aim(Level.B_B), desk.authority)


async def test_evidence_for_a_partner(desk: Desk) -> None:
    signer = desk.authority.elliptic
    found = await desk.documents.evidence(signer.certificates, desk.aim(Level.B_LT), desk.authority)
    assert (len(found.ocsps), len(found.crls)) == (1, 1)
    assert set(signer.certificates) < set(found.certificates)


@pytest.mark.parametrize("kind", ["elliptic", "rsa"])
@pytest.mark.parametrize("level", [Level.B_B, Level.B_T, Level.B_LT])
async def test_a_container_is_accepted(desk: Desk, referees: Referees, kind: str, level: Level) -> None:
    finished = await sign(desk, FILES, getattr(desk.authority, kind), level)
    assert (finished.level, finished.missing) == (level, None)
    referees.xmlsec(finished.content, 0, references=3)
    with zipfile.ZipFile(BytesIO(finished.content)) as archive:
        assert archive.read("contract.txt") == b"We agree."
        root = loaded(archive.read("META-INF/signatures0.xml"))
    token = stamp_of(root)
    assert (token is not None) == (level is not Level.B_B)
    if token:
        referees.stamp(token, stamped_content(root))
    assert bool(root.findall(f".//{{{XADES}}}EncapsulatedOCSPValue")) == (level is Level.B_LT)


async def test_a_second_signer_adds_a_signature(desk: Desk, referees: Referees) -> None:
    first = await sign(desk, FILES, desk.authority.elliptic, Level.B_LT)
    second = await sign(desk, first.content, desk.authority.rsa, Level.B_LT)
    with zipfile.ZipFile(BytesIO(first.content)) as one, zipfile.ZipFile(BytesIO(second.content)) as other:
        assert set(other.namelist()) - set(one.namelist()) == {"META-INF/signatures1.xml"}
        assert all(one.read(name) == other.read(name) for name in one.namelist())
        types = [entry.text for entry in loaded(other.read("META-INF/signatures1.xml")).iter(f"{{{XADES}}}MimeType")]
    assert types == ["text/plain", "application/octet-stream"]
    for number in range(2):
        referees.xmlsec(second.content, number, references=3)


async def test_what_is_down_is_added_to_a_container_later(desk: Desk, referees: Referees) -> None:
    desk.authority.down.update({"timestamp"})
    finished = await sign(desk, FILES, desk.authority.rsa, Level.B_LT)
    assert (finished.level, finished.missing) == (Level.B_B, Missing.TIMESTAMP)
    desk.authority.down = {"ocsp", "crl"}
    stamped = await desk.documents.upgrade_asic(finished.content, desk.aim(Level.B_LT), desk.authority)
    assert (stamped.level, stamped.missing) == (Level.B_T, Missing.REVOCATION)
    desk.authority.down = set()
    later = await desk.documents.upgrade_asic(stamped.content, desk.aim(Level.B_LTA), desk.authority)
    assert (later.level, later.missing) == (Level.B_LT, Missing.FORMAT)
    referees.xmlsec(later.content, 0, references=3)


async def test_a_changed_container_is_noticed(desk: Desk, referees: Referees) -> None:
    """The referee can say no, too."""
    finished = await sign(desk, FILES, desk.authority.elliptic, Level.B_B)
    changed = BytesIO()
    with zipfile.ZipFile(BytesIO(finished.content)) as old, zipfile.ZipFile(changed, "w") as new:
        for entry in old.infolist():
            new.writestr(entry, old.read(entry).replace(b"We agree", b"We quit!"))
    with pytest.raises(AssertionError):
        referees.xmlsec(changed.getvalue(), 0, references=3)


@pytest.mark.parametrize(
    "names",
    [
        (),
        ("",),
        ("../escape",),
        ("/root",),
        ("a//b",),
        ("META-INF/signatures9.xml",),
        ("meta-inf/x",),
        ("mimetype",),
        ("a\\b",),
        ("a\x00b",),
        ("a", "A"),
        ("x" * 300,),
    ],
)
async def test_names_that_deceive_are_refused(desk: Desk, names: tuple[str, ...]) -> None:
    files = tuple(Enclosure(name=name, media_type="text/plain", content=b"x") for name in names)
    with pytest.raises(DocumentNotSignable):
        await desk.documents.prepare_asic(files, says(desk.authority.rsa))


async def test_what_is_no_container_is_refused(desk: Desk) -> None:
    bomb = BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), "application/vnd.etsi.asic-e+zip")
        archive.writestr("bomb", bytes(130_000_000))
    for content in (b"PK", b"%PDF-1.7", bomb.getvalue()):
        with pytest.raises(DocumentUnreadable):
            await desk.documents.prepare_asic(content, says(desk.authority.rsa))


async def test_text_is_written_as_it_was_given(desk: Desk, referees: Referees) -> None:
    signer = desk.authority.elliptic
    role = "Tre\u00e1surer <&\"'> \u03a9"
    files = (Enclosure(name="bestek na\u00efef & co (1).txt", media_type="text/plain", content=b"x"),)
    prepared = await desk.documents.prepare_asic(files, says(signer, role=role))
    done = await desk.documents.finish_asic(
        prepared.state, signer.sign(prepared.digest), desk.aim(Level.B_B), desk.authority
    )
    with zipfile.ZipFile(BytesIO(done.content)) as archive:
        root = loaded(archive.read("META-INF/signatures0.xml"))
    assert root.findtext(f".//{{{XADES}}}ClaimedRole") == role
    assert certificates_of(root)[0] == signer.certificates[0]
    information = etree.tostring(root.find(f".//{{{DS}}}SignedInfo"), method="c14n", exclusive=True)
    assert information == prepared.to_be_signed
