"""The local time of the six countries, for messages that must say their offset."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone

from pipeline.core.ids import Country

UTC_OFFSET_HOURS: Mapping[Country, int] = {
    Country.KAZAKHSTAN: 5,
    Country.KYRGYZSTAN: 6,
    Country.TAJIKISTAN: 5,
    Country.TURKMENISTAN: 5,
    Country.UZBEKISTAN: 5,
    Country.TURKIYE: 3,
}
"""Local time, without summer time anywhere (Kazakhstan: one zone since 2024). A table, because a
bare machine may have no time zone database."""


def local_time(moment: datetime, country: Country) -> str:
    """Return `moment` in the country's time with its offset, in whole seconds."""
    return moment.astimezone(zone_of(country)).isoformat(timespec="seconds")


def zone_of(country: Country | None) -> timezone:
    """Return the time zone of a country; of no one country the one in which a day begins first."""
    hours = max(UTC_OFFSET_HOURS.values()) if country is None else UTC_OFFSET_HOURS[country]
    return timezone(timedelta(hours=hours))


def local_day(moment: datetime, country: Country | None) -> date:
    """Return the day of `moment` by the clocks of the country; of no one where it begins first."""
    return moment.astimezone(zone_of(country)).date()
