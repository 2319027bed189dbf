"""How documents refuse."""

from __future__ import annotations

from ipse.kernel.errors import PlatformError


class DocumentUnreadable(PlatformError):
    """The file is damaged, or not of the format that it should be."""

    code = "document_unreadable"
    status = 422
    title = "This file cannot be read"


class DocumentTooLarge(PlatformError):
    """The file, or what it unfolds to, is larger than this installation allows."""

    code = "document_too_large"
    status = 413
    title = "This file is too large"


class DocumentTakesTooLong(PlatformError):
    """Looking at the file took more time than a worker is given."""

    code = "document_takes_too_long"
    status = 422
    title = "This file takes too long to read"


class DocumentNotSignable(PlatformError):
    """The file can be read, but not signed like this. `problems` says why."""

    code = "document_not_signable"
    status = 422
    title = "This file cannot be signed"


class SignatureUnfit(PlatformError):
    """The signature value is not of the prepared document, or not by its certificate."""

    code = "signature_unfit"
    status = 422
    title = "The signature does not fit the document"


class DocumentsUnavailable(PlatformError):
    """No worker could be started, or it ended without an answer."""

    code = "documents_unavailable"
    status = 503
    title = "Documents cannot be read at this moment"


class NotAnswered(PlatformError):
    """A service that was asked for evidence has not answered. Only a lower level comes of it, no refusal."""

    code = "evidence_not_answered"
    status = 503
    title = "A certificate or time-stamp service has not answered"


def place(error: Exception) -> str:
    """Kind and place of an error; its words might quote the document."""
    traceback = error.__traceback__
    while traceback and traceback.tb_next:
        traceback = traceback.tb_next
    at = traceback.tb_frame.f_code if traceback else None
    return f"{type(error).__name__} in {at.co_qualname if at else '?'}:{traceback.tb_lineno if traceback else 0}"
