"""Judging signed files: PDF, CAdES and ASiC-E, by one algorithm that follows ETSI EN 319 102-1.

Main words: a question (a file, whom we believe, when) and a validation (a verdict with a judgement for each
signature). Everything here runs in a worker. Start with `judging`.
"""
