"""Why keys are not rotated."""

from __future__ import annotations

from typing import ClassVar

from ipse.kernel.errors import PlatformError


class UnknownKeySetError(PlatformError):
    """There is no key set of that name; the text lists those there are."""

    code: ClassVar[str] = "unknown_key_set"
    status: ClassVar[int] = 404
    title: ClassVar[str] = "There is no such key set"


class RotationPendingError(PlatformError):
    """The next generation is announced and not in use yet; one more now would cut its announcement short."""

    code: ClassVar[str] = "rotation_pending"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "The next keys are announced already"


class RotationRaceError(PlatformError):
    """Somebody else made the next generation at the same moment; theirs counts."""

    code: ClassVar[str] = "rotation_race"
    status: ClassVar[int] = 409
    title: ClassVar[str] = "Somebody else rotated these keys just now"
