"""The ground everything stands on: clock, identifiers, errors, sealing at rest, settings.

Nothing here does I/O or knows the domain. Start with `clock` and `errors`.
"""
