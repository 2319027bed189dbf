"""What an operator answers when an API call cannot be served."""

from __future__ import annotations

from ipse.standards.camara import Code


class ApiError(Exception):
    """An error of a CAMARA API: status, code, and a sentence for developers."""

    def __init__(self, status: int, code: Code, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message


def invalid(message: str) -> ApiError:
    """The request is not what the API describes."""
    return ApiError(400, Code.INVALID_ARGUMENT, message)


def out_of_range(message: str) -> ApiError:
    """A value is outside what is allowed."""
    return ApiError(400, Code.OUT_OF_RANGE, message)


def unauthenticated() -> ApiError:
    """No access token, or none that is good."""
    return ApiError(401, Code.UNAUTHENTICATED, "A valid access token is needed.")


def denied(message: str) -> ApiError:
    """The token does not allow it."""
    return ApiError(403, Code.PERMISSION_DENIED, message)


def not_found(message: str) -> ApiError:
    """No such thing here."""
    return ApiError(404, Code.NOT_FOUND, message)


def unknown_number() -> ApiError:
    """A number that is not of this operator's network."""
    return ApiError(404, Code.IDENTIFIER_NOT_FOUND, "This number is not in our network.")


def not_applicable() -> ApiError:
    """A number that is known, with a SIM that cannot be checked."""
    return ApiError(422, Code.SERVICE_NOT_APPLICABLE, "The SIM of this number is not ready for this service.")


def missing_number() -> ApiError:
    """Neither the token nor the request says which number."""
    return ApiError(422, Code.MISSING_IDENTIFIER, "A phone number is needed with this token.")


def unnecessary_number() -> ApiError:
    """The token names the number already."""
    return ApiError(422, Code.UNNECESSARY_IDENTIFIER, "The token says the number; leave it out.")
