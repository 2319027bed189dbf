"""Use cases of enrolment: `enrolments` the life of one, `published` the documents people accept."""

from ipse.enrolment.service.enrolments import Enrolments
from ipse.enrolment.service.published import document, documents

__all__ = ["Enrolments", "document", "documents"]
