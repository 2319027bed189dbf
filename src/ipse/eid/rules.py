"""Decide which certificates may be trust anchors of an installation (its kind decides, never the operator)."""

from __future__ import annotations

from collections.abc import Iterable

from cryptography import x509

from ipse.eid.errors import AnchorsError
from ipse.eid.model import Anchors, ProductionAnchors, SandboxAnchors
from ipse.kernel.settings import Environment
from ipse.standards.sandbox_mark import is_fully_marked, is_marked


def anchors(
    environment: Environment, *, issuing: tuple[x509.Certificate, ...], register: tuple[x509.Certificate, ...]
) -> Anchors:
    """Return the anchors of an installation.

    Raises:
        AnchorsError: one of the sandbox in production, or one without its mark elsewhere.
    """
    if environment is Environment.PRODUCTION:
        _refuse(
            (each for each in (*issuing, *register) if is_marked(each)), "is of a sandbox: anybody can make its cards"
        )
        return ProductionAnchors(issuing=issuing, register=register)
    _refuse(
        (each for each in (*issuing, *register) if not is_fully_marked(each)),
        f"does not carry the sandbox's mark: real people's cards have no place in a {environment}",
    )
    return SandboxAnchors(issuing=issuing, register=register)


def _refuse(wrong: Iterable[x509.Certificate], why: str) -> None:
    for certificate in wrong:
        raise AnchorsError(f"{certificate.subject.rfc4514_string()} {why}")
