"""A world whose months are watched: two landscapes of one country, an operator, and a mail server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, Origin, Release
from pipeline.core.months import Month
from pipeline.settings import Settings
from pipeline.steps.evaluate import evaluate
from pipeline.steps.golive import golive
from pipeline.steps.installation import Installation
from pipeline.warehouse.landscapes import read_landscapes
from pipeline.warehouse.outcomes import save_outcome
from tests.integration.issuing_plan import adopt
from tests.integration.little_world import (
    JANUARY,
    grid_file,
    landscape,
    say_climate,
    say_spi_3,
    settle,
    told,
)
from tests.integration.postbox import HOST, Postbox, free_port, listening

OPERATOR = "operator@example.org"
FEBRUARY = JANUARY + 1


@dataclass
class Watched:
    """An installation with an operator, whose clock is set by the day."""

    place: Installation
    postbox: Postbox

    def on(self, day: str) -> Installation:
        """The installation at six in the morning of a day, UTC."""
        moment = datetime.combine(date.fromisoformat(day), time(6), UTC)
        return replace(self.place, clock=lambda: moment)

    def data(self, month: Month, only: str = "AB", gaps: Mapping[str, Gap] = {}) -> None:
        """The month's rain comes, another in each month and landscape: what repeats is suspect.

        Of the landscapes of `only`; of those in `gaps` the source has none, and says why.
        """
        with self.place.warehouse.begin() as connection:
            file_id = grid_file(connection, self.origin, number=100 + month.ordinal)
            for stored in read_landscapes(connection):
                name = stored.landscape.landscape_id
                rain = 20.0 + month.ordinal % 17 + stored.landscape_key % 3
                if name in only:
                    say_climate(
                        connection,
                        stored.landscape_key,
                        month,
                        gaps.get(name, rain),
                        file_id=file_id,
                        release=Release.PRELIMINARY,
                    )

    def indices(self, month: Month, spi: float = 0.4, only: str = "AB") -> None:
        spoken = {"A": [spi], "B": [0.5]}
        ours = {name: values for name, values in spoken.items() if name in only}
        say_spi_3(self.place.warehouse, ours, first=month, origin=self.origin)

    def decide(self) -> None:
        """What has come is decided, and as if bulletins and site were written."""
        evaluate(self.place)
        self.published()

    def published(self, seconds: float = 0.0) -> None:
        with self.place.warehouse.begin() as connection:
            save_outcome(
                connection,
                step="publish",
                month=None,
                state="done",
                rows=1,
                seconds=seconds,
                message=None,
            )

    def whole(self, month: Month, spi: float = 0.4) -> None:
        """The month goes its way up to the bulletin."""
        self.data(month)
        self.indices(month, spi)
        self.decide()

    def notices(self) -> list[tuple[object, ...]]:
        """Kind and subject of every notice, in the order they were written."""
        return told(
            self.place.warehouse,
            "SELECT kind, subject FROM alert.notice ORDER BY written_at, about, recipient_id",
        )

    def body(self, kind: str) -> str:
        ((body,),) = told(
            self.place.warehouse, "SELECT body FROM alert.notice WHERE kind = :kind", kind=kind
        )
        return " ".join(str(body).split())

    origin: Origin = Origin.REAL


@contextmanager
def watched(
    installation: Installation,
    origin: Origin = Origin.REAL,
    operators: tuple[str, ...] = (OPERATOR,),
) -> Iterator[Watched]:
    """Alerts are told from February on; January is decided."""
    with listening(Postbox(free_port())) as postbox:
        settings = Settings(
            var=installation.settings.var,
            smtp_host=HOST,
            smtp_port=postbox.port,
            mail_operator=list(operators),
        )
        place = replace(installation, settings=settings)
        adopt(place.warehouse, country=Country.UZBEKISTAN)
        settle(place.warehouse, [landscape("A"), landscape("B")], origin)
        world = Watched(place, postbox, origin)
        world.data(JANUARY)
        world.indices(JANUARY)
        golive(place, FEBRUARY)
        world.published()
        yield world
