"""One line for every privileged change, in the transaction that makes it, chained by hash.

Start with `store.writing`; `ipse audit verify` walks the chain.
"""
