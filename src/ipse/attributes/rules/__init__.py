"""What a partner may be told, made out of the facts. Pure; `derive` is the entrance."""

from ipse.attributes.rules.derivation import derive

__all__ = ["derive"]
