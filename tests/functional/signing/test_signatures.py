"""From a request to its values: certificate, batch, history, and the same result however often."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from ipse.actions.errors import RequestEnded, RequestPending, UnknownAction
from ipse.actions.model import AskedAttribute
from ipse.kernel.ids import b64u_decode
from ipse.signing.model import CredentialState
from tests.functional.oidc.handsets import Handset, RefusedError
from tests.functional.signing.office import PARTNER, Office, signature, subject_of

if TYPE_CHECKING:
    from ipse.signing.model import Concluded


def verified(concluded: Concluded) -> None:
    """Every value is a signature of its document's digest by the certificate, in order."""
    key = x509.load_der_x509_certificate(concluded.credential.certificates[0]).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert concluded.signature is not None
    for document, value in zip(concluded.signature.documents, concluded.signatures, strict=True):
        key.verify(value, b64u_decode(document.digest), padding.PKCS1v15(), Prehashed(hashes.SHA256()))


async def test_one_code_makes_the_certificate_and_signs(office: Office) -> None:
    ada = await office.signer()
    action = await office.begin("Deed of sale.pdf")
    with pytest.raises(RequestPending):
        await office.signing.conclude(action.action_id, PARTNER)
    request = await ada.claim(action.handle)
    creation, signed = request.confirms
    assert (creation["type"], creation["quality"], creation["common_name"]) == ("credential", "test", "Ada Lovelace")
    assert creation["serial_number"].startswith("PNOBE-*")
    assert signed["credential"] == creation["credential"]
    await ada.approve(request)

    concluded = await office.signing.conclude(action.action_id, PARTNER)
    verified(concluded)
    named = subject_of(concluded.credential.certificates[0])
    assert (named["CN"], named["C"]) == ("Ada Lovelace", "BE")
    assert any(value.startswith("PNOBE-0") for value in named.values())
    assert concluded.subject == await office.works.features.people.subject(ada.account_id, PARTNER)
    assert await office.signing.conclude(action.action_id, PARTNER) == concluded
    with pytest.raises(UnknownAction):
        await office.signing.conclude(action.action_id, "somebody else")

    entry = (await ada.history())[0]
    assert entry["confirmed"][1] == {"type": "signature", "count": 1, "labels": ["Deed of sale.pdf"]}
    assert concluded.signature is not None
    assert concluded.signature.documents[0].digest not in str(entry)
    database = office.works.features.people.database
    lines = await database.rows("select act from audit_lines where subject = $1", concluded.credential.credential_id)
    assert [line["act"] for line in lines] == ["signing.make", "signing.certify", "signing.sign"]


async def test_a_batch_is_signed_in_order_with_the_certificate_there_is(office: Office) -> None:
    ada = await office.signer()
    made = await office.signing.conclude(await office.approved(ada), PARTNER)
    assert made.signatures == ()
    assert made.credential.state is CredentialState.ACTIVE
    action = await office.begin(*(f"page {number}" for number in range(12)))
    request = await ada.claim(action.handle)
    assert [each["type"] for each in request.confirms] == ["signature"]
    await ada.approve(request)
    concluded = await office.signing.conclude(action.action_id, PARTNER)
    verified(concluded)
    assert len(concluded.signatures) == 12
    assert concluded.credential == made.credential == await office.signing.credential_of(ada.account_id)
    # Who has one is only asked to agree where a partner asks for a certificate alone.
    agreed = await office.signing.conclude(await office.approved(ada), PARTNER)
    assert agreed.credential == made.credential


async def test_a_request_that_cannot_be_put_before_a_person_ends(office: Office) -> None:
    ada, bram = await office.signer(), await office.signer()
    action = await office.begin("deed", create=False)
    with pytest.raises(RefusedError, match="credential_needed"):
        await ada.claim(action.handle)
    with pytest.raises(RequestEnded):
        await office.signing.conclude(action.action_id, PARTNER)
    hers = (await office.signing.conclude(await office.approved(ada), PARTNER)).credential.credential_id
    await office.signing.conclude(await office.approved(bram), PARTNER)
    for asked in (hers, "unknown"):
        named = msgspec.structs.replace(signature("deed"), credential=asked)
        action = await office.begin(create=False, signature=named)
        with pytest.raises(RefusedError, match="other_credential"):
            await bram.claim(action.handle)


async def test_an_approval_without_its_copy_for_signature_activation_is_refused(office: Office) -> None:
    ada = await office.signer()
    action = await office.begin("deed")
    request = await ada.claim(action.handle)
    with pytest.raises(RefusedError, match="activation_needed") as refused:
        await Handset(office.works, ada.state, ada.account_id).approve(request)
    await ada.approve(request.renewed(refused.value.body["challenge"]))
    verified(await office.signing.conclude(action.action_id, PARTNER))


async def test_one_approval_identifies_and_signs(office: Office) -> None:
    ada = await office.signer()
    asked = (AskedAttribute("family_name", required=True, protected=False),)
    action = await office.begin("contract", kind="identification", attributes=asked)
    await ada.approve(await ada.claim(action.handle))
    verified(await office.signing.conclude(action.action_id, PARTNER))
    redeemed = await office.works.features.actions.redeem_action(action.action_id, PARTNER)
    assert redeemed.released == {"family_name": "Lovelace"}
    verified(await office.signing.conclude(action.action_id, PARTNER))


async def test_a_request_for_one_person_is_for_nobody_else(office: Office) -> None:
    ada, bram = await office.signer(), await office.signer()
    action = await office.begin("deed", account_id=ada.account_id)
    with pytest.raises(RefusedError):
        await bram.claim(action.handle)
    assert (await ada.home())["open"] == []
    sent = await office.begin("deed", account_id=ada.account_id, addressed=True)
    assert [each["action"] for each in (await ada.home())["open"]] == [sent.action_id]
    digits = office.works.features.actions.digits(sent)
    await ada.approve(await ada.claim_start({"action": sent.action_id, "digits": digits}))
    verified(await office.signing.conclude(sent.action_id, PARTNER))
