"""pyHanko's own CSC client, as it is published, has a PDF signed here."""

from __future__ import annotations

import asyncio
import io
from base64 import b64decode
from typing import TYPE_CHECKING

import aiohttp
from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers
from pyhanko.sign.signers.csc_signer import (
    CSCAuthorizationInfo,
    CSCAuthorizationManager,
    CSCServiceSessionInfo,
    CSCSigner,
    fetch_certs_in_csc_credential,
)
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from tests.functional.csc.town import Site
from tests.support.signed_papers import paper

if TYPE_CHECKING:
    from ipse.softphone import SoftPhone
    from tests.support.certification import RunningCertification


class ByBrowser(CSCAuthorizationManager):
    """Signature activation data for a digest: the person's browser goes round, and the person approves."""

    site: Site
    phone: SoftPhone

    async def authorize_signature(self, hash_b64s: list[str]) -> CSCAuthorizationInfo:
        wanted = [b64decode(each) for each in hash_b64s]
        credential = self.csc_session_info.credential_id
        return CSCAuthorizationInfo(await asyncio.to_thread(self.site.sad, self.phone, credential, wanted))


async def test_its_client_signs_a_pdf_unmodified(site: Site, certification: RunningCertification) -> None:
    phone = await asyncio.to_thread(site.town.ada)
    token, credential = await asyncio.to_thread(site.known, phone)
    session = CSCServiceSessionInfo(site.town.base, credential, oauth_token=token)
    async with aiohttp.ClientSession() as client:
        known = await fetch_certs_in_csc_credential(client, session)
        manager = ByBrowser(session, known)
        manager.site, manager.phone = site, phone
        signer = CSCSigner(client, manager)
        meta = signers.PdfSignatureMetadata(
            field_name="Signature", md_algorithm="sha256", subfilter=fields.SigSeedSubFilter.PADES
        )
        signed = await signers.async_sign_pdf(IncrementalPdfFileWriter(io.BytesIO(paper())), meta, signer=signer)
    assert not known.hash_pinning_required  # SCAL is 1: the phone is software
    roots = list(load_certs_from_pemder([str(certification.root_pem)]))
    context = ValidationContext(trust_roots=roots, other_certs=list(known.chain), allow_fetching=False)
    embedded = PdfFileReader(signed).embedded_signatures[0]
    status = await async_validate_pdf_signature(embedded, context)
    assert status.intact
    assert status.valid
    assert status.trusted
