"""A service desk that asks on behalf of others: a broker without a word of OpenID Connect.

It knows the scheme's REST API and an OAuth client-credentials token, nothing more. It has two final partners: the
library, whose results it reads itself, and the museum, whose results only the museum opens.

`model` who they are and what they ask · `client` the REST calls · `museum` the final partner that opens its own
results · `visits` what the desk remembers of a browser · `http` its pages.
"""

from ipse.sandbox.desk.model import DESK

__all__ = ["DESK"]
