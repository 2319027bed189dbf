"""Use cases of enrolment: `enrolments` puts the steps of one together, `published` holds what people accept.

A step in the order of an enrolment: `beginnings`, `returns`, `activations`; all work on `rows`.
"""

from ipse.enrolment.service.activations import given_up_contacts
from ipse.enrolment.service.enrolments import Enrolments
from ipse.enrolment.service.published import document, documents
from ipse.enrolment.service.rows import Back, Rows

__all__ = ["Back", "Enrolments", "Rows", "document", "documents", "given_up_contacts"]
