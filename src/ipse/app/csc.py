"""The signing API of the Cloud Signature Consortium put together."""

from __future__ import annotations

from collections.abc import Mapping

from ipse.app.signing import SigningParts
from ipse.csc.model import PATHS
from ipse.csc.service import Csc, Ground, Paper, build_csc
from ipse.oidc.service import Provider
from ipse.partners.model import Partner


def open_csc(ground: Ground, provider: Provider, parts: SigningParts | None = None) -> Csc:
    """The API, on the services below it. Partners' assertions name its own token endpoint."""
    audience = f"{ground.settings.base_url}{PATHS['2']}/oauth2/token"

    async def asserted(form: Mapping[str, str]) -> Partner:
        return await provider.authentication.asserted(form, audience=audience)

    if parts is None or parts.documents is None or parts.evidence is None:
        return build_csc(ground, asserted=asserted)
    paper = Paper(parts.documents, parts.evidence)
    return build_csc(ground, asserted=asserted, stamp=parts.evidence.timestamps.timestamp, paper=paper)
