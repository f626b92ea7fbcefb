"""The words that a table of indicators may be written in: the documented ones, and Russian ones.

No speaker has checked the Russian words; an unknown word is never guessed at, only refused.
"""

from __future__ import annotations

import re

from pipeline.core.indicators import IndicatorCode, IndicatorUnit
from pipeline.stations.observations import Disclosure

_Code, _Unit = IndicatorCode, IndicatorUnit


def plain(text: str) -> str:
    """Return `text` in small letters, without spaces at its ends, underscores and ё.

    >>> plain(" Номер_документа ")
    'номер документа'
    """
    return re.sub(r"[\s_]+", " ", text).strip().lower().replace("ё", "е").replace("³", "3")


COLUMNS: dict[str, str] = {
    "indicator": "indicator", "показатель": "indicator",
    "landscape id": "landscape_id", "ландшафт": "landscape_id", "код ландшафта": "landscape_id",
    "территория": "landscape_id", "код территории": "landscape_id",
    "issued on": "issued_on", "дата выпуска": "issued_on", "дата документа": "issued_on",
    "period from": "period_from", "период с": "period_from", "начало периода": "period_from",
    "period to": "period_to", "период по": "period_to", "конец периода": "period_to",
    "value": "value", "значение": "value",
    "unit": "unit", "единица": "unit", "единица измерения": "unit",
    "document number": "document_number", "номер документа": "document_number",
    "№ документа": "document_number",
    "issued by": "issued_by", "кем выпущено": "issued_by", "кем выпущен": "issued_by",
    "disclosure": "disclosure", "доступ": "disclosure",
    "note": "note", "примечание": "note",
}  # fmt: skip

INDICATORS: dict[str, str] = {
    **{plain(code): code.value for code in IndicatorCode},
    "прогноз водности": _Code.WATER_AVAILABILITY_FORECAST.value,
    "прогноз водообеспеченности": _Code.WATER_AVAILABILITY_FORECAST.value,
    "запас воды в снеге": _Code.SNOW_SURVEY.value,
    "снегосъемка": _Code.SNOW_SURVEY.value,
    "запас воды в водохранилищах": _Code.RESERVOIR_STORAGE.value,
    "запас воды в водохранилище": _Code.RESERVOIR_STORAGE.value,
    "влажность почвы": _Code.SOIL_MOISTURE.value,
    "аномалия растительности": _Code.VEGETATION_ANOMALY.value,
}

UNITS: dict[str, str] = {
    **{plain(unit): unit.value for unit in IndicatorUnit},
    "% of norm": _Unit.PERCENT_OF_NORM.value,
    "% нормы": _Unit.PERCENT_OF_NORM.value,
    "% от нормы": _Unit.PERCENT_OF_NORM.value,
    "в % от нормы": _Unit.PERCENT_OF_NORM.value,
    "% от полного объема": _Unit.PERCENT_OF_FULL.value,
    "% от нв": _Unit.PERCENT_OF_FIELD_CAPACITY.value,
    "% от наименьшей влагоемкости": _Unit.PERCENT_OF_FIELD_CAPACITY.value,
    "% от доступной влаги": _Unit.PERCENT_OF_AVAILABLE_WATER.value,
    "мм": _Unit.MM.value,
    "млн м3": _Unit.MILLION_M3.value,
    "млн. м3": _Unit.MILLION_M3.value,
    "стандартные отклонения": _Unit.STANDARD_DEVIATIONS.value,
}

DISCLOSURES: dict[str, str] = {
    **{plain(one): one.value for one in Disclosure},
    "открыто": Disclosure.OPEN.value,
    "для ведомства": Disclosure.AGENCY.value,
    "ограничено": Disclosure.RESTRICTED.value,
}
