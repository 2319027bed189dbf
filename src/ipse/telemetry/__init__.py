"""Telemetry: what a process measures of itself, for those who run it. Nothing here is about a person (T-19).

`metrics` names every measurement, `instruments` is how they count, `calls` measures calls to others, `spans` traces.
Measurements belong to the process, as its log does: several processes are asked one by one.
"""
