"""What decides: which requests are good, what may be signed, how answers look. No I/O."""
