"""What happens without anybody asking."""

from __future__ import annotations

from ipse.attributes.service import Attributes
from ipse.notices.model import NoticeKind
from ipse.notices.service import Notices
from ipse.storage.statement import Transaction


async def tell_of_ends(attributes: Attributes, notices: Notices) -> int:
    """Tell people 60 and 14 days before their evidence ends, and when it has; each once. Returns how many were told."""

    def telling(account_id: str, *, ended: bool, now: int) -> Transaction[None]:
        kind = NoticeKind.EVIDENCE_EXPIRED if ended else NoticeKind.EVIDENCE_EXPIRING
        return notices.telling(account_id, kind, now=now)

    return await attributes.tell_of_ends(telling)
