"""Speaking with mobile operators: `gate` who may ask at all now, `oauth` tokens, `operator` the CAMARA APIs."""

from ipse.sim.clients.operator import Line, OperatorClient
from ipse.sim.clients.wire import Refusal, Silence, Wire

__all__ = ["Line", "OperatorClient", "Refusal", "Silence", "Wire"]
