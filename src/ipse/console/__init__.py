"""The operators' console: what those who run the scheme, its banks and its mobile operators see and do.

`rules.permissions` is one table of who may do what; an act that one person may not do alone becomes a review
(`ipse.staff`), and what it does is in `service.acts`. Nobody can act as a person here, and nobody sees a code or a
document. Start with `model`.
"""

from ipse.console.errors import CallRefused, NothingFound, NotProven, ViewOver
from ipse.console.model import Call, Proof, Switch, SwitchKind, What

__all__ = ["Call", "CallRefused", "NotProven", "NothingFound", "Proof", "Switch", "SwitchKind", "ViewOver", "What"]
