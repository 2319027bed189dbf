"""Probes: a synthetic person who logs in every 30 seconds, and questions to everybody on whom people depend.

They look from outside, as a partner, a browser and a phone would, and write what they saw into the folder of the
status page (docs/reference/status-files.md); how bad it is, others judge.

`settings` where to look · `model` how a try ends · `schedule` when to try again · `targets` who is asked · `clients`
the tries themselves · `publication` the file · `runner` the process.
"""
