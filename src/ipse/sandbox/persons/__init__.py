"""The people of the sandbox: invented, complete, and from several countries.

Belgian national numbers carry an order number that the register never hands out (`999`, `000`), phone numbers come
from ranges that are reserved for fiction or not in use. The portraits were drawn by `tools/draw_portraits.py`.
"""

from ipse.sandbox.persons.model import Address, Card, Document, Issuer, Person, Place
from ipse.sandbox.persons.register import SYNTHETIC, everybody, persons, portrait

__all__ = ["SYNTHETIC", "Address", "Card", "Document", "Issuer", "Person", "Place", "everybody", "persons", "portrait"]
