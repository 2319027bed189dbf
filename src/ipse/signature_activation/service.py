"""Making credentials, signing with them, ending them."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar
from weakref import WeakValueDictionary

from cryptography.hazmat.primitives.asymmetric import ec
from msgspec.structs import replace

from ipse.kernel.clock import Clock, seconds
from ipse.kernel.ids import b64u, b64u_decode
from ipse.signature_activation import rules
from ipse.signature_activation.attestations import Makers
from ipse.signature_activation.certification_requests import build_request
from ipse.signature_activation.errors import Refusal
from ipse.signature_activation.keys.port import Keys, KeysUnavailable, MadeKey
from ipse.signature_activation.lines import SIGN, Note
from ipse.signature_activation.model import Held, Presented, ShownCredential, ShownSignature, State, Verdict
from ipse.signature_activation.records import Records
from ipse.signature_activation.settings import ActivationSettings
from ipse.standards.phone_channel import SignedMessage
from ipse.standards.signature_activation import (
    Activated,
    ActivationKey,
    Certified,
    Ending,
    MadeCredential,
    NewCredential,
    Signed,
)

T = TypeVar("T")
_KEY_SECONDS = 45.0
"""So long the security module may take for one approval, waiting for others included."""


@dataclass(slots=True)
class SignatureActivation:
    """The whole of what this process does."""

    settings: ActivationSettings
    records: Records
    keys: Keys
    makers: Makers
    published: ActivationKey
    opening: Mapping[str, ec.EllipticCurvePrivateKey] = field(repr=False)
    clock: Clock
    threads: ThreadPoolExecutor
    _turns: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    async def create(self, new: NewCredential) -> MadeCredential:
        """Make the key that an approval asks for; the same approval again gives the same answer.

        Raises:
            Refusal: says why not.
        """
        presented = rules.read(new.approval, self.opening)
        creation = presented.document.creation
        if creation is None:
            raise Refusal("not_a_signature", "no credential was shown that could be made")
        async with self._turn(creation.credential):
            held = await self.records.held(creation.credential)
            message = rules.verified(presented, new.device_key)
            judged = self._judged(presented, message, serial_number=new.serial_number)
            _judge(rules.APPROVED, judged)
            if held is not None and hmac.compare_digest(held.approval, presented.approval):
                rules.check_living(held)
                return _made(held)
            if held is not None:
                raise Refusal("used", "there is a credential of that name")
            _judge(rules.CREATING, judged)
            attested = self.makers.attest(new.attestation, new.device_key, seconds(self.clock.now()))
            key, request = await self._in_thread(lambda: self._make(creation, new.serial_number))
            fresh = Held(
                credential=creation.credential,
                state=State.MADE,
                algorithm=creation.algorithm,
                phone=message.phone,
                device_key={name: new.device_key[name] for name in ("kty", "crv", "x", "y")},
                code_key=presented.activation.code_key,
                wrapped=key.wrapped,
                public_key=key.public,
                request=request,
                approval=presented.approval,
                attested=attested,
            )
            await self.records.keep("make", fresh, _note(presented))
            return _made(fresh)

    async def certify(self, credential: str, certified: Certified) -> None:
        """Take a credential's certificate; from then on it signs.

        Raises:
            Refusal: says why not.
        """
        try:
            octets = b64u_decode(certified.certificate)
        except ValueError as error:
            raise Refusal("malformed", "certificate is not base64url") from error
        async with self._turn(credential):
            held = await self._known(credential)
            rules.check_living(held)
            rules.check_certificate(octets, held)
            if held.state is State.MADE:
                digest = hashlib.sha256(octets).digest()
                kept = replace(held, state=State.CERTIFIED, certificate=digest)
                await self.records.keep("certify", kept, Note(reason=digest.hex()))

    async def sign(self, activated: Activated) -> Signed:
        """Sign what was shown, all or nothing; the same approval again gives the same values.

        Raises:
            Refusal: says why not.
        """
        presented = rules.read(activated, self.opening)
        signature = presented.document.signature
        if signature is None:
            raise Refusal("not_a_signature", "nothing was shown that could be signed")
        action = hashlib.sha256(presented.document.action.encode()).digest()
        async with self._turn(signature.credential):
            held = await self._known(signature.credential)
            judged = self._judged(presented, rules.verified(presented, held.device_key), held)
            _judge(rules.APPROVED, judged)
            before = await self.records.verdict(presented, action, kept_seconds=self.settings.answer_seconds)
            if before is not None:
                return _signed(before)
            _judge(rules.SIGNING, judged)
            tried = await self._count(presented, held)
            if not rules.is_proven(presented, held):
                await self._wrong(presented, tried)
            return _signed(await self._use(presented, signature, tried, before=held))

    async def end(self, credential: str, ending: Ending) -> None:
        """Destroy a key for ever, and the names in its request; once more does nothing.

        Raises:
            Refusal: there is no such credential.
        """
        async with self._turn(credential):
            held = await self._known(credential)
            if held.state is not State.ENDED:
                ended = replace(held, state=State.ENDED, wrapped=b"", code_key=b"", request=b"")
                await self.records.keep("end", ended, Note(reason=ending.reason[:64]))

    async def reachable(self) -> bool:
        """Whether keys can be used now."""
        try:
            await self._in_thread(self.keys.check)
        except Refusal:
            return False
        return True

    # -- steps

    def _turn(self, credential: str) -> asyncio.Lock:
        """One at a time for each credential."""
        return self._turns.setdefault(credential, asyncio.Lock())

    async def _known(self, credential: str) -> Held:
        held = await self.records.held(credential)
        if held is None:
            raise Refusal("unknown_credential", "there is no such credential")
        return held

    def _judged(
        self, presented: Presented, message: SignedMessage, held: Held | None = None, *, serial_number: str = ""
    ) -> rules.Judged:
        return rules.Judged(
            presented=presented,
            message=message,
            held=held,
            serial_number=serial_number,
            now=seconds(self.clock.now()),
            approval_seconds=self.settings.approval_seconds,
            creation_seconds=self.settings.creation_seconds,
        )

    async def _count(self, presented: Presented, held: Held) -> Held:
        """Count a try before it is judged; one that a crash has interrupted counts once."""
        trying = _trying(presented)
        if held.trying == trying:
            return held
        tried = replace(held, tries=held.tries + 1, trying=trying)
        if tried.tries > self.settings.tries:
            await self._lock(presented, held)
        await self.records.keep("try", tried, _note(presented))
        return tried

    async def _wrong(self, presented: Presented, tried: Held) -> None:
        judged = (presented.approval, None, Verdict(credential=tried.credential, signatures=()))
        locked = tried.tries >= self.settings.tries
        kept = replace(tried, state=State.LOCKED if locked else tried.state, trying=b"")
        note = replace(_note(presented), reason="locked" if locked else "")
        await self.records.keep("wrong", kept, note, judged=judged)
        raise Refusal("wrong_code", "the proof is not by the code key of the credential")

    async def _lock(self, presented: Presented, held: Held) -> None:
        await self.records.keep("lock", replace(held, state=State.LOCKED), _note(presented))
        raise Refusal("credential_ended", "the credential is locked")

    async def _use(self, presented: Presented, signature: ShownSignature, tried: Held, *, before: Held) -> Verdict:
        digests = tuple(b64u_decode(document.digest) for document in signature.documents)
        try:
            values = await self._in_thread(
                lambda: self.keys.sign(tried.wrapped, tried.algorithm, signature.hash_algorithm, digests)
            )
        except Refusal:
            await self.records.keep("release", replace(before, trying=b""), _note(presented))
            raise
        verdict = Verdict(credential=tried.credential, signatures=values)
        action = hashlib.sha256(presented.document.action.encode()).digest()
        kept = replace(tried, tries=0, trying=b"")
        await self.records.keep(SIGN, kept, _note(presented), judged=(presented.approval, action, verdict))
        return verdict

    def _make(self, creation: ShownCredential, serial_number: str) -> tuple[MadeKey, bytes]:
        key = self.keys.make(creation.algorithm)

        def sign(digest: bytes) -> bytes:
            return self.keys.sign(key.wrapped, creation.algorithm, "SHA-256", (digest,))[0]

        return key, build_request(creation, serial_number, key.public, sign)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        try:
            # What comes later than this is thrown away with its thread's work: nobody has seen it.
            async with asyncio.timeout(_KEY_SECONDS):
                return await asyncio.get_running_loop().run_in_executor(self.threads, work)
        except (KeysUnavailable, TimeoutError) as error:
            raise Refusal("keys_unavailable", str(error) or "the security module does not answer") from error


def _judge(checks: tuple[rules.Rule, ...], judged: rules.Judged) -> None:
    for check in checks:
        check(judged)


def _trying(presented: Presented) -> bytes:
    activation = presented.activation
    return hashlib.sha256(presented.approval + activation.proof + activation.code_key).digest()


def _note(presented: Presented) -> Note:
    document, signature = presented.document, presented.document.signature
    return Note(
        approval=presented.approval,
        action=hashlib.sha256(document.action.encode()).digest(),
        shown=b64u(hashlib.sha256(presented.octets).digest()),
        partner=document.partner.id,
        count=0 if signature is None else len(signature.documents),
        until=0 if signature is None else signature.expires_at,
    )


def _made(held: Held) -> MadeCredential:
    return MadeCredential(
        credential=held.credential, algorithm=held.algorithm, request=b64u(held.request), attested=held.attested
    )


def _signed(verdict: Verdict) -> Signed:
    if not verdict.signatures:
        raise Refusal("wrong_code", "the proof is not by the code key of the credential")
    return Signed(verdict.credential, tuple(b64u(value) for value in verdict.signatures))
