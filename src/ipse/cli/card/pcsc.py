"""A real reader, over PC/SC and pyscard (the optional extra `card`)."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ipse.cli.card.errors import MissingProgramError, NoCardError, NoReaderError, OtherCardError, ReaderError
from ipse.standards.eid_apdu import EidCard, Transmit, UnknownCardError

_INSTALL = "pip install 'ipse[card]', with swig and libpcsclite-dev there; on Debian also: apt install python3-pyscard"
_SERVICE = "start the smart card service (Linux: apt install pcscd, then systemctl start pcscd)"


@contextmanager
def transmitting(*, wants_card: bool = True) -> Iterator[Transmit]:
    """Connect to the Belgian card in any reader, and send it commands; without `wants_card` only see whether one could.

    Raises:
        ReaderError: pyscard, the service, a reader or a card is missing; the text says what to do.
    """
    found = _readers()
    if not wants_card:
        yield _nothing
        return
    if not found:
        raise NoReaderError("no card reader is connected")
    connection, transmit = _belgian(found)
    try:
        yield transmit
    finally:
        with suppress(Exception):
            connection.disconnect()


def _readers() -> list[Any]:
    try:
        system = importlib.import_module("smartcard.System")
    except ImportError as error:
        raise MissingProgramError(f"pyscard is not installed: {_INSTALL}") from error
    try:
        return list(system.readers())
    except Exception as error:  # pyscard's own exceptions differ by version and platform
        raise MissingProgramError(f"no service talks to card readers here: {_SERVICE}") from error


def _belgian(readers: list[Any]) -> tuple[Any, Transmit]:
    """The first reader with a Belgian card; what is in the others does not matter."""
    worst: ReaderError = NoCardError("no card is in the reader")
    for reader in readers:
        connection = reader.createConnection()
        try:
            connection.connect()
        except Exception:  # noqa: BLE001, S112 - no card in this one, or one that does not answer
            continue
        transmit = _sending(connection)
        try:
            EidCard.found(transmit)
        except UnknownCardError:
            worst = OtherCardError("the card in the reader is no Belgian eID card, or in it the wrong way round")
            with suppress(Exception):
                connection.disconnect()
            continue
        return connection, transmit
    raise worst


def _sending(connection: Any) -> Transmit:  # noqa: ANN401 - pyscard has no types
    def transmit(command: bytes) -> bytes:
        try:
            data, first, second = connection.transmit(list(command))
        except Exception as error:
            raise ReaderError("the reader stopped answering; was the card taken out?") from error
        return bytes([*data, first, second])

    return transmit


def _nothing(_: bytes) -> bytes:
    raise ReaderError("no card was asked for")
