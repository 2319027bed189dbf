"""How signing refuses."""

from __future__ import annotations

from ipse.actions.errors import RequestImpossible
from ipse.kernel.errors import PlatformError


class CredentialNeeded(RequestImpossible):
    """Ends the request: the person has no credential on this phone, and the request makes none."""

    code = "credential_needed"
    status = 409
    title = "There is no signing certificate on this phone yet"


class OtherCredential(RequestImpossible):
    """Ends the request: it names a credential that is not the person's, or not their living one."""

    code = "other_credential"
    status = 409
    title = "This is to be signed with another certificate"


class SigningUnavailable(PlatformError):
    """Signature activation, certification, time stamps or revocation cannot be reached; nothing was lost."""

    code = "signing_unavailable"
    status = 503
    title = "Signing is not possible at this moment"


class SigningKeyOff(SigningUnavailable):
    """This one signing key is switched off for now; nothing was lost."""


class SigningRefused(PlatformError):
    """Signature activation has refused the approval for good."""

    code = "signing_refused"
    status = 403
    title = "This approval cannot be used to sign"


class NoSigning(PlatformError):
    """The installation has no table `signing` in its settings."""

    code = "no_signing"
    status = 404
    title = "Nothing is signed here"


class UnknownCredential(PlatformError):
    """No such credential, or not one that this partner may know of."""

    code = "unknown_credential"
    status = 404
    title = "There is no such certificate"


class WrongSigning(PlatformError):
    """What a partner asks to be signed cannot be: counts, digests, algorithms or characters."""

    code = "wrong_signing"
    status = 400
    title = "This cannot be signed as it was asked"


class ActivationRefused(Exception):
    """Signature activation has refused for good; `refusal` is one of `standards.signature_activation.REFUSALS`."""

    def __init__(self, refusal: str) -> None:
        super().__init__(refusal)
        self.refusal = refusal


class CertificationRefused(Exception):
    """The certification service has refused; `refusal` is its own word for why."""

    def __init__(self, refusal: str) -> None:
        super().__init__(refusal)
        self.refusal = refusal


class CannotCertify(RequestImpossible):
    """Ends the request: what registrars said of the person is not enough for a certificate."""

    code = "cannot_certify"
    status = 409
    title = "What is known of this identity is not enough for a certificate"
