"""Attributes: what is known of a person, who said so, and what a partner may be told of it.

`Facts` is what a registrar said, kept as one sealed document for each account. `ATTRIBUTES` is the catalogue of
names that a partner may ask for. `rules.derive` makes the asked values out of the facts. Start with `model`, then
`rules`.
"""

from ipse.attributes.model import (
    ATTRIBUTES,
    Address,
    Attribute,
    Circumstances,
    Document,
    Facts,
    NationalNumber,
    Picture,
    Place,
    Source,
    canonical,
)

__all__ = [
    "ATTRIBUTES",
    "Address",
    "Attribute",
    "Circumstances",
    "Document",
    "Facts",
    "NationalNumber",
    "Picture",
    "Place",
    "Source",
    "canonical",
]
