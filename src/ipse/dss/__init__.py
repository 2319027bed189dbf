"""Signatures for partners by mutual TLS, in the style of OASIS DSS with asynchronous processing.

A partner's server identifies a person, who gets a signing certificate where they have none; then it has digests signed,
and asks again until the person has decided. Both begin as a **visit**: an address that the person's browser opens once.
Start with `model`, then `service`.
"""
