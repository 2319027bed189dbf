"""What a partner has proven of itself, and whether a profile takes it (R-34, C-11, FAPI 2.0 Security Profile §5.3.2).

Which profile counts is known only after the partner: it hangs on the service that is asked for. So authentication says
what was proven, and `CLIENT_CHECKS` judge it once the service is known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ipse.oidc.errors import InvalidClient
from ipse.oidc.model import Profile
from ipse.oidc.rules.running import run_checks
from ipse.partners.model import AuthMethod, Partner


class Endpoint(StrEnum):
    """Where a partner's server proves who it is."""

    TOKEN = "token"
    PUSHED = "pushed_authorization_request"
    BACKCHANNEL = "backchannel_authentication"
    DISCOVERY = "user_discovery"
    REVOCATION = "revocation"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientProof:
    """A proven partner, and by what."""

    partner: Partner
    method: AuthMethod
    issuer: str
    """Ours, to judge the audience by."""
    alg: str | None = None
    """The algorithm of its assertion."""
    audience: str | None = None
    """The `aud` of its assertion."""
    kid: str | None = None
    """The key it signed with, for the request log."""
    thumbprint: str | None = None
    """SHA-256 of the certificate of its connection as base64url (RFC 8705 §3.1), whatever it authenticated with."""


@dataclass(frozen=True, slots=True)
class ProfiledClient:
    """A proven partner before one of its services."""

    proof: ClientProof
    profile: Profile


def check_method(client: ProfiledClient) -> None:
    """The profile takes this way of authentication; a shared secret is none of FAPI 2.0's."""
    if client.proof.method not in client.profile.client_auth_methods:
        raise InvalidClient(f"{client.proof.method} is not for the profile {client.profile.name}")


def check_algorithm(client: ProfiledClient) -> None:
    """The profile takes the algorithm of the assertion."""
    if client.proof.alg is not None and client.proof.alg not in client.profile.signing_algorithms:
        raise InvalidClient(f"an assertion signed with {client.proof.alg} is not for {client.profile.name}")


def check_audience(client: ProfiledClient) -> None:
    """Where the profile says so, the audience is the issuer and nothing else."""
    issuer_only = client.profile.assertion_audience == "issuer"
    if issuer_only and client.proof.audience not in {None, client.proof.issuer}:
        raise InvalidClient(f"assertion: {client.profile.name} takes the issuer as aud alone")


CLIENT_CHECKS: Final[tuple[Callable[[ProfiledClient], None], ...]] = (check_method, check_algorithm, check_audience)


def check_client(proof: ClientProof, profile: Profile) -> None:
    """Run `CLIENT_CHECKS`.

    Raises:
        InvalidClient: the first that fails.
    """
    run_checks(CLIENT_CHECKS, ProfiledClient(proof, profile))
