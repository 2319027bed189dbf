"""Use cases of partners: `Partners` registers and finds them; beside it their keys, grants, tokens and request log.

`PartnerDesk` is all of them, built once by the composition root.
"""

from ipse.partners.service.desk import PartnerDesk
from ipse.partners.service.events import EventAddresses
from ipse.partners.service.grants import Grants
from ipse.partners.service.keys import PartnerKeys
from ipse.partners.service.log import RequestLog
from ipse.partners.service.registry import Partners
from ipse.partners.service.replays import Replays
from ipse.partners.service.tokens import PartnerTokens
from ipse.partners.service.uses import KeyUses

__all__ = [
    "EventAddresses",
    "Grants",
    "KeyUses",
    "PartnerDesk",
    "PartnerKeys",
    "PartnerTokens",
    "Partners",
    "Replays",
    "RequestLog",
]
