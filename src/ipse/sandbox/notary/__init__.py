"""A notary's office whose clients sign deeds with Ipse: a signing application of a partner.

It speaks the CSC API 1.0.4 in the partner protocol's profile: a first round to learn the certificate, a second one to
have digests signed. The deeds stay with the notary; only digests travel.

`model` who it is and what is signed · `deeds` PDF files, before and after · `client` the protocol · `http` its pages.
"""

from ipse.sandbox.notary.model import NOTARY

__all__ = ["NOTARY"]
