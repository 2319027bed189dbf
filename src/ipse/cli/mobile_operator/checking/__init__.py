"""What the scheme expects of a mobile operator, one expectation at a time, put to a candidate.

`candidate` how the candidate is asked · `expectation` what an expectation is, and how all are run · `tokens`, `swaps`,
`telling`, `texts`, `possession` the expectations · `listener` a sink of our own for the candidate's events.
"""

from ipse.cli.mobile_operator.checking import possession, swaps, telling, texts, tokens
from ipse.cli.mobile_operator.checking.candidate import Candidate, Numbers
from ipse.cli.mobile_operator.checking.expectation import Result, Verdict, judge
from ipse.cli.mobile_operator.checking.listener import Listener

EXPECTATIONS = (*tokens.ALL, *swaps.ALL, *telling.ALL, *texts.ALL, *possession.ALL)
"""All of them, in the order in which they are put."""

__all__ = ["EXPECTATIONS", "Candidate", "Listener", "Numbers", "Result", "Verdict", "judge"]
