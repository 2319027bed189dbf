"""The signing API of the Cloud Signature Consortium put together."""

from __future__ import annotations

from collections.abc import Mapping

from ipse.csc.model import PATHS
from ipse.csc.service import Csc, Ground, build_csc
from ipse.oidc.service import Provider
from ipse.partners.model import Partner


def open_csc(ground: Ground, provider: Provider) -> Csc:
    """The API, on the services below it. Partners' assertions name its own token endpoint."""
    audience = f"{ground.settings.base_url}{PATHS['2']}/oauth2/token"

    async def asserted(form: Mapping[str, str]) -> Partner:
        return await provider.authentication.asserted(form, audience=audience)

    return build_csc(ground, asserted=asserted)
