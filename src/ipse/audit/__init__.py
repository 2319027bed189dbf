"""One line for every privileged change, in the transaction that makes it, chained by hash.

Start with `service.auditing`; `ipse audit verify` walks the chain, and compares it with heads that were kept outside.
"""
