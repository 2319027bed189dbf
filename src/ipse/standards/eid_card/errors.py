"""What can be wrong with a card's files. No text repeats anything of a person."""

from __future__ import annotations


class CardError(ValueError):
    """These files prove nothing."""


class CardFilesError(CardError):
    """Not the files of a card: a member is missing, no base64, or too large."""


class TlvError(CardError):
    """A file is not a list of tags, lengths and values, or lacks one that every card has."""


class RegisterCertificateError(CardError):
    """The register's certificate is none, was issued by nobody we trust, or is not good now."""


class WeakSignatureError(CardError):
    """The register signed with SHA-1, as it did for cards that have long run out."""


class IdentitySignatureError(CardError):
    """The identity file is not as the register signed it."""


class AddressSignatureError(CardError):
    """The address file is not as the register signed it, or belongs to another identity file."""


class PhotoError(CardError):
    """The photo is not the one whose digest stands in the identity file."""


class AnotherPersonError(CardError):
    """The files name another national number than the certificate that signed."""


class CopiedCardError(CardError):
    """The card did not prove to hold its own basic key: the files may be a copy."""
