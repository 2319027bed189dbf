"""Use cases against scams. `Fraud` holds them: `browsers`, `limits`, `flags`, `risks`."""

from ipse.fraud.service.guards import Fraud, build_fraud

__all__ = ["Fraud", "build_fraud"]
