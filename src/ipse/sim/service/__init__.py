"""Use cases of SIMs.

`operators` the register · `network` asking whoever has a number · `possession` proving a number in a browser ·
`watches` the numbers of identities · `subscriptions` what operators report · `building` puts them together as `Sims`.
"""

from ipse.sim.service.building import Sims, build_sims
from ipse.sim.service.operators import Operators

__all__ = ["Operators", "Sims", "build_sims"]
