"""The OpenID provider: the front door for partners who speak OpenID Connect.

A partner's authorization request passes the visible lists of checks in `rules.authorization`, becomes an action, and
is handed to the sign-in page. When the person has approved, the browser carries a code back, and the partner redeems it
for a token that is signed, then encrypted to it alone. Start with `rules.authorization`, then `service`.
"""

from ipse.oidc.errors import OAuthError
from ipse.oidc.model import AuthorizationRequest, Candidate, Requested

__all__ = ["AuthorizationRequest", "Candidate", "OAuthError", "Requested"]
