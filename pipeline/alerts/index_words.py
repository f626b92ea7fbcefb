"""The words for indices and for shares of an area, in English and Russian, for a speaker to check."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.alerts.outcomes import Outcome
from pipeline.core.ids import IndexFamily, Season


@dataclass(frozen=True, slots=True)
class IndexWords:
    """What a letter calls an index. Braces are filled in by `alerts.indices_in_words`."""

    full: Mapping[IndexFamily, str]
    short: Mapping[IndexFamily, str]
    label: str
    """An index with a fixed number of months."""
    season_labels: Mapping[Season, str]
    short_season_labels: Mapping[Season, str]
    window: str
    window_of_one: str
    """A window of one month."""
    season_window: str
    season_window_of_one: str
    """The first month of a season."""
    span: str
    """From one calendar month to another; both are given as they stand alone and after "since"."""
    out_of_season: str
    blind: Mapping[IndexFamily, str]
    """Why an index says nothing in a month of its season."""
    on_area: str
    share_of_area: str
    """Where the share has no value."""
    by_maps: str
    no_map: str
    area_outcomes: Mapping[Outcome, str]
    """What a share of the area came to; what is not here is said as of any other measure."""
    area_reached: tuple[str, str]
    """How a share ends a stage: with a dead band, and without one."""
    area_not_reached: tuple[str, str]


ENGLISH = IndexWords(
    full={
        IndexFamily.SPI: "{label} (precipitation {window} compared with the same time of year in "
        "{calibration}; 0 is usual, less is drier)",
        IndexFamily.SPEI: "{label} (precipitation less potential evapotranspiration {window} "
        "compared with the same time of year in {calibration}; 0 is usual, less is drier)",
        IndexFamily.PERCENT_OF_NORMAL: "Precipitation {window} in percent of the mean for the same "
        "time of year in {calibration}",
        IndexFamily.SMRI: "{label} (snow melt and rain {window} compared with the same time of year "
        "in {calibration}; 0 is usual, less is drier)",
        IndexFamily.SWEI: "SWEI (snow water equivalent, the water held in the snow, compared with "
        "the same month of the years {calibration}; 0 is usual, below 0 is less snow)",
        IndexFamily.SMA: "Soil moisture anomaly {window} (the upper metre of soil compared with the "
        "same time of year in {calibration}, in standard deviations; 0 is usual, less is drier)",
    },
    short={
        IndexFamily.SPI: "{label}",
        IndexFamily.SPEI: "{label}",
        IndexFamily.PERCENT_OF_NORMAL: "percent of normal ({months})",
        IndexFamily.SMRI: "{label}",
        IndexFamily.SWEI: "SWEI",
        IndexFamily.SMA: "soil moisture anomaly ({months}, in standard deviations)",
    },
    label="{name}-{number}",
    season_labels={
        Season.HYDROLOGICAL: "{name} since 1 October",
        Season.VEGETATION: "{name} of the growing season",
    },
    short_season_labels={
        Season.HYDROLOGICAL: "{name} since 1 October ({months})",
        Season.VEGETATION: "{name} of the growing season, {span}",
    },
    window="of the last {months}",
    window_of_one="of the month",
    season_window="of the {months} from {span}",
    season_window_of_one="of {span}, the first month,",
    span="{first} to {last}",
    out_of_season="the index does not exist in this calendar month; it runs from {span}",
    blind={
        IndexFamily.SPI: "rain is too rare at this time of year for the index to say anything",
        IndexFamily.SPEI: "at this time of year the values hardly differ from year to year, so that "
        "the index cannot say anything",
        IndexFamily.PERCENT_OF_NORMAL: "rain is too rare at this time of year for a percentage to "
        "say anything",
        IndexFamily.SMRI: "snow melt and rain are too rare at this time of year for the index "
        "to say anything",
        IndexFamily.SWEI: "snow is too rare in this month for the index to say anything",
        IndexFamily.SMA: "soil moisture at this time of year hardly differs from year to year, so "
        "that the anomaly cannot say anything",
    },
    on_area="At {share} of the area {index} is at or below {limit}{by}",
    share_of_area="Share of the area at which {index} is at or below {limit}{by}: not known ({gap})",
    by_maps=" (by the maps of {source})",
    no_map="there is no map of this month",
    area_outcomes={
        Outcome.BEGAN: "at least the plan's threshold of {enter}{runs}: stage {stage} begins",
        Outcome.ENDED: "{reached} the plan's threshold of {exit} for ending{runs}: stage {stage} "
        "ends",
        Outcome.HOLDS: "{not_reached} the plan's threshold of {exit} for ending: stage {stage} "
        "holds",
        Outcome.ENDING: "{reached} the plan's threshold of {exit} for ending in {run} of {needed} "
        "months: stage {stage} still holds",
        Outcome.QUIET: "less than the plan's threshold of {enter}: stage {stage} does not begin",
        Outcome.BEGINNING: "at least the plan's threshold of {enter} in {run} of {needed} months: "
        "stage {stage} does not begin yet",
    },
    area_reached=("at most", "less than"),
    area_not_reached=("more than", "at least"),
)

RUSSIAN = IndexWords(
    full={
        IndexFamily.SPI: "{label} (осадки {window} в сравнении с тем же временем года в "
        "{calibration} гг.; 0 означает обычное, меньше 0 означает суше)",
        IndexFamily.SPEI: "{label} (осадки за вычетом потенциального испарения {window} в "
        "сравнении с тем же временем года в {calibration} гг.; 0 означает обычное, меньше 0 "
        "означает суше)",
        IndexFamily.PERCENT_OF_NORMAL: "Осадки {window} в процентах от среднего за то же время "
        "года в {calibration} гг.",
        IndexFamily.SMRI: "{label} (вода от таяния снега и дождя {window} в сравнении с тем же "
        "временем года в {calibration} гг.; 0 означает обычное, меньше 0 означает суше)",
        IndexFamily.SWEI: "SWEI (запас воды в снеге в сравнении с тем же месяцем в {calibration} "
        "гг.; 0 означает обычное, меньше 0 означает меньше обычного)",
        IndexFamily.SMA: "Аномалия влажности почвы {window} (верхний метр почвы в сравнении с тем "
        "же временем года в {calibration} гг., в стандартных отклонениях; 0 означает обычное, "
        "меньше 0 означает суше)",
    },
    short={
        IndexFamily.SPI: "{label}",
        IndexFamily.SPEI: "{label}",
        IndexFamily.PERCENT_OF_NORMAL: "процент от нормы ({months})",
        IndexFamily.SMRI: "{label}",
        IndexFamily.SWEI: "SWEI",
        IndexFamily.SMA: "аномалия влажности почвы ({months}, в стандартных отклонениях)",
    },
    label="{name}-{number}",
    season_labels={
        Season.HYDROLOGICAL: "{name} с 1 октября",
        Season.VEGETATION: "{name} за вегетационный период",
    },
    short_season_labels={
        Season.HYDROLOGICAL: "{name} с 1 октября ({months})",
        Season.VEGETATION: "{name} за вегетационный период, {span}",
    },
    window="за последние {months}",
    window_of_one="за месяц",
    season_window="за {months}, {span},",
    season_window_of_one="за первый месяц, {span},",
    span="с {first_after_since} по {last}",
    out_of_season="в этом календарном месяце индекса нет, он рассчитывается {span}",
    blind={
        IndexFamily.SPI: "осадки в это время года слишком редки, чтобы индекс что-либо показывал",
        IndexFamily.SPEI: "в это время года значения почти не меняются от года к году, и индекс "
        "ничего не показывает",
        IndexFamily.PERCENT_OF_NORMAL: "осадки в это время года слишком редки, чтобы процент от "
        "нормы что-либо показывал",
        IndexFamily.SMRI: "таяние снега и дожди в это время года слишком редки, чтобы индекс "
        "что-либо показывал",
        IndexFamily.SWEI: "снег в этом месяце слишком редок, чтобы индекс что-либо показывал",
        IndexFamily.SMA: "влажность почвы в это время года почти не меняется от года к году, и "
        "аномалия ничего не показывает",
    },
    on_area="На {share} территории {index} не выше {limit}{by}",
    share_of_area="Доля территории, на которой {index} не выше {limit}{by}: неизвестна ({gap})",
    by_maps=" (по картам {source})",
    no_map="карты за этот месяц нет",
    area_outcomes={
        Outcome.BEGAN: "не меньше порога плана ({enter}){runs}: стадия {stage} начинается",
        Outcome.ENDED: "{reached} порога окончания по плану ({exit}){runs}: стадия {stage} "
        "заканчивается",
        Outcome.HOLDS: "{not_reached} порога окончания по плану ({exit}): стадия {stage} сохраняется",
        Outcome.ENDING: "{reached} порога окончания по плану ({exit}) в течение {run} мес. из "
        "{needed}: стадия {stage} пока сохраняется",
        Outcome.QUIET: "меньше порога плана ({enter}): стадия {stage} не начинается",
        Outcome.BEGINNING: "не меньше порога плана ({enter}) в течение {run} мес. из {needed}: "
        "стадия {stage} пока не начинается",
    },
    area_reached=("не больше", "меньше"),
    area_not_reached=("больше", "не меньше"),
)
