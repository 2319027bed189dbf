"""A simulated bank: an OpenID provider with pushed requests, PKCE and signed client assertions.

OpenID Connect Core 1.0, RFC 9126 (pushed requests, required), RFC 7636 (S256), RFC 7523 (`private_key_jwt`), RFC 9207
(`iss` in the answer), OpenID Connect for Identity Assurance 1.0 and OpenID Identity Assurance Schema Definition 1.0.

`model` the four banks · `dossier` what a bank knows of a person · `verified` what of it was asked for · `requests` what
the scheme may ask · `assertions` who is asking · `provider` codes and tokens · `http` the endpoints and the login page.
"""

from ipse.sandbox.bank.model import BANKS, Bank, bank

__all__ = ["BANKS", "Bank", "bank"]
