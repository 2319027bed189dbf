"""Signatures of people on documents: credentials, requests to sign, and what becomes of an approval.

A **credential** is a signing key that signature activation keeps, with its certificate; a person has one, bound to
their phone and code. A front door begins a request; its action shows what is signed; after the approval `conclude` has
signature activation make the credential, sign, or both. Start with `model`, then `service`.
"""
