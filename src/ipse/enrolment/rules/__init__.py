"""Decisions of an enrolment, without I/O.

`requests` judges what a phone asks, `reading` turns a registrar's answer into facts, `judging` decides whether an
identity can rest on them, `evidence` records what it rests on.
"""
