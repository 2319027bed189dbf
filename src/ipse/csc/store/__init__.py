"""Tables of the CSC API."""
