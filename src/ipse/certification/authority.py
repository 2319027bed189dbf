"""The issuing authority: certifies keys, and changes the status of what it certified.

Serial number and times of a certificate are kept before it is signed. Whoever asks again, after a crash as well, is
given the same one.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ipse.certification import profiles, store
from ipse.certification.errors import RefusedError
from ipse.certification.keys import PrivateKey, digest_of
from ipse.certification.lists import Lists
from ipse.certification.profiles import Issuing, Pair, Validity, moment
from ipse.certification.requests import Asked
from ipse.kernel.clock import SECOND, Clock
from ipse.kernel.ids import Ids
from ipse.standards.certification import StatusChange, StatusNow
from ipse.storage.database import Database

_HOUR, _DAY = 3600, 86_400
_SERIAL_BYTES = 16
_OF_PEOPLE = frozenset({"person", "short_term"})


@dataclass(frozen=True)
class Authority:
    """Issues, suspends, resumes, revokes."""

    database: Database
    by: Issuing
    lists: Lists
    clock: Clock
    ids: Ids
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def certify(self, asked: Asked, *, asked_by: str, profile: str, valid_seconds: int) -> bytes:
        """A certificate (DER) for a person's key; the same for the same request.

        Raises:
            RefusedError: the key was certified for another request, the certificate has ended, or it would hold for
                too long.
        """
        now = self.clock.now()
        length = self._length(now, profile, valid_seconds)
        wanted = store.Reserved(
            serial=f"{self._serial():x}",
            kind=profile,
            key_digest=digest_of(asked.key),
            request_digest=_digest(asked, profile, valid_seconds),
            asked_by=asked_by,
            not_before=round(length.begins.timestamp()) * SECOND,
            not_after=round(length.ends.timestamp()) * SECOND,
        )
        row = await self.database.transact(lambda: store.reserving(wanted, now))
        if row.request_digest != wanted.request_digest:
            raise RefusedError("other_request")
        if row.status == "revoked":
            raise RefusedError("ended")
        if row.certificate is not None:
            return row.certificate
        kept = Validity(moment(row.not_before), moment(row.not_after))

        def sign() -> x509.Certificate:
            serial, short_term = int(row.serial, 16), profile == "short_term"
            return profiles.person(self.by, asked.subject, asked.key, serial, kept, short_term=short_term)

        return await self._keep(row.serial, await asyncio.to_thread(sign), asked_by)

    async def own(self, kind: str, key: PrivateKey, *, days: int, renew_at: float) -> Pair:
        """The certificate of one of the service's own keys, made anew when less than `renew_at` of it is left."""
        now, public = self.clock.now(), key.public_key()
        digest = digest_of(public)
        found = await store.newest(self.database, kind, digest)
        if found and found.certificate and now + days * _DAY * SECOND * renew_at < found.not_after:
            certificate = x509.load_der_x509_certificate(found.certificate)
            if certificate.issuer == self.by.subject:
                return Pair(key, certificate)
        length = self._capped(now, days * _DAY)
        serial = self._serial()
        wanted = store.Reserved(
            serial=f"{serial:x}",
            kind=kind,
            key_digest=None,
            request_digest=digest,
            asked_by=f"own:{digest}",
            not_before=round(length.begins.timestamp()) * SECOND,
            not_after=round(length.ends.timestamp()) * SECOND,
        )
        await self.database.transact(lambda: store.reserving(wanted, now))
        build = profiles.responder if kind == "responder" else profiles.timestamps
        made = await asyncio.to_thread(build, self.by, public, serial, length)
        return Pair(key, x509.load_der_x509_certificate(await self._keep(wanted.serial, made, "system")))

    async def change_of_person(self, serial: str, asked: StatusChange, *, asked_by: str) -> StatusNow:
        """As `change`, for those who register people: the service's own certificates are none of theirs."""
        if (await self._known(serial)).kind not in _OF_PEOPLE:
            raise RefusedError("unknown_certificate")
        return await self.change(serial, asked, asked_by=asked_by)

    async def change(self, serial: str, asked: StatusChange, *, asked_by: str) -> StatusNow:
        """Put on hold, resume or revoke. The list that says so is there when this returns.

        Raises:
            RefusedError: unknown; or revoked, which is for ever.
        """
        now, reason = self.clock.now(), asked.reason if asked.status == "revoked" else ""
        async with self._turn:
            changed = await self.database.transact(lambda: store.changing(serial, asked.status, reason, asked_by, now))
            if changed is not None:
                await self.lists.make()
        row = changed or await self._known(serial)
        if row.status != asked.status:
            raise RefusedError("ended")
        return _told(row)

    async def status(self, serial: str) -> StatusNow:
        """What is known of a certificate.

        Raises:
            RefusedError: nothing.
        """
        return _told(await self._known(serial))

    async def _known(self, serial: str) -> store.Certified:
        row = await store.certificate(self.database, serial)
        if row is None or row.certificate is None:
            raise RefusedError("unknown_certificate")
        return row

    async def _keep(self, serial: str, made: x509.Certificate, actor: str) -> bytes:
        octets = made.public_bytes(Encoding.DER)
        return await self.database.transact(lambda: store.certifying(serial, octets, actor, self.clock.now()))

    def _length(self, now: int, profile: str, seconds: int) -> Validity:
        settings = self.by.settings
        most = settings.short_term_hours * _HOUR if profile == "short_term" else settings.most_days * _DAY
        if not 1 <= seconds <= most:
            raise RefusedError("wrong_validity", f"choose 1 to {most} seconds")
        length = self._capped(now, seconds)
        if length.ends <= length.begins:
            raise RefusedError("wrong_validity", "the issuing authority itself is at its end")
        return length

    def _capped(self, now: int, seconds: int) -> Validity:
        """No longer than the issuing authority itself holds."""
        asked = profiles.validity(now, seconds=seconds)
        return Validity(asked.begins, min(asked.ends, self.by.pair.certificate.not_valid_after_utc))

    def _serial(self) -> int:
        """128 random bits, positive as RFC 5280 §4.1.2.2 wants it."""
        return int.from_bytes(self.ids.octets(_SERIAL_BYTES), "big") or 1


def _digest(asked: Asked, profile: str, valid_seconds: int) -> str:
    names = [hashlib.sha256(asked.octets).hexdigest(), profile, valid_seconds]
    return hashlib.sha256(msgspec.json.encode(names)).hexdigest()


def _told(row: store.Certified) -> StatusNow:
    return StatusNow(row.serial, row.status, row.reason, row.changed_at)
