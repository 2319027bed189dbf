"""Tables of the portal."""
