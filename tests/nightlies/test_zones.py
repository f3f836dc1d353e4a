"""Rails' names for time zones and IANA's."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from dashlib.nightlies.errors import Unreadable
from dashlib.nightlies.zones import RAILS_ZONES, zone


@pytest.mark.parametrize("name", RAILS_ZONES)
def test_every_rails_name_is_a_zone(name: str) -> None:
    assert zone(name).key == RAILS_ZONES[name]


@pytest.mark.parametrize(
    ("name", "winter", "summer"),
    [
        ("Pacific Time (US & Canada)", -8, -7),
        ("Eastern Time (US & Canada)", -5, -4),
        ("Berlin", 1, 2),
        ("Edinburgh", 0, 1),
        ("UTC", 0, 0),
        ("Etc/UTC", 0, 0),
        ("Europe/Kyiv", 2, 3),
        ("Kyiv", 2, 3),
        ("New Delhi", 5.5, 5.5),
        ("Kathmandu", 5.75, 5.75),
        ("Nuku'alofa", 13, 13),
        ("Sydney", 11, 10),
        ("International Date Line West", -12, -12),
        ("Asia/Tokyo", 9, 9),
    ],
)
def test_offsets(name: str, winter: float, summer: float) -> None:
    """The hours that people in these places would name."""
    offsets = [zone(name).utcoffset(datetime(2026, month, 15)) for month in (1, 7)]
    assert offsets == [timedelta(hours=winter), timedelta(hours=summer)]


@pytest.mark.parametrize("name", [None, ""])
def test_no_zone_is_utc(name: str | None) -> None:
    assert zone(name).key == "UTC"


@pytest.mark.parametrize("name", ["Atlantis", "../../etc/passwd", "Europe", "Mars/Phobos", "pacific time", "a\0b"])
def test_an_unknown_zone_is_told(name: str) -> None:
    with pytest.raises(Unreadable, match="time zone"):
        zone(name)
