"""What a phone says (protocol sections 2 to 5): complete messages, ready to be stored and sent.

`Writer` needs the scheme's configuration for sealed messages only: it names the key to seal to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ipse.kernel.clock import Clock, seconds
from ipse.kernel.ids import Ids, b64u, b64u_decode, sha256
from ipse.softphone.configuration import Configuration
from ipse.softphone.errors import NoPhone
from ipse.softphone.signing import Sealing
from ipse.softphone.state import DeviceKey, Pending, State
from ipse.standards import phone_channel

CONTENT_TYPE = "application/jose"
SALT_OCTETS = 32

PATHS = {
    "enrol": "/enrolments",
    "enrolment-return": "/enrolments/return",
    "activate": "/activation",
    "home": "/home",
    "renew": "/renewals",
    "renewal-return": "/renewals/return",
    "claim": "/claims",
    "show": "/show",
    "approval": "/approvals",
    "document": "/documents",
    "reveal": "/reveals",
    "history": "/history",
    "change-code": "/code",
    "set-duress": "/code",
    "panic-sheets": "/panic-sheets",
    "make-panic-sheet": "/panic-sheets/make",
    "revoke-panic-sheet": "/panic-sheets/revoke",
    "settings": "/settings",
    "block": "/block",
    "remove": "/removal",
    "pair": "/pairings",
    "pairing": "/pairings/state",
    "meet": "/pairings/meeting",
    "part": "/pairings/parting",
    "hand-over": "/hand-over",
    "take-over": "/take-over",
    "object": "/objections",
    "notices": "/notices",
    "delete-identity": "/deletion",
    "change-number": "/number",
    "number-return": "/number/return",
    "browsers": "/browsers",
    "forget-browser": "/browsers/forget",
    "fallbacks": "/fallbacks",
    "add-fallback": "/fallbacks/add",
    "remove-fallback": "/fallbacks/remove",
    "fingerprints": "/fingerprints",
    "add-fingerprint": "/fingerprints/add",
    "remove-fingerprint": "/fingerprints/remove",
    "push": "/push",
    "unpush": "/push/end",
}


@dataclass(frozen=True, slots=True)
class CodeUse:
    """The code as typed, for one challenge."""

    code: str
    challenge: str


@dataclass(frozen=True, slots=True)
class Approved:
    """What a person approves: the request, the bytes shown, the names shared, what the phone reports of itself."""

    action: str
    shown: bytes
    shared: Sequence[str]
    device: Mapping[str, str | bool]
    remember: bool = False
    """Whether to trust the browser that began from now on."""
    sealing: Sealing | None = None
    """How it is sealed to signature activation, where something is signed."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes messages for a state. `purpose` names what each is for (see `state.Pending`)."""

    clock: Clock
    ids: Ids
    configuration: Callable[[str], Configuration]
    """The configuration of the scheme at a base address."""

    def signed(self, state: State, kind: str, purpose: str, **members: object) -> Pending:
        """A signed message."""
        return _message(kind, purpose, self._compact(state, kind, members))

    def activate(self, state: State, code: str) -> Pending:
        """Hand the code key over; the salt joins the state, to be saved with the message."""
        key_id, key = self._fresh_code_key(state, code)
        self._with_spare(state)
        compact = self._compact(
            state,
            "activate",
            {
                "spare_code_key_id": state.spare_code_key_id,
                "enrolment": state.enrolment,
                "code_key_id": key_id,
                "code_key": b64u(key),
                "device_thumbprint": phone_channel.thumbprint(_key(state).public()),
            },
        )
        return self._sealed(state, "activate", "activate", compact, phone_channel.code_proof(key, compact))

    def take_over(self, state: State, code: str) -> Pending:
        """Hand the code key of a new phone over that takes the identity of an old one; as `activate`."""
        key_id, key = self._fresh_code_key(state, code)
        self._with_spare(state)
        compact = self._compact(
            state,
            "take-over",
            {
                "spare_code_key_id": state.spare_code_key_id,
                "pairing": state.enrolment,
                "code_key_id": key_id,
                "code_key": b64u(key),
                "device_thumbprint": phone_channel.thumbprint(_key(state).public()),
            },
        )
        return self._sealed(state, "take-over", "take-over", compact, phone_channel.code_proof(key, compact))

    def costing(self, state: State, kind: str, purpose: str, use: CodeUse, **members: object) -> Pending:
        """A message that costs the code."""
        costed = {**members, "challenge": use.challenge, "code_key_id": state.code_key_id}
        return self._proven(state, kind, purpose, costed, use.code)

    def approval(self, state: State, approved: Approved, use: CodeUse) -> Pending:
        """Approve with the code."""
        members = {
            "action": approved.action,
            "challenge": use.challenge,
            "decision": "approved",
            "shown": b64u(sha256(approved.shown)),
            "device": approved.device,
            "method": "code",
            "code_key_id": state.code_key_id,
            "shared": approved.shared,
            **({"remember": True} if approved.remember else {}),
            **(approved.sealing.members(use.code) if approved.sealing else {}),
        }
        purpose = f"approval {approved.action} approved"
        return self._proven(state, "approval", purpose, members, use.code, approved.sealing)

    def by_fingerprint(
        self, state: State, approved: Approved, challenge: str, press: Callable[[State, str], dict[str, str]]
    ) -> Pending:
        """Approve with a fingerprint: `press` gives the assertion over the signed message."""
        members = {
            "action": approved.action,
            "challenge": challenge,
            "decision": "approved",
            "shown": b64u(sha256(approved.shown)),
            "device": approved.device,
            "method": "fingerprint",
            "shared": approved.shared,
            **({"remember": True} if approved.remember else {}),
        }
        compact = self._compact(state, "approval", members)
        recipient = self.configuration(state.base).sealing_key
        body = phone_channel.seal(recipient, compact, None, assertion=press(state, compact))
        return _message("approval", f"approval {approved.action} approved", body)

    def rejection(self, state: State, rejected: Approved, *, challenge: str, reason: str) -> Pending:
        """Refuse: `declined` or `not_started`."""
        members = {
            "action": rejected.action,
            "challenge": challenge,
            "decision": "rejected",
            "shown": b64u(sha256(rejected.shown)),
            "device": rejected.device,
            "reason": reason,
        }
        compact = self._compact(state, "approval", members)
        return self._sealed(state, "approval", f"approval {rejected.action} rejected", compact, None)

    def refusal(self, state: State, action: str, *, device: Mapping[str, str | bool], reason: str) -> Pending:
        """Refuse what was addressed to this person, unopened."""
        members = {"action": action, "decision": "rejected", "device": device, "reason": reason}
        compact = self._compact(state, "approval", members)
        return self._sealed(state, "approval", f"approval {action} rejected", compact, None)

    def reveal(self, state: State, action: str, use: CodeUse) -> Pending:
        """Ask for protected values in full."""
        members = {"action": action, "challenge": use.challenge, "code_key_id": state.code_key_id}
        return self._proven(state, "reveal", f"reveal {action}", members, use.code)

    def change_code(self, state: State, new_code: str, use: CodeUse) -> Pending:
        """Hand a new code key over, proven with the current code; both salts stay until answered."""
        key_id, key = self._fresh_code_key(state, new_code)
        members = {
            "challenge": use.challenge,
            "code_key_id": state.code_key_id,
            "new_code_key_id": key_id,
            "new_code_key": b64u(key),
        }
        return self._proven(state, "change-code", "change-code", members, use.code)

    def set_duress(self, state: State, duress_code: str | None, use: CodeUse, *, told: bool) -> Pending:
        """Fill the second slot with a duress code, or with a key that no code has."""
        self._with_spare(state)
        slot = state.spare_code_key_id
        salt = b64u_decode(state.salts[slot])
        key = self.ids.octets(SALT_OCTETS) if duress_code is None else None
        members = {
            "challenge": use.challenge,
            "code_key_id": state.code_key_id,
            "slot_code_key_id": slot,
            "slot_code_key": b64u(key or phone_channel.code_key(duress_code or "", salt, state.phone)),
            "kind": "spare" if duress_code is None else "duress",
            "told": told,
        }
        return self._proven(state, "set-duress", "set-duress", members, use.code)

    def make_panic_sheet(self, state: State, contact: str, use: CodeUse) -> Pending:
        """Ask for a code that blocks without this phone, for the person or for a contact."""
        members = {"challenge": use.challenge, "code_key_id": state.code_key_id, "contact": contact}
        return self._proven(state, "make-panic-sheet", f"make-panic-sheet {contact}".strip(), members, use.code)

    def revoke_panic_sheet(self, state: State, sheet: str, use: CodeUse) -> Pending:
        """Take a sheet back."""
        members = {"challenge": use.challenge, "code_key_id": state.code_key_id, "sheet": sheet}
        return self._proven(state, "revoke-panic-sheet", f"revoke-panic-sheet {sheet}", members, use.code)

    def _with_spare(self, state: State) -> None:
        """A phone from before there were slots gets its second one."""
        if not state.spare_code_key_id:
            state.spare_code_key_id = self.ids.identifier()
            state.salts[state.spare_code_key_id] = b64u(self.ids.octets(SALT_OCTETS))

    def _fresh_code_key(self, state: State, code: str) -> tuple[str, bytes]:
        salt = self.ids.octets(SALT_OCTETS)
        key_id = self.ids.identifier()
        state.salts[key_id] = b64u(salt)
        state.next_code_key_id = key_id
        return key_id, phone_channel.code_key(code, salt, state.phone)

    def _proven(
        self,
        state: State,
        kind: str,
        purpose: str,
        members: Mapping[str, object],
        code: str,
        sealing: Sealing | None = None,
    ) -> Pending:
        self._with_spare(state)
        compact = self._compact(state, kind, members)
        proofs = {
            slot: phone_channel.code_proof(
                phone_channel.code_key(code, b64u_decode(state.salts[slot]), state.phone), compact
            )
            for slot in sorted((state.code_key_id, state.spare_code_key_id))
        }
        if sealing is None:
            return self._sealed(state, kind, purpose, compact, proofs)
        recipient = self.configuration(state.base).sealing_key
        body = phone_channel.seal(recipient, compact, proofs, activation=sealing.activation(compact, code))
        pending = _message(kind, purpose, body)
        return msgspec.structs.replace(pending, signer=sealing.signer if sealing.make else None)

    def _compact(self, state: State, kind: str, members: Mapping[str, object]) -> str:
        payload: dict[str, Any] = {
            "v": 1,
            "type": kind,
            "phone": state.phone,
            "iat": seconds(self.clock.now()),
            "chain": state.chain,
            **members,
        }
        key = _key(state)
        kid = state.phone or phone_channel.thumbprint(key.public())
        return phone_channel.sign(phone_channel.private_key(key.private()), kid, payload)

    def _sealed(
        self, state: State, kind: str, purpose: str, compact: str, proof: bytes | Mapping[str, bytes] | None
    ) -> Pending:
        recipient = self.configuration(state.base).sealing_key
        return _message(kind, purpose, phone_channel.seal(recipient, compact, proof))


def _key(state: State) -> DeviceKey:
    if state.key is None:
        raise NoPhone("no phone is activated here")
    return state.key


def _message(kind: str, purpose: str, body: str) -> Pending:
    return Pending(path=PATHS[kind], content_type=CONTENT_TYPE, body=body, purpose=purpose)
