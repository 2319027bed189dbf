"""JOSE as this project uses it: JWS (RFC 7515), JWE (7516), JWK (7517), JWA (7518), thumbprints (7638), BCP 225.

A small fixed set, chosen so that every combination is tested: signatures `ES256`, `RS256`, `PS256` and `EdDSA` (with
Ed25519); key management `RSA-OAEP-256`, `RSA-OAEP`, `ECDH-ES` and `dir`; content `A256GCM` and `A128CBC-HS256`. Each
caller names the algorithms it allows.

Trust is in the name: `UnverifiedToken` comes from a stranger, `VerifiedToken` only from `verify`. Keys are found by
`kid` in a registered set; `jku`, `x5u` and `x5c` in a header are never used, and `jwk` only by `verify_possession`,
which believes nothing but that the sender holds that key. Private RSA operations are slow (0.5 ms): where `key.slow` is
true, call from a worker thread.

Start with `keys` for JWKs, `signatures` for JWS, `encryption` for JWE, `nested` for signed-then-encrypted tokens.
The fixed operations use `cryptography` directly because they are on the path of each login (measured: 1.3 to 2 times
joserfc's speed); the others go through joserfc, which the tests also use as the second opinion on all of them.
"""

from ipse.standards.jose.encryption import Decrypted, SharedKey, decrypt, encrypt, shared_key
from ipse.standards.jose.errors import JoseError
from ipse.standards.jose.keys import (
    KeySet,
    PrivateKey,
    PublicKey,
    check_partner_jwks,
    new_private_jwk,
    private_keys,
    public_jwk,
    public_key,
    public_keys,
    thumbprint,
)
from ipse.standards.jose.nested import decrypt_then_verify, sign_then_encrypt
from ipse.standards.jose.signatures import UnverifiedToken, VerifiedToken, sign, verify, verify_possession

__all__ = [
    "Decrypted",
    "JoseError",
    "KeySet",
    "PrivateKey",
    "PublicKey",
    "SharedKey",
    "UnverifiedToken",
    "VerifiedToken",
    "check_partner_jwks",
    "decrypt",
    "decrypt_then_verify",
    "encrypt",
    "new_private_jwk",
    "private_keys",
    "public_jwk",
    "public_key",
    "public_keys",
    "shared_key",
    "sign",
    "sign_then_encrypt",
    "thumbprint",
    "verify",
    "verify_possession",
]
