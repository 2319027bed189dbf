"""The signing API of the Cloud Signature Consortium: version 1.0.4 in the partner protocol's profile, and version 2.

A partner's server sends the person's browser twice: for the scope `service` (who is it, with which credential) and for
the scope `credential` (these digests). Each becomes an action of `ipse.signing`; what comes back is a code, for the
code a token, and for the token signatures, each digest once. Start with `model`, then `rules.authorization` and
`service.rounds`.
"""

from ipse.csc.errors import CscError
from ipse.csc.model import DOOR, Scope, Version

__all__ = ["DOOR", "CscError", "Scope", "Version"]
