"""Nested tokens: signed, then encrypted (RFC 7519 §5.2 and §11.2, RFC 8725 §3.3)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ipse.standards.jose.encryption import SharedKey, decrypt, encrypt
from ipse.standards.jose.errors import JoseError
from ipse.standards.jose.keys import KeySet, PrivateKey, PublicKey
from ipse.standards.jose.signatures import MAX_BYTES, UnverifiedToken, VerifiedToken, sign, verify


def sign_then_encrypt(
    claims: Mapping[str, Any],
    signing: PrivateKey,
    receiver: PublicKey | SharedKey,
    *,
    signing_alg: str,
    alg: str,
    enc: str,
    typ: str | None = None,
) -> str:
    """A nested token. Where `signing.slow`, call from a worker thread.

    Raises:
        JoseError: a key does not fit its algorithm.
    """
    inner = sign(claims, signing, alg=signing_alg, typ=typ)
    return encrypt(inner.encode(), receiver, alg=alg, enc=enc, cty="JWT")


def decrypt_then_verify(
    text: str,
    own: Sequence[PrivateKey] | SharedKey,
    signers: KeySet,
    *,
    allowed: Collection[tuple[str, str]],
    algorithms: Collection[str],
    types: Collection[str | None],
    max_bytes: int = MAX_BYTES,
) -> VerifiedToken:
    """Open a nested token and believe what is signed inside; a token that is only signed or only encrypted is refused.

    Raises:
        JoseError: it does not open, or the token inside is not right.
    """
    opened = decrypt(text, own, allowed=allowed, max_bytes=max_bytes)
    try:
        inner = opened.plaintext.decode("ascii")
    except UnicodeDecodeError as error:
        raise JoseError("no token inside") from error
    token = UnverifiedToken.parse(inner, max_bytes=max_bytes)
    return verify(token, signers, algorithms=algorithms, types=types)
