"""Use cases of actions, by who uses them.

`requests`: front doors, waiting browsers, partners. `messages`: taking a phone's message, the one function that judges
a code, blocking. `approvals`: what phones do with requests.
"""
