"""What the app shows of documents to sign and of signing certificates, in Chromium against a scripted scheme."""

from __future__ import annotations

import asyncio
import hashlib
import struct
import time
import zlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.javascript.app_driver import CODE, chromium
from tests.javascript.scheme_stand_in import SIGNER, Handset, b64u, handset

PROBE = (Path(__file__).with_name("accessibility_probe.js")).read_text()
FILE = b"%PDF-1.7 stand-in"
NAMES = ("Lease Linden Street 5.pdf", "Inventory of the apartment, ground floor and garden, November 2026.pdf")
CREATION = {
    "type": "credential",
    "algorithm": "RSA-2048",
    "issuer": "Ipse Sandbox Issuing Authority",
    "quality": "test",
    "valid_seconds": 3 * 365 * 86_400,
    "credential": "credential-2",
    "common_name": "Ada Lindenholt",
    "given_name": "Ada",
    "surname": "Lindenholt",
    "country": "BE",
    "serial_number": "PNOBE-*********15",
}
MEANT: dict[str, Any] = {
    "description": "Lease of the apartment",
    "role": "Tenant",
    "commitment": "1.2.840.113549.1.9.16.6.5",
    "policy": "1.3.6.1.4.1.49274.1.1.5.1",
}
SIGNING = {"type": "signing", "service": {"code": "SIGN", "name": "Sign your lease"}}
_SIGNERS = """async () => {
  const opening = indexedDB.open("ipse", 1);
  await new Promise((resolve) => (opening.onsuccess = resolve));
  const asking = opening.result.transaction("phone").objectStore("phone").get("record");
  await new Promise((resolve) => (asking.onsuccess = resolve));
  opening.result.close();
  return asking.result.signers;
}"""

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]


def _digest(octets: bytes) -> str:
    return b64u(hashlib.sha256(octets).digest())


def _document(at: int, *, held: bool) -> dict[str, str]:
    label = NAMES[at] if at < len(NAMES) else f"Annex {at + 1:02}.pdf"
    document = {"label": label, "digest": _digest(label.encode())}
    return {**document, "file_digest": _digest(FILE), "document": "doc-1"} if held else document


def _signature(count: int, *, held: int = 0, **members: Any) -> dict[str, Any]:
    return {
        "type": "signature",
        "documents": [_document(at, held=at < held) for at in range(count)],
        "hash_algorithm": "SHA-256",
        "sign_algorithm": "1.2.840.113549.1.1.11",
        "credential": SIGNER["credential"],
        "expires_at": int(time.time()) + 600,
        **members,
    }


def _picture(shade: int) -> bytes:
    """A small page in grey."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 70, 99, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + bytes([shade]) * 70 for _ in range(99)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as found:
        yield found


@pytest_asyncio.fixture(loop_scope="module")
async def phone(browser: Browser) -> AsyncIterator[Handset]:
    async with handset(browser) as found:
        found.scheme.papers["doc-1"] = (FILE, [_picture(220), _picture(200)])
        found.scheme.outcome = "approved"
        yield found


async def _type_code(phone: Handset, code: str = CODE) -> None:
    for digit in code:
        await phone.page.locator(f'#code-pad [data-digit="{digit}"]').click()


async def test_a_certificate_says_for_whom_by_whom_and_what_it_is_worth(phone: Handset) -> None:
    for quality, words in {"advanced": "Advanced signature", "qualified": "Qualified signature"}.items():
        await phone.show({**CREATION, "quality": quality}, **SIGNING)
        await expect(phone.page.locator('[data-part="quality"]')).to_contain_text(words)
    await phone.show(CREATION, **SIGNING)
    card = phone.page.locator('[data-confirm="credential"]')
    for part, words in {
        "common_name": "Ada Lindenholt",
        "issuer": "Ipse Sandbox Issuing Authority",
        "quality": "Test: has no legal value",
        "valid": "3 years",
        "bound": "only on this phone and with your code",
        "serial_number": "PNOBE-•••••••••15",
    }.items():
        await expect(card.locator(f'[data-part="{part}"]')).to_contain_text(words)
    await card.locator("summary").click()
    await expect(card.locator('[data-part="algorithm"]')).to_have_text("RSA-2048")
    await expect(card.locator('[data-part="country"]')).to_have_text("Belgium")
    await expect(card.locator('[data-part="credential"]')).to_have_text("credential-2")
    approve = phone.page.locator("#approve")
    await expect(approve).to_have_text("Create my signing certificate")
    assert await phone.page.locator("#remember").count() == 0
    await approve.click()
    await _type_code(phone)
    await expect(phone.page.locator("#outcome")).to_have_attribute("data-outcome", "approved")
    signers = await phone.page.evaluate(_SIGNERS)
    assert [one["credential"] for one in signers] == ["credential-1", "credential-2"]
    assert signers[1]["salt"] != signers[0]["salt"]


async def test_one_document_is_named_with_what_signing_it_means(phone: Handset) -> None:
    await phone.show(_signature(1, **MEANT), **SIGNING)
    card = phone.page.locator('[data-confirm="signature"]')
    for part, words in {
        "count": NAMES[0],
        "description": "Lease of the apartment",
        "commitment": "You approve its content",
        "role": "Tenant",
        "signer": "Ipse Sandbox Issuing Authority",
    }.items():
        await expect(card.locator(f'[data-part="{part}"]')).to_contain_text(words)
    await expect(card.locator('[data-part="signer"]')).to_contain_text("Test: has no legal value")
    await card.locator("summary").click()
    await expect(card.locator('[data-part="policy"]')).to_have_text(MEANT["policy"])
    await expect(phone.page.locator("#approve")).to_have_text("Sign the document")
    await card.locator("[data-document]").click()
    await phone.on_screen("document")
    await expect(phone.page.locator("#not-held")).to_contain_text("Pot & Linde keeps this document")
    hexadecimal = hashlib.sha256(NAMES[0].encode()).hexdigest()
    whole = (await phone.page.locator('[data-part="digest"]').inner_text()).replace(" ", "")
    assert whole == hexadecimal
    await phone.show(_signature(1, commitment="1.3.6.1.4.1.49274.1.2.1"), **SIGNING)
    await expect(card.locator('[data-part="commitment"]')).to_have_text("1.3.6.1.4.1.49274.1.2.1")


async def test_twelve_documents_and_their_certificate_are_approved_once_by_code_alone(phone: Handset) -> None:
    """One code for all; the certificate is made first."""
    await phone.show(CREATION, _signature(12, **MEANT, credential="credential-2"), **{**SIGNING, "assurance": "basic"})
    await expect(phone.page.locator('[data-confirm="signature"] [data-part="count"]')).to_have_text("12 documents")
    await expect(phone.page.locator('[data-confirm="credential"] [data-part="bound"]')).to_contain_text("made first")
    rows = phone.page.locator("#documents [data-document]")
    assert await rows.count() == 12
    await expect(rows.nth(4)).to_be_visible()
    await expect(rows.nth(5)).to_be_hidden()
    await phone.page.locator("#all-documents").click()
    await expect(rows.nth(11)).to_contain_text("Annex 12.pdf")
    digest = hashlib.sha256(b"Annex 12.pdf").hexdigest()
    await expect(rows.nth(11)).to_contain_text(f"SHA-256: {digest[:4]} {digest[4:8]} … {digest[-8:-4]} {digest[-4:]}")
    await expect(phone.page.locator("#approve")).to_have_text("Sign 12 documents")
    await phone.page.locator("#approve").click()
    await phone.on_screen("approval")
    await expect(phone.page.locator("#approving")).to_have_text("Sign 12 documents")
    await _type_code(phone)
    await expect(phone.page.locator("#outcome")).to_contain_text("where the signature is finished")
    assert [path for path, _ in phone.scheme.told].count("/approvals") == 1


async def test_seventy_documents_stay_in_hand(phone: Handset) -> None:
    """Search by name, and back to the same place after a look at one."""
    await phone.show(_signature(70, held=70), **SIGNING)
    await phone.page.locator("#all-documents").click()
    search, rows = phone.page.locator("#find-document"), phone.page.locator("#documents [data-document]:visible")
    await expect(rows).to_have_count(70)
    await search.fill("annex 5")
    await expect(rows).to_have_count(10)
    await expect(phone.page.locator("[data-confirm] [role=status]")).to_have_text("10 of 70")
    await phone.page.locator('[data-document="57"]').click()
    await phone.on_screen("document")
    await expect(phone.page.locator("#position")).to_have_text("Document 57 of 70")
    await expect(phone.page.locator("#pages img")).to_have_count(2)
    await phone.page.locator("#document-back").click()
    await phone.on_screen("request")
    await expect(search).to_have_value("annex 5")
    row = phone.page.locator('[data-document="57"]')
    await expect(row).to_be_focused()
    await expect(row).to_be_in_viewport()
    await expect(row).to_contain_text("opened")
    await expect(phone.page.locator("#approve")).to_have_text("Sign 70 documents")


async def test_a_document_is_read_and_its_file_compared_before_it_is_opened(phone: Handset) -> None:
    """B-52: the person sees the name and can open what is signed."""
    await phone.show(_signature(2, held=1), **SIGNING)
    await phone.page.locator('[data-document="1"]').click()
    await expect(phone.page.locator("#pages img")).to_have_count(2)
    await expect(phone.page.locator("#pages img").first).to_have_attribute("alt", "Page 1 of 2")
    phone.scheme.refuse_token = True
    async with phone.page.expect_download() as saving:
        await phone.page.locator("#open-file").click()
    download = await saving.value
    assert download.suggested_filename == NAMES[0]
    saved = await download.path()
    assert saved.read_bytes() == FILE
    await expect(phone.page.locator("#file-checked")).to_contain_text("exactly the file that you sign")
    opened = [told for path, told in phone.scheme.told if path == "/documents"]
    assert [one["document"] for one in opened] == ["doc-1", "doc-1"]


async def test_another_file_than_the_one_shown_is_not_opened_and_not_signed(phone: Handset) -> None:
    await phone.show(_signature(2, held=1), **SIGNING)
    await phone.page.locator('[data-document="1"]').click()
    phone.scheme.papers["doc-1"] = (FILE + b" and more", [_picture(220)])
    await phone.page.locator("#open-file").click()
    await expect(phone.page.locator("#other-file")).to_have_text("This is not the file that you are asked to sign.")
    assert await phone.page.locator("#file-link").count() == 0
    await phone.page.locator("#document-back").click()
    await expect(phone.page.locator("#differs")).to_be_in_viewport()
    assert await phone.page.locator("#approve").count() == 0
    phone.scheme.outcome = "rejected"
    await phone.page.locator("#refuse").click()
    await expect(phone.page.locator("#outcome")).to_contain_text("Nothing was signed")


async def test_a_document_that_is_gone_says_so(phone: Handset) -> None:
    phone.scheme.papers.clear()
    await phone.show(_signature(1, held=1), **SIGNING)
    await phone.page.locator('[data-document="1"]').click()
    await expect(phone.page.locator("#pages")).to_contain_text("cannot be opened here any more")
    phone.scheme.papers["doc-1"] = (FILE, [])
    await phone.page.locator("#document-again").click()
    await expect(phone.page.locator("#pages")).to_contain_text("no pictures of this document")


async def test_what_is_strange_about_a_signature_can_only_be_refused(phone: Handset) -> None:
    """WYSIWYS fails closed: contents, a certificate of another phone or code, another key of signature activation."""
    strange = phone.page.locator("#strange")
    for contents in ([_signature(71)], [_signature(1), _signature(1)]):
        await phone.show(*contents, **SIGNING)
        await expect(strange).to_be_visible()
        assert await phone.page.locator("#approve").count() == 0
    await phone.show(_signature(1, credential="of-another-phone"), **SIGNING)
    await expect(strange).to_have_attribute("data-what", "signer_lost")
    await expect(strange).to_contain_text("change your code in the settings")
    phone.scheme.activation_key = None
    await phone.show(CREATION, **SIGNING)
    await expect(strange).to_have_attribute("data-what", "activation_key")
    assert await phone.page.locator("#approve").count() == 0


async def test_a_request_that_cannot_be_signed_ends_in_words(phone: Handset) -> None:
    for code, words in {
        "credential_needed": "no signing certificate",
        "other_credential": "another certificate",
    }.items():
        phone.scheme.refused = {"code": code, "http": 409}
        await phone.open("/#l=link")
        await expect(phone.page.locator("#outcome")).to_contain_text(words)


async def test_a_new_code_says_that_the_certificate_is_renewed(phone: Handset) -> None:
    await phone.open()
    await phone.page.locator("#tab-settings").click()
    await phone.page.locator("#settings-code").click()
    await expect(phone.page.locator("#certificate-ends")).to_contain_text("renewed at your next signature")
    await _type_code(phone)
    for step in ("next", "again"):
        await phone.on_screen(f"change-code-{step}")
        await _type_code(phone, "97531")
    await phone.on_screen("code-changed")
    await expect(phone.page.locator("#certificate-renewed")).to_contain_text("renewed at your next signature")
    assert await phone.page.evaluate(_SIGNERS) == []


async def test_the_history_says_what_was_signed(phone: Handset) -> None:
    entry = {"partner": "Notary", "service": "Sign", "type": "signing", "at": 1_790_000_000, "method": "code"}
    entry |= {"outcome": "approved", "start": "push", "shared": [], "declined": []}
    made = {name: CREATION[name] for name in ("type", "issuer", "quality", "valid_seconds")}
    labels = [document["label"] for document in _signature(12)["documents"]]
    meant = {name: value for name, value in MEANT.items() if name != "policy"}
    phone.scheme.entries = [
        {**entry, "action": "h1", "confirmed": [made, {"type": "signature", "count": 12, "labels": labels}]},
        {**entry, "action": "h2", "confirmed": [{"type": "signature", "count": 1, "labels": labels[:1], **meant}]},
    ]
    await phone.open()
    rows = phone.page.locator("#history [data-entry]")
    await expect(rows.nth(0)).to_contain_text("Sign 12 documents")
    await expect(rows.nth(1)).to_contain_text(f"Sign: {NAMES[0]}")
    await rows.nth(0).click()
    await phone.page.locator("#all-documents").click()
    await expect(phone.page.locator("#documents")).to_contain_text("Annex 12.pdf")
    assert await phone.page.locator("[data-document]").count() == 0
    await expect(phone.page.locator('[data-part="quality"]')).to_contain_text("Test: has no legal value")
    await phone.page.locator("#back").click()
    await rows.nth(1).click()
    await expect(phone.page.locator('[data-part="count"]')).to_have_text(NAMES[0])
    await expect(phone.page.locator('[data-part="commitment"]')).to_have_text("You approve its content")


@pytest.mark.parametrize(
    ("colours", "size", "locale"),
    [("light", (390, 844), "de-DE"), ("dark", (390, 844), "fr-BE"), ("light", (320, 568), "nl-BE")],
)
async def test_each_of_these_screens_is_accessible(
    browser: Browser, colours: Any, size: tuple[int, int], locale: str
) -> None:
    """WCAG 2.2 AA: names, sizes, contrast, reflow without sideways scrolling (1.4.10), the focus on the heading."""
    async with handset(browser, colours=colours, size=size, locale=locale) as phone:
        phone.scheme.papers["doc-1"] = (FILE, [_picture(220)])

        async def accessible() -> None:
            await asyncio.sleep(0.45)
            assert await phone.page.evaluate(PROBE) == []
            assert await phone.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            assert await phone.page.evaluate("document.querySelector('#screen').scrollWidth <= innerWidth")

        await phone.show(CREATION, _signature(12, **MEANT, credential="credential-2"), **SIGNING)
        await phone.page.locator("summary").first.click()
        await phone.page.locator("summary").last.click()
        await phone.page.locator("#all-documents").click()
        await accessible()
        await phone.show(_signature(1, held=1), **SIGNING)
        await phone.page.locator('[data-document="1"]').click()
        await phone.on_screen("document")
        await phone.page.locator("#open-file").click()
        await expect(phone.page.locator("#file-checked .note")).to_be_visible()
        await accessible()
