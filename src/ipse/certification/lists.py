"""The list of certificates on hold and revoked (CRL, RFC 5280 §5): complete, regular, and new after each change."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ipse.certification import store
from ipse.certification.keys import hash_of
from ipse.certification.profiles import Issuing, moment
from ipse.kernel.clock import SECOND, Clock
from ipse.storage.database import Database

EXPIRED_STAY: Final = x509.ObjectIdentifier("2.5.29.60")
"""expiredCertsOnCRL: revoked certificates stay on the list after their end (EN 319 411-2 §6.3.9)."""
REASONS: Final = {
    "key_compromise": x509.ReasonFlags.key_compromise,
    "affiliation_changed": x509.ReasonFlags.affiliation_changed,
    "superseded": x509.ReasonFlags.superseded,
    "cessation_of_operation": x509.ReasonFlags.cessation_of_operation,
    "privilege_withdrawn": x509.ReasonFlags.privilege_withdrawn,
}


@dataclass
class Lists:
    """Makes and keeps lists."""

    database: Database
    by: Issuing
    clock: Clock
    newest: store.MadeList | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def make(self) -> store.MadeList:
        """A new list of everything that is not good now."""
        async with self._turn:
            while True:
                now, last = self.clock.now(), await store.last_list(self.database)
                number = (last.number if last else 0) + 1
                ended = await store.ended(self.database)
                next_at = now + self.by.settings.list_hours * 3600 * SECOND
                octets = await asyncio.to_thread(self._signed, number, ended, now, next_at)
                made = store.MadeList(number, now, next_at, octets)
                if await self._kept(made, now):
                    self.newest = made
                    return made

    async def keep_up(self) -> None:
        """A new list when the last is old; one that the command line has made is taken up."""
        last = await store.last_list(self.database)
        if last is not None and (self.newest is None or last.number > self.newest.number):
            self.newest = last
        if self.newest is None or self.clock.now() >= self.newest.made_at + self._pause:
            await self.make()

    async def _kept(self, made: store.MadeList, now: int) -> bool:
        return await self.database.transact(lambda: store.keeping(made, now))

    @property
    def _pause(self) -> int:
        return self.by.settings.list_minutes * 60 * SECOND

    def _signed(self, number: int, ended: list[store.Ended], now: int, next_at: int) -> bytes:
        issuer = self.by.pair
        built = x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
        built = built.last_update(moment(now)).next_update(moment(next_at))
        for each in ended:
            entry = x509.RevokedCertificateBuilder().serial_number(each.serial).revocation_date(moment(each.changed_at))
            if (reason := reason_of(each.status, each.reason)) is not None:
                entry = entry.add_extension(x509.CRLReason(reason), critical=False)
            built = built.add_revoked_certificate(entry.build())
        key = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
        built = built.add_extension(key, critical=False).add_extension(x509.CRLNumber(number), critical=False)
        begin = issuer.certificate.not_valid_before_utc
        stay = x509.UnrecognizedExtension(EXPIRED_STAY, b"\x18\x0f" + begin.strftime("%Y%m%d%H%M%SZ").encode())
        built = built.add_extension(stay, critical=False)
        return built.sign(issuer.key, hash_of(issuer.key)).public_bytes(Encoding.DER)


def reason_of(status: str, reason: str) -> x509.ReasonFlags | None:
    """The reason as lists and answers have it; none where it would be "unspecified" (RFC 5280 §5.3.1)."""
    return x509.ReasonFlags.certificate_hold if status == "on_hold" else REASONS.get(reason)
