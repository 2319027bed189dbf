"""What can be wrong with a reader."""

from __future__ import annotations


class ReaderError(Exception):
    """The reader cannot be used. The text says what to do; `code` is what a page is told."""

    code = "reader_failed"


class MissingProgramError(ReaderError):
    """No pyscard, or no service that talks to readers."""

    code = "no_reader"


class NoReaderError(ReaderError):
    """No reader is connected."""

    code = "no_reader"


class NoCardError(ReaderError):
    """No card is in a reader."""

    code = "no_card"


class OtherCardError(ReaderError):
    """No Belgian eID card."""

    code = "unknown_card"
