"""Figures: how much the scheme is used, how it goes, and by which way people prove themselves. No person is in them.

What features count of their own rows is folded, once, into counts by hour and by day (`service.folding`), so that
figures cost little and survive the rows. `service.Statistics` answers partners and operators up to this minute;
`service.public` makes the public page of whole days, without small numbers. Start with `model`.
"""

from ipse.statistics.model import Alert, AlertKind, Live, Outcome, PartnerFigures, ServiceFigures, Totals

__all__ = ["Alert", "AlertKind", "Live", "Outcome", "PartnerFigures", "ServiceFigures", "Totals"]
