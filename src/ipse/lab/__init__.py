"""The lab: a layer around the application, so that suites of outside judges can drive it (C-9).

Nothing of it is reached unless the settings hold a `[lab]` table, which only a lab on loopback may have. What suites
ask for and the scheme does not do is done here, before a request reaches the scheme: `rules` says what changes,
`http` changes it, `service` remembers which requests wait and which browsers came back approved.
"""
