"""What the keystore's keys say of a phone's rows: code keys wrapped with what they are for, and the MAC of a row."""

from __future__ import annotations

import hmac
from typing import Final

from ipse.kernel.sealing import seal, unseal
from ipse.phones.model import CodeKey, CodeKind, OpenedCodeKey, Phone, PhoneState

STOPPED_MAC: Final = b""
"""Of a stopped phone: no other state fits it."""
_KINDS: Final = tuple(CodeKind)
_KEY_SIZE: Final = 32
_PLACE: Final = {"table": "phones_code_keys", "column": "wrapped_key"}


def wrap(key: bytes, phone: Phone, code_key: tuple[str, bytes], kind: CodeKind, *, told: bool = False) -> bytes:
    """A (code key id, 32-byte code key) under the working key, bound to the device key.

    One octet more says what it is for, one whether its use is told: a stolen database does not tell who uses both.
    """
    code_key_id, octets = code_key
    extra = phone.thumbprint.encode()
    return seal(key, octets + bytes((_KINDS.index(kind), told)), row=code_key_id, extra=extra, **_PLACE)


def unwrap(key: bytes, phone: Phone, kept: CodeKey) -> OpenedCodeKey:
    """A code key of this phone; one from before there were slots is of the usual kind."""
    extra = phone.thumbprint.encode()
    octets = unseal(key, kept.wrapped_key, row=kept.code_key_id, extra=extra, **_PLACE)
    if len(octets) == _KEY_SIZE:
        return OpenedCodeKey(CodeKind.NORMAL, octets)
    return OpenedCodeKey(_KINDS[octets[_KEY_SIZE]], octets[:_KEY_SIZE], told=octets[_KEY_SIZE + 1] == 1)


def decoy(key: bytes, code_key_id: str) -> OpenedCodeKey:
    """What stands in for a slot that we do not know: the same each time, and no code has it."""
    return OpenedCodeKey(CodeKind.SPARE, hmac.digest(key, b"decoy" + bytes(1) + code_key_id.encode(), "sha256"))


def mac(
    key: bytes,
    held: tuple[str, str | None, str, str],
    state: PhoneState,
    chain: str,
    tries: int,
    *,
    quiet_until: int | None = None,
) -> bytes:
    """Over what somebody who can write the row would change: whose it is, its keys, its state and its tries."""
    phone_id, account_id, device_key, key_protection = held
    values = (phone_id, account_id or "", device_key, key_protection, state, chain, str(tries), str(quiet_until))
    return hmac.digest(key, "\x00".join(values).encode(), "sha256")


def is_ours(key: bytes, phone: Phone) -> bool:
    """Whether nobody without the keystore has written this row. A stopped phone stays stopped, whoever wrote it."""
    if phone.state is PhoneState.STOPPED:
        return True
    held = (phone.phone_id, phone.account_id, phone.device_key, phone.key_protection)
    whole = mac(key, held, phone.state, phone.chain, phone.tries, quiet_until=phone.quiet_until)
    if hmac.compare_digest(whole, phone.mac):
        return True
    # As it was written before it covered more than the keys; renewed by the phone's next message.
    first = "\x00".join((phone.phone_id, phone.account_id or "", phone.device_key, phone.key_protection))
    return hmac.compare_digest(hmac.digest(key, first.encode(), "sha256"), phone.mac)
