"""What became of every record of a file: nothing is lost between reading and storing.

A record of a station file is one value given in it, or a line that could not be understood; a
record of a grid file is one month of one variable.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Counts:
    """How many records were read, and where each of them went.

    Raises:
        ValueError: a count is below zero, or a record is unaccounted for.
    """

    read: int = 0
    stored: int = 0
    """Now in the warehouse, and were not before."""
    quarantined: int = 0
    """Refused, and kept with the reason."""
    unchanged: int = 0
    """Said what the warehouse, or an earlier record of the same file, had said already."""

    def __post_init__(self) -> None:
        """Refuse counts that do not add up."""
        parts = (self.stored, self.quarantined, self.unchanged)
        if min(parts) < 0 or self.read != sum(parts):
            raise ValueError(
                f"counts: expected records read = stored + quarantined + unchanged, got {self}"
            )

    def __add__(self, other: Counts) -> Counts:
        """Return what became of the records of both."""
        return Counts(
            self.read + other.read,
            self.stored + other.stored,
            self.quarantined + other.quarantined,
            self.unchanged + other.unchanged,
        )

    def __str__(self) -> str:
        """Return the line that is shown to people."""
        return (
            f"{self.read} records read = {self.stored} stored + {self.quarantined} quarantined "
            f"+ {self.unchanged} unchanged"
        )
