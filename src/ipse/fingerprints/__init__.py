"""Approving by fingerprint or face: a platform credential (WebAuthn) beside the device key, in place of the code.

It stands beside a message that the device key has signed, over the digest of that very message, so a passkey alone
approves nothing. It is worth `acr_basic`; what asks for more asks for the code. Adding one costs the code.
"""

from ipse.fingerprints.errors import BadCredential, CodeNeeded, WrongFingerprint
from ipse.fingerprints.model import Credential

__all__ = ["BadCredential", "CodeNeeded", "Credential", "WrongFingerprint"]
