"""Moments, days and numbers as people of each language write them, in the installation's time zone (CLDR, by Babel)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import dates, numbers

_SECOND: Final = 1_000_000
_LOCALES: Final = {"nl": "nl_BE", "fr": "fr_BE", "de": "de_BE", "en": "en_GB"}


class Moments:
    """Writes times, given in microseconds UTC."""

    def __init__(self, time_zone: str) -> None:
        """With a time zone of the tz database.

        Raises:
            ValueError: there is none of this name.
        """
        try:
            self.zone = ZoneInfo(time_zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            message = f"there is no time zone {time_zone!r}; name one such as Europe/Brussels"
            raise ValueError(message) from error

    def moment(self, microseconds: int, language: str) -> str:
        """`21 November 2026 at 14:05`, in short form."""
        at = datetime.fromtimestamp(microseconds // _SECOND, UTC)
        return dates.format_datetime(at, "d MMM y, HH:mm", tzinfo=self.zone, locale=_LOCALES[language])

    def day(self, microseconds: int, language: str) -> str:
        """`21 November 2026`."""
        at = datetime.fromtimestamp(microseconds // _SECOND, UTC).astimezone(self.zone)
        return dates.format_date(at.date(), "long", locale=_LOCALES[language])

    def calendar_day(self, of: date, language: str) -> str:
        """A day that is one everywhere, such as a birth date."""
        return dates.format_date(of, "long", locale=_LOCALES[language])

    @staticmethod
    def month(of: date, language: str, *, short: bool = False) -> str:
        """`November 2026`, or `Nov 2026`."""
        return dates.format_skeleton("yMMM" if short else "yMMMM", of, locale=_LOCALES[language])

    @staticmethod
    def short_day(of: date, language: str) -> str:
        """`21 Nov`."""
        return dates.format_skeleton("MMMd", of, locale=_LOCALES[language])

    @staticmethod
    def number(value: float, language: str) -> str:
        """`12,345` or `12 345` or `12.345`."""
        return numbers.format_decimal(value, locale=_LOCALES[language])

    @staticmethod
    def share(value: float, language: str, *, digits: int = 1) -> str:
        """A share from 0 to 1 as per cent."""
        return numbers.format_percent(value, "#,##0." + "#" * digits + "%", locale=_LOCALES[language])

    @staticmethod
    def change(value: float, language: str) -> str:
        """A change as per cent, with its sign."""
        return numbers.format_percent(value, "+#,##0.#%;-#,##0.#%", locale=_LOCALES[language])
