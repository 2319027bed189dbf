"""Three simulated mobile operators, and the SIMs of the people of the world.

Each operator is a party of its own: an OAuth server after CAMARA's security and interoperability profile (discovery,
`private_key_jwt`, client credentials, code flow over the mobile network, PKCE, `iss`), and the APIs it serves: Number
Verification 2.1, SIM Swap 2.1, SIM Swap Subscriptions 0.3, One Time Password SMS 1.1. Written from the standards a
second time, so that each side is the other's judge; of `standards.camara` only the words of the wire are shared.

`model` the operators and which number is whose · `network` SIMs, what happens to them, which browser holds which ·
`oauth` tokens · `asked` request bodies · `lookups`, `subscriptions`, `texts` the APIs · `deliveries` events on their
way to the sinks · `http` the addresses of one operator · `pages` the virtual SIMs, for people and for programs ·
`descriptions` the OpenAPI documents.
"""

from ipse.sandbox.operators.model import OPERATORS, Operator, operator

__all__ = ["OPERATORS", "Operator", "operator"]
