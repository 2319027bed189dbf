"""The composition root: builds everything from one frozen `Settings`, picks adapters, mounts routes, runs servers.

`composition` is the wiring; `keystores` where keys come from; `server` the process; `safety` what production refuses.
"""
