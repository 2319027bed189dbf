"""Use cases of partners: `Partners` registers and finds them; beside it their keys, grants, tokens and request log."""

from ipse.partners.service.keys import PartnerKeys
from ipse.partners.service.log import RequestLog
from ipse.partners.service.registry import Partners
from ipse.partners.service.replays import Replays
from ipse.partners.service.tokens import PartnerTokens

__all__ = ["PartnerKeys", "PartnerTokens", "Partners", "Replays", "RequestLog"]
