"""The words of letters and CAP messages in English and Russian, side by side for a speaker to check.

No word here claims more than the plan does: an index crosses a threshold, actions are proposed for
consideration, and nothing is proclaimed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.alerts.evidence import Verdict
from pipeline.alerts.facts import Change
from pipeline.alerts.index_words import ENGLISH, RUSSIAN, IndexWords
from pipeline.alerts.outcomes import Outcome
from pipeline.core.errors import InputError
from pipeline.core.gaps import Gap
from pipeline.core.ids import Country, DroughtType, LandUse, Release
from pipeline.core.indicators import IndicatorCode, IndicatorUnit
from pipeline.plans.rule_document import SourceKind

UNCHECKED_LANGUAGES = frozenset({"ru"})
"""Languages whose words below no speaker has checked."""


@dataclass(frozen=True, slots=True)
class Words:
    """Everything a letter says in one language. Braces are filled in by `alerts.letters`."""

    locale: str
    month: str
    """CLDR pattern of a month that stands alone."""
    since_month: str
    """CLDR pattern of a month after "since": Russian needs the genitive."""
    quotes: tuple[str, str]
    percent: str
    exercise: str
    banner: str
    headings: Mapping[str, str]
    countries: Mapping[Country, str]
    land_uses: Mapping[LandUse, str]
    salt_affected: str
    drought: Mapping[DroughtType, str]
    of_drought: Mapping[DroughtType, str]
    """The same after "stage": Russian needs the genitive."""
    gaps: Mapping[Gap, str]
    no_stage: str
    a_stage: str
    own_words: str
    """How the plan calls the stages in a language of its own."""
    happened: Mapping[Change, str]
    in_short: Mapping[Change, str]
    since: str
    none_since: str
    unconfirmed: str
    indices: IndexWords
    an_index: str
    an_indicator: str
    an_area_share: str
    indicators: Mapping[IndicatorCode, str]
    units: Mapping[IndicatorUnit, str]
    """After the name of an indicator."""
    amounts: Mapping[IndicatorUnit, str]
    """Behind a number, where it is not a percentage."""
    document: str
    withheld: str
    no_value: str
    reached: tuple[str, str]
    """How a value ends a stage: with a dead band, and without one."""
    not_reached: tuple[str, str]
    outcomes: Mapping[Outcome, str]
    runs: str
    """Added where more than one month in a row is needed."""
    threshold_source: str
    exit_source: str
    persistence_source: str
    kinds: Mapping[SourceKind, str]
    references: Mapping[str, str]
    """Sources of the shipped plans that are plain words."""
    data: str
    simulated_source: str
    releases: Mapping[Release, str]
    coverage: str
    coverage_unknown: str
    blended_source: str
    gauges_reported: str
    """Instead of `coverage`, where gauges decide."""
    gauges_beside: Mapping[Verdict, str]
    """What gauges say beside the grid that decides."""
    grid_beside: Mapping[Verdict, str]
    """What the grid says beside the gauges that decide."""
    assumed_dry: str
    suspect: str
    plan: str
    template: str
    adopted: str
    not_orders: str
    not_adopted: str
    no_authority: str
    irrigated: str
    unchecked: str
    reference: str
    evidence: str
    approved: str
    legal_basis: str
    no_legal_basis: str
    protocol: str
    protocol_undated: str
    remark: str


_EN = Words(
    locale="en_GB",
    month="LLLL y",
    since_month="MMMM y",
    quotes=('"', '"'),
    percent="%",
    exercise="EXERCISE",
    banner="EXERCISE - SIMULATED DATA - no real drought",
    headings={
        "why": "Why",
        "data": "Data",
        "plan": "Plan",
        "actions": "Proposed for consideration",
        "notes": "Please note",
        "approval": "Approval",
    },
    countries={
        Country.KAZAKHSTAN: "Kazakhstan",
        Country.KYRGYZSTAN: "Kyrgyzstan",
        Country.TAJIKISTAN: "Tajikistan",
        Country.TURKMENISTAN: "Turkmenistan",
        Country.UZBEKISTAN: "Uzbekistan",
        Country.TURKIYE: "Türkiye",
    },
    land_uses={
        LandUse.PASTORAL: "pasture",
        LandUse.AGRO_SYLVO_PASTORAL: "agro-sylvo-pastoral land",
        LandUse.TREE_BASED: "tree-based land",
        LandUse.IRRIGATED: "irrigated land",
        LandUse.RAINFED: "rainfed land",
        LandUse.HOME_GARDEN: "home gardens",
    },
    salt_affected="salt-affected",
    drought={kind: f"{kind} drought" for kind in DroughtType},
    of_drought={kind: f"{kind} drought" for kind in DroughtType},
    gaps={
        Gap.NOT_PUBLISHED: "the source has not published it",
        Gap.OUTSIDE_GRID: "no grid cell with values touches the landscape",
        Gap.LOW_COVERAGE: "cells with values cover too little of the landscape",
        Gap.TOO_FEW_OBSERVATIONS: "no gauge reported enough days",
        Gap.SHORT_HISTORY: "the record does not reach back far enough",
        Gap.CALIBRATION_SHORT: "the calibration period holds too few values",
        Gap.NOT_APPLICABLE: "the index does not exist in this calendar month, or is blind in it "
        "because rain or snow is too rare",
        Gap.REJECTED: "a value came and a check refused it",
    },
    no_stage="no stage",
    a_stage="stage {stage}",
    own_words="In the plan's own words: {stages}.",
    happened={
        Change.BEGAN: "{measure} has crossed the plan's threshold, and the stage of {drought} "
        "goes from no stage to {new}.",
        Change.ESCALATED: "{measure} has crossed the plan's threshold of a graver stage, and the "
        "stage of {drought} rises from {old} to {new}.",
        Change.EASED: "{measure} has come back across the plan's threshold of the graver stage, and "
        "the stage of {drought} eases from {old} to {new}.",
        Change.ENDED: "{measure} has come back across the plan's threshold, and the stage of "
        "{drought} goes from {old} to no stage.",
        Change.CORRECTED: "correction for {drought}. An earlier message said {a_old}; the data "
        "now at hand say {a_new}.",
        Change.IN_FORCE: "stage {new} of {drought} stood already when these messages began.",
        Change.REMINDED: "stage {new} of {drought} still stands.",
    },
    in_short={
        Change.BEGAN: "stage {new} begins",
        Change.ESCALATED: "stage rises from {old} to {new}",
        Change.EASED: "stage eases from {old} to {new}",
        Change.ENDED: "stage {old} ends",
        Change.CORRECTED: "correction, now {a_new}",
        Change.IN_FORCE: "stage {new} stands already",
        Change.REMINDED: "stage {new} still stands",
    },
    since="Stage {stage} has stood since {month}.",
    none_since="There has been no stage since {month}.",
    unconfirmed="Unconfirmed: {months} months without a value. The stage is held, not known.",
    indices=ENGLISH,
    an_index="the index",
    an_indicator="the agency's indicator",
    an_area_share="the share of the area with low values of the index",
    indicators={
        IndicatorCode.WATER_AVAILABILITY_FORECAST: "Water availability forecast of the agency, {unit}",
        IndicatorCode.SNOW_SURVEY: "Snow survey of the agency, water in the snow {unit}",
        IndicatorCode.RESERVOIR_STORAGE: "Reservoir storage by the agency, {unit}",
        IndicatorCode.SOIL_MOISTURE: "Soil moisture by the agency, {unit}",
    },
    units={
        IndicatorUnit.PERCENT_OF_NORM: "in percent of the norm",
        IndicatorUnit.PERCENT_OF_FULL: "in percent of full",
        IndicatorUnit.PERCENT_OF_FIELD_CAPACITY: "in percent of field capacity",
        IndicatorUnit.PERCENT_OF_AVAILABLE_WATER: "in percent of the available water capacity",
        IndicatorUnit.MM: "in mm",
        IndicatorUnit.MILLION_M3: "in million m³",
    },
    amounts={
        IndicatorUnit.MM: "\N{NO-BREAK SPACE}mm",
        IndicatorUnit.MILLION_M3: "\N{NO-BREAK SPACE}million\N{NO-BREAK SPACE}m³",
    },
    document="document {number} of {day}{by}; for {period}",
    withheld="the value is not open to everyone",
    no_value="no value: {gap}",
    reached=("at or above", "above"),
    not_reached=("below", "at or below"),
    outcomes={
        Outcome.BEGAN: "at or below {enter}{runs}: stage {stage} begins",
        Outcome.ENDED: "{reached} {exit}{runs}: stage {stage} ends",
        Outcome.HOLDS: "{not_reached} {exit}: stage {stage} holds",
        Outcome.ENDING: "{reached} {exit} in {run} of {needed} months: stage {stage} still holds",
        Outcome.QUIET: "above {enter}: stage {stage} does not begin",
        Outcome.BEGINNING: "at or below {enter} in {run} of {needed} months: stage {stage} does "
        "not begin yet",
        Outcome.SILENT: "without a value stage {stage} stays as it was",
        Outcome.OUT_OF_SEASON: "the rule does not speak in this calendar month: stage {stage} "
        "stays as it was",
    },
    runs=" for {needed} months in a row",
    threshold_source="Threshold: {source}.",
    exit_source="Threshold for ending: {source}.",
    persistence_source="Months in a row: {source}.",
    kinds={
        SourceKind.NATIONAL: "national ({reference})",
        SourceKind.AGENCY: "table of an agency ({reference}), not adopted by national law",
        SourceKind.GENERIC: "generic ({reference}), not adopted by national law",
    },
    references={},
    data="Source: {source}. {release} {coverage} Calibration: {calibration}.",
    simulated_source="simulated data in the layout of {source}",
    releases={
        Release.PRELIMINARY: "Preliminary values: the final ones may change the stage.",
        Release.FINAL: "Final values.",
    },
    coverage="Cells with values cover {share} of the landscape.",
    coverage_unknown="Coverage of the landscape is not known.",
    blended_source="gauges inside the landscape on the normals of {grid}",
    gauges_reported="{share} of the gauges reported.",
    gauges_beside={
        Verdict.AGREES: "Gauges inside the landscape agree{values}.",
        Verdict.DISAGREES: "Gauges inside the landscape do not agree{values}.",
        Verdict.SILENT: "Gauges inside the landscape say nothing{values}.",
    },
    grid_beside={
        Verdict.AGREES: "The grid {source} by itself agrees{values}.",
        Verdict.DISAGREES: "The grid {source} by itself does not agree{values}.",
        Verdict.SILENT: "The grid {source} by itself says nothing{values}.",
    },
    assumed_dry="Days without a report from a gauge that were taken as dry: {days}.",
    suspect="Gauge values that a check marks as suspect: {values}.",
    plan='"{title}" ({plan_id}), version\N{NO-BREAK SPACE}{version}.',
    template="A template: no authority has adopted it.",
    adopted="Adopted by {authority}.",
    not_orders="These are proposals by the plan, not orders:",
    no_authority="Not for publication: no alerting authority is configured.",
    not_adopted="Not for publication: thresholds used here are not adopted by a cited national "
    "order.",
    irrigated="Irrigated land: the index sees only the rain, snow and soil of the land itself. Water "
    "from the headwaters is not counted here.",
    unchecked="No speaker has checked all the wording of this message.",
    reference="Alert {alert_id}, chain {chain_id}.",
    evidence="All evidence: drought explain {alert_id}",
    approved="Approved for sending by {name}, {office}, {time}.",
    legal_basis="Legal basis: {basis}.",
    no_legal_basis="No legal basis was cited.",
    protocol="Protocol: {protocol} of {date}.",
    protocol_undated="Protocol: {protocol}.",
    remark="Note: {note}",
)

_RU = Words(
    locale="ru",
    month="LLLL y\N{NO-BREAK SPACE}'г.'",
    since_month="MMMM y\N{NO-BREAK SPACE}'г.'",
    quotes=("«", "»"),
    percent="\N{NO-BREAK SPACE}%",
    exercise="УЧЕНИЕ",
    banner="УЧЕНИЕ - СМОДЕЛИРОВАННЫЕ ДАННЫЕ - настоящей засухи нет",
    headings={
        "why": "Почему",
        "data": "Данные",
        "plan": "План",
        "actions": "Предлагается рассмотреть",
        "notes": "Обратите внимание",
        "approval": "Согласование",
    },
    countries={
        Country.KAZAKHSTAN: "Казахстан",
        Country.KYRGYZSTAN: "Кыргызстан",
        Country.TAJIKISTAN: "Таджикистан",
        Country.TURKMENISTAN: "Туркменистан",
        Country.UZBEKISTAN: "Узбекистан",
        Country.TURKIYE: "Турция",
    },
    land_uses={
        LandUse.PASTORAL: "пастбища",
        LandUse.AGRO_SYLVO_PASTORAL: "агролесопастбищные земли",
        LandUse.TREE_BASED: "земли под древесными насаждениями",
        LandUse.IRRIGATED: "орошаемые земли",
        LandUse.RAINFED: "богарные земли",
        LandUse.HOME_GARDEN: "приусадебные участки",
    },
    salt_affected="подвержены засолению",
    drought={
        DroughtType.METEOROLOGICAL: "метеорологическая засуха",
        DroughtType.AGRICULTURAL: "сельскохозяйственная засуха",
        DroughtType.HYDROLOGICAL: "гидрологическая засуха",
    },
    of_drought={
        DroughtType.METEOROLOGICAL: "метеорологической засухи",
        DroughtType.AGRICULTURAL: "сельскохозяйственной засухи",
        DroughtType.HYDROLOGICAL: "гидрологической засухи",
    },
    gaps={
        Gap.NOT_PUBLISHED: "источник его не опубликовал",
        Gap.OUTSIDE_GRID: "ни одна ячейка сетки со значениями не попадает на территорию",
        Gap.LOW_COVERAGE: "ячейки со значениями покрывают слишком малую часть территории",
        Gap.TOO_FEW_OBSERVATIONS: "ни один пост не передал данные за достаточное число дней",
        Gap.SHORT_HISTORY: "ряд наблюдений слишком короткий",
        Gap.CALIBRATION_SHORT: "в калибровочном периоде слишком мало значений",
        Gap.NOT_APPLICABLE: "в этом календарном месяце индекса нет, или он ничего не показывает, "
        "потому что осадки или снег слишком редки",
        Gap.REJECTED: "значение поступило, но не прошло проверку",
    },
    no_stage="стадии нет",
    a_stage="стадия {stage}",
    own_words="Словами самого плана: {stages}.",
    happened={
        Change.BEGAN: "{measure} перешёл порог плана, стадия {drought} теперь {new}, "
        "прежде стадии не было.",
        Change.ESCALATED: "{measure} перешёл порог более тяжёлой стадии плана, стадия {drought} "
        "теперь {new}, прежде {old}.",
        Change.EASED: "{measure} вернулся за порог более тяжёлой стадии плана, стадия {drought} "
        "теперь {new}, прежде {old}.",
        Change.ENDED: "{measure} вернулся за порог плана, стадии {drought} больше нет, прежде {old}.",
        Change.CORRECTED: "исправление стадии {drought}. В прежнем сообщении: {a_old}; по "
        "имеющимся теперь данным: {a_new}.",
        Change.IN_FORCE: "стадия {new} {drought} наступила ещё до начала рассылки.",
        Change.REMINDED: "стадия {new} {drought} сохраняется.",
    },
    in_short={
        Change.BEGAN: "начинается стадия {new}",
        Change.ESCALATED: "стадия теперь {new}, прежде {old}",
        Change.EASED: "стадия смягчилась до {new}, прежде {old}",
        Change.ENDED: "стадия {old} закончилась",
        Change.CORRECTED: "исправление, теперь {a_new}",
        Change.IN_FORCE: "стадия {new} наступила ранее",
        Change.REMINDED: "стадия {new} сохраняется",
    },
    since="Стадия {stage} держится с {month}",
    none_since="Стадии нет с {month}",
    unconfirmed="Не подтверждено: значений нет {months} мес. Стадия удерживается, но не известна.",
    indices=RUSSIAN,
    an_index="индекс",
    an_indicator="показатель ведомства",
    an_area_share="охват территории низкими значениями индекса",
    indicators={
        IndicatorCode.WATER_AVAILABILITY_FORECAST: "Прогноз водности по данным ведомства, {unit}",
        IndicatorCode.SNOW_SURVEY: "Снегосъёмка ведомства, запас воды в снеге {unit}",
        IndicatorCode.RESERVOIR_STORAGE: "Запас воды в водохранилищах по данным ведомства, {unit}",
        IndicatorCode.SOIL_MOISTURE: "Влажность почвы по данным ведомства, {unit}",
    },
    units={
        IndicatorUnit.PERCENT_OF_NORM: "в процентах от нормы",
        IndicatorUnit.PERCENT_OF_FULL: "в процентах от полного объёма",
        IndicatorUnit.PERCENT_OF_FIELD_CAPACITY: "в процентах от наименьшей влагоёмкости",
        IndicatorUnit.PERCENT_OF_AVAILABLE_WATER: "в процентах от доступной влагоёмкости",
        IndicatorUnit.MM: "в мм",
        IndicatorUnit.MILLION_M3: "в млн м³",
    },
    amounts={
        IndicatorUnit.MM: "\N{NO-BREAK SPACE}мм",
        IndicatorUnit.MILLION_M3: "\N{NO-BREAK SPACE}млн\N{NO-BREAK SPACE}м³",
    },
    document="документ {number} от {day}{by}; период: {period}",
    withheld="значение не для открытого доступа",
    no_value="значения нет: {gap}",
    reached=("не ниже", "выше"),
    not_reached=("ниже", "не выше"),
    outcomes={
        Outcome.BEGAN: "не выше {enter}{runs}: стадия {stage} начинается",
        Outcome.ENDED: "{reached} {exit}{runs}: стадия {stage} заканчивается",
        Outcome.HOLDS: "{not_reached} {exit}: стадия {stage} сохраняется",
        Outcome.ENDING: "{reached} {exit} в течение {run} мес. из {needed}: стадия {stage} пока "
        "сохраняется",
        Outcome.QUIET: "выше {enter}: стадия {stage} не начинается",
        Outcome.BEGINNING: "не выше {enter} в течение {run} мес. из {needed}: стадия {stage} пока "
        "не начинается",
        Outcome.SILENT: "без значения в стадии {stage} ничего не меняется",
        Outcome.OUT_OF_SEASON: "правило в этом месяце не действует: в стадии {stage} ничего не "
        "меняется",
    },
    runs=" в течение {needed} мес. подряд",
    threshold_source="Порог: {source}.",
    exit_source="Порог окончания: {source}.",
    persistence_source="Число месяцев подряд: {source}.",
    kinds={
        SourceKind.NATIONAL: "национальный ({reference})",
        SourceKind.AGENCY: "таблица ведомства ({reference}), национальным актом не принят",
        SourceKind.GENERIC: "типовой ({reference}), национальным актом не принят",
    },
    references={
        "a choice of this project": "выбор этого проекта",
        "the window of three months is a choice of this project": "окно в три месяца - выбор этого "
        "проекта",
        "TARBIL, table of percent of normal, ugip.tarbil.com/Kuraklik/Kuraklik": "TARBIL, таблица "
        "процентов от нормы, ugip.tarbil.com/Kuraklik/Kuraklik",
    },
    data="Источник: {source}. {release} {coverage} Калибровка: {calibration} гг.",
    simulated_source="смоделированные данные в формате {source}",
    releases={
        Release.PRELIMINARY: "Предварительные значения: окончательные могут изменить стадию.",
        Release.FINAL: "Окончательные значения.",
    },
    coverage="Ячейки со значениями покрывают {share} территории.",
    coverage_unknown="Покрытие территории неизвестно.",
    blended_source="посты на территории, приведённые к нормам {grid}",
    gauges_reported="Данные передали {share} постов.",
    gauges_beside={
        Verdict.AGREES: "Данные постов на территории с этим согласуются{values}.",
        Verdict.DISAGREES: "Данные постов на территории с этим не согласуются{values}.",
        Verdict.SILENT: "Посты на территории ничего не показывают{values}.",
    },
    grid_beside={
        Verdict.AGREES: "Сетка {source} сама по себе с этим согласуется{values}.",
        Verdict.DISAGREES: "Сетка {source} сама по себе с этим не согласуется{values}.",
        Verdict.SILENT: "Сетка {source} сама по себе ничего не показывает{values}.",
    },
    assumed_dry="Дней без сообщений поста, принятых за сухие: {days}.",
    suspect="Значений постов, отмеченных проверкой как сомнительные: {values}.",
    plan="«{title}» ({plan_id}), версия\N{NO-BREAK SPACE}{version}.",
    template="Шаблон: ни один орган его не принимал.",
    adopted="Принят: {authority}.",
    not_orders="Это предложения плана, а не распоряжения:",
    no_authority="Не для публикации: уполномоченный орган оповещения не указан.",
    not_adopted="Не для публикации: использованные пороги не приняты национальным актом, на "
    "который есть ссылка.",
    irrigated="Орошаемые земли: индекс учитывает только осадки, снег и влажность почвы на самой "
    "территории. Вода с верховий здесь не учтена.",
    unchecked="Текст этого сообщения не проверен носителем языка.",
    reference="Сообщение {alert_id}, цепочка {chain_id}.",
    evidence="Все основания: drought explain {alert_id}",
    approved="Отправка согласована: {name}, {office}, {time}.",
    legal_basis="Правовое основание: {basis}.",
    no_legal_basis="Правовое основание не указано.",
    protocol="Протокол: {protocol} от {date}",
    protocol_undated="Протокол: {protocol}.",
    remark="Примечание: {note}",
)

LANGUAGES: Mapping[str, Words] = {"en": _EN, "ru": _RU}


def words_of(language: str) -> Words:
    """Return the words of `language`.

    Raises:
        InputError: no such words.
    """
    if language not in LANGUAGES:
        raise InputError(
            f"letter: expected a language among {', '.join(LANGUAGES)}, got {language!r}; "
            "add its words to pipeline/alerts/words.py"
        )
    return LANGUAGES[language]
