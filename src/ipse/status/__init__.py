"""The public status page: a process of its own, which stands when the scheme and its database are down.

It reads files alone (docs/reference/status-files.md): what the scheme publishes of incidents and of how real requests
ended, and what the probes saw. From these it *computes* how each component is; nobody types it in.

`files` what is read · `model` severities and the board · `rules` hard and soft states, severities, uptime: pure ·
`store` the history, in a file of its own · `service` reads, judges, remembers, signs, tells · `http` the pages and what
programs get · `server` the process. It imports no feature of the scheme.
"""
