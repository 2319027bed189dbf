"""News of this feature, written in the transaction of what happened."""

REPORTED = "fraud.reported"
"""A person did not start a request: payload `action`, `partner`, `account`, `kind` (how it had reached them)."""
