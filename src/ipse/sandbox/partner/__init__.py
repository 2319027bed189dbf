"""Two demo partners with real back ends: a shop that sells pots and plants, and the portal of a town.

They are relying parties as a careful developer would write them: state, nonce and PKCE bound to the browser by a
cookie, tokens decrypted and verified, errors told kindly. The shop proves itself by a secret, the portal by a key.

`model` who they are and what they ask · `orders` what the shop has confirmed · `client` the protocol · `visits` what
they remember of a browser · `http` their pages.
"""

from ipse.sandbox.partner.model import PORTAL, SHOP, PartnerProfile, ServiceProfile

__all__ = ["PORTAL", "SHOP", "PartnerProfile", "ServiceProfile"]
