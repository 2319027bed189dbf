"""An installation where people sign: real signature activation and certification, and phones that speak to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, cast

import msgspec
from cryptography import x509

from ipse.actions.model import Action, Signature, SignatureDocument
from ipse.app.news import handlers
from ipse.attributes.model import Facts, NationalNumber
from ipse.kernel.clock import SystemClock
from ipse.kernel.ids import RandomIds, b64u, sha256
from ipse.kernel.keystore import Keystore
from ipse.kernel.settings.parts import Certification
from ipse.kernel.settings.parts import Signing as SigningSettings
from ipse.people.service import People
from ipse.signing.model import NewSigning
from ipse.signing.service import Signing
from ipse.softphone.messages import Approved, CodeUse
from ipse.softphone.phone import Request
from ipse.softphone.signing import sealing_of
from ipse.softphone.state import Device, Pending
from ipse.standards.signature_activation import RSA_SHA256
from ipse.storage.database import Database
from ipse.storage.outbox import Outbox
from tests.functional.oidc.handsets import CODE, Handset, Works
from tests.functional.oidc.installation import Installation, settings_at
from tests.functional.signature_activation.processes import Place
from tests.support.certification import RunningCertification

PARTNER = "notary"
_IDS = RandomIds()


class Signer(Handset):
    """A phone that signs."""

    def approval(self, request: Request, code: str) -> Pending:
        """An approval as bytes, sealed to signature activation where it signs."""
        sealing = sealing_of(
            request.confirms,
            self.state,
            given=request.activation_key,
            published=lambda: request.activation_key,
            salt=lambda: _IDS.octets(32),
        )
        approved = Approved(request.action, request.shown, request.shared(), Device().report(), sealing=sealing)
        return self.writer.approval(self.state, approved, CodeUse(code, request.challenge))


@dataclass
class Office:
    """One process of the scheme, in this event loop."""

    works: Works
    keystore: Keystore

    @classmethod
    async def of(
        cls, database: Database, keystore: Keystore, activation: Place, certification: RunningCertification, **more: Any
    ) -> Office:
        """On a database, beside the two processes."""
        told = Certification(**{**certification.scheme_settings, **more})
        signing = SigningSettings(activation=activation.address, certification=told)
        settings = msgspec.structs.replace(settings_at(24260, ""), signing=signing)
        clock = SystemClock()
        people = People(database, keystore, clock, _IDS)
        around = SimpleNamespace(settings=settings, database=database, people=people, clock=clock)
        works = await Works.of(cast("Installation", around), keystore)
        around.actions, around.people = works.features.actions, works.features.people
        return cls(works, keystore)

    @property
    def signing(self) -> Signing:
        return self.works.features.signing

    async def signer(self) -> Signer:
        """Somebody whose national number is known."""
        handset = await self.works.handset()
        people, attributes = self.works.features.people, self.works.features.attributes
        key = await people.person_key(handset.account_id)
        number = f"{int(handset.state.phone_number[-9:]):011d}"
        facts = Facts(
            family_name="Lovelace", given_name="Ada", national_number=NationalNumber(country="BE", value=number)
        )
        now = people.clock.now()
        await people.database.transact(lambda: attributes.changing(handset.account_id, key, facts, now=now))
        return Signer(self.works, handset.state, handset.account_id)

    async def begin(self, *labels: str, **more: Any) -> Action:
        """Ask for signatures of documents by their labels, and a certificate where there is none."""
        asked = NewSigning(
            partner_id=PARTNER,
            partner_name="Notary",
            service_code="DEEDS",
            service_name={"en": "Deeds"},
            protocol={"door": "test"},
            browser_hash=sha256("browser"),
            signature=signature(*labels) if labels else None,
        )
        return await self.signing.begin(msgspec.structs.replace(asked, **{"create": True, **more}))

    async def approved(self, phone: Signer, *labels: str, code: str = CODE, **more: Any) -> str:
        """A request that a phone has approved; its id."""
        action = await self.begin(*labels, **more)
        await phone.approve(await phone.claim(action.handle), code)
        return action.action_id

    async def news(self) -> None:
        """Hand out what has happened until nothing is left that is due."""
        features = self.works.features
        outbox = Outbox(features.people.database, features.people.clock, handlers(features))
        while await outbox.hand_out():
            pass

    def beside(self, *, activation: Any = None, certification: Any = None) -> Signing:
        """The same signing with other clients."""
        conclusions = self.signing.conclusions
        assert conclusions is not None
        return replace(
            self.signing,
            conclusions=replace(
                conclusions,
                activation=activation or conclusions.activation,
                certification=certification or conclusions.certification,
            ),
        )

    async def close(self) -> None:
        await self.works.features.doors.close()


def signature(*labels: str, algorithm: str = RSA_SHA256) -> Signature:
    """Documents by their labels."""
    documents = tuple(SignatureDocument(label, b64u(sha256(label))) for label in labels)
    return Signature(documents, "SHA-256", algorithm)


def subject_of(certificate: bytes) -> dict[str, str]:
    """The names in a certificate."""
    read = x509.load_der_x509_certificate(certificate).subject
    return {attribute.rfc4514_attribute_name: str(attribute.value) for attribute in read}
