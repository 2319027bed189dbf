"""Use cases of figures: `Statistics` for partners and operators, up to now; beside it the folding and the public page.

`of_partner` and `live` add what is folded and what is not folded yet, so that they are exact and at most ten seconds
old. They cost a few statements, none of them on the way of a login.
"""

from ipse.statistics.service.figures import Statistics
from ipse.statistics.service.folding import Folding

__all__ = ["Folding", "Statistics"]
