"""Ipse: an open, self-hostable digital-identity scheme."""
