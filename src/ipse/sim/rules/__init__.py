"""Decisions about SIMs, without I/O.

`policy` what waits for an operator, `routing` whom to ask, `registering` what may be registered, `pauses` when to ask
again.
"""
