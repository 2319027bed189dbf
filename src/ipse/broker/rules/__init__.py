"""What decides: which requests are good, what a session's status is, how a result looks. No I/O."""
