"""SIM: mobile operators, what they answer for a number, and what follows from it.

A number is proven at enrolment (`service.possession`), kept with its identity (`service.watches`), watched by the
operator's events (`service.subscriptions`) and asked about again when it matters. Start with `model`, then
`rules.policy`: which action waits for an operator and which goes on without.
"""

from ipse.sim.errors import (
    NoSubscriptionError,
    OperatorExistsError,
    OperatorRefusedError,
    SimNotReadyError,
    UnknownOperatorError,
    UnknownProofError,
)
from ipse.sim.model import (
    Bound,
    Operator,
    OperatorState,
    Outcome,
    Possession,
    ProofState,
    SimState,
    SwapAnswer,
    Word,
)

__all__ = [
    "Bound",
    "NoSubscriptionError",
    "Operator",
    "OperatorExistsError",
    "OperatorRefusedError",
    "OperatorState",
    "Outcome",
    "Possession",
    "ProofState",
    "SimNotReadyError",
    "SimState",
    "SwapAnswer",
    "UnknownOperatorError",
    "UnknownProofError",
    "Word",
]
