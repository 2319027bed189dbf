"""The operator's table of networks and places, and distances on the Earth."""

from __future__ import annotations

import csv
import io
import ipaddress
import math
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Final

from ipse.fraud.model import Place
from ipse.kernel.settings import SettingsError
from ipse.standards.countries import ALPHA_3

COLUMNS: Final = ("network", "country", "place", "lat", "lon")
_LONGEST_NAME: Final = 60
_EARTH_KM: Final = 6371.0
_KEPT_BITS: Final = {4: 24, 6: 48}
"""How much of an address limits and flags count by: /24 and /48."""
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class PlaceTable:
    """Networks by length of their prefix; the longest that fits an address counts."""

    by_length: dict[tuple[int, int], dict[int, Place]]

    def find(self, address: str) -> Place | None:
        """Where an address is; None where nobody knows."""
        parsed = _parsed(address)
        if parsed is None:
            return None
        number, bits = int(parsed), parsed.max_prefixlen
        for version, length in self.by_length:  # longest first
            if version == parsed.version:
                place = self.by_length[version, length].get(number >> (bits - length))
                if place is not None:
                    return place
        return None


NOWHERE: Final = PlaceTable({})
"""No table: nobody knows where anything is."""


def read_places(text: str) -> PlaceTable:
    """Read CSV with the columns network, country, place, lat, lon.

    Raises:
        SettingsError: one line for each line of the table that cannot be used.
    """
    rows = list(csv.reader(io.StringIO(text)))
    if not rows or tuple(cell.strip() for cell in rows[0]) != COLUMNS:
        raise SettingsError(f"places: line 1 must be {','.join(COLUMNS)}")
    found: dict[Network, Place] = {}
    wrong: list[str] = []
    for number, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        try:
            network, place = _line(row, found)
            found[network] = place
        except ValueError as error:
            wrong.append(f"places: line {number}: {error}")
    if wrong:
        raise SettingsError("\n".join(wrong))
    return PlaceTable(_by_length(found))


def distance_km(one: Place, other: Place) -> float:
    """The great-circle distance (haversine)."""
    north, south = math.radians(one.latitude), math.radians(other.latitude)
    east = math.radians(other.longitude - one.longitude)
    half = math.sin((south - north) / 2) ** 2 + math.cos(north) * math.cos(south) * math.sin(east / 2) ** 2
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


def is_far(one: Place | None, other: Place | None, *, more_than_km: int) -> bool:
    """Whether two places are in different countries or far from each other; what is unknown is not far."""
    if one is None or other is None:
        return False
    return one.country != other.country or distance_km(one, other) > more_than_km


def network_of(address: str) -> str:
    """The /24 or /48 around an address as text; empty for what is no address."""
    parsed = _parsed(address)
    if parsed is None:
        return ""
    return str(ipaddress.ip_network((parsed, _KEPT_BITS[parsed.version]), strict=False))


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return mapped or parsed


def _line(row: Sequence[str], found: Container[Network]) -> tuple[Network, Place]:
    if len(row) != len(COLUMNS):
        raise ValueError(f"{len(row)} cells in place of {len(COLUMNS)}")
    network, country, name, latitude, longitude = (cell.strip() for cell in row)
    parsed = ipaddress.ip_network(network)
    if parsed in found:
        raise ValueError(f"{parsed} is there twice")
    if country not in ALPHA_3:
        raise ValueError(f"{country!r} is no country of two capital letters")
    if not name or len(name) > _LONGEST_NAME or not name.isprintable():
        raise ValueError("the place needs a name of up to 60 characters")
    return parsed, Place(country, name, _degrees(latitude, 90), _degrees(longitude, 180))


def _degrees(text: str, most: int) -> float:
    value = float(text)
    if not -most <= value <= most:
        raise ValueError(f"{text} is not between -{most} and {most} degrees")
    return value


def _by_length(found: dict[Network, Place]) -> dict[tuple[int, int], dict[int, Place]]:
    lengths: dict[tuple[int, int], dict[int, Place]] = {}
    for network in sorted(found, key=lambda one: -one.prefixlen):
        shift = network.max_prefixlen - network.prefixlen
        key = int(network.network_address) >> shift
        lengths.setdefault((network.version, network.prefixlen), {})[key] = found[network]
    return lengths
