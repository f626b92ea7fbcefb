"""The plan of a country that does not exist. Its authority and its orders are made up for a test."""

from __future__ import annotations

from typing import Any

ORDER = "Order 7 of the scripted country"
_DESK = {"en": "the duty desk", "uz": "navbatchi boʻlim"}
_CANAL = {"en": "the canal board", "uz": "kanal boshqarmasi"}
_HERDERS = {"en": "pasture users", "uz": "yaylovdan foydalanuvchilar"}
_CAP = {
    1: ("Minor", "Future", "Possible", "Monitor"),
    2: ("Moderate", "Expected", "Likely", "Prepare"),
    3: ("Severe", "Expected", "Observed", "Prepare"),
}

_LOOK = [
    {
        "do": {
            "en": "read the rain gauges each week",
            "uz": "yomgʻir oʻlchagichlarni har hafta oʻqish",
        },
        "family": "monitoring",
        "who": _DESK,
        "within_days": 7,
    },
    {
        "do": {"en": "plan where herds can go", "uz": "podalar boradigan joylarni rejalashtirish"},
        "family": "pasture_grazing_plans",
        "who": _HERDERS,
        "within_days": 14,
        "land_uses": ["pastoral"],
    },
    {
        "do": {
            "en": "measure the salt in drains and canals",
            "uz": "zovur va kanallardagi tuzni oʻlchash",
        },
        "family": "salinity_management",
        "who": _CANAL,
        "within_days": 14,
        "salt_affected": True,
    },
]
_SHARE = [
    {
        "do": {
            "en": "agree on who goes short of water first",
            "uz": "suv avval kimga kam berilishini kelishish",
        },
        "family": "water_management",
        "who": _CANAL,
        "within_days": 10,
    }
]
_OPEN_STORES = [
    {
        "do": {"en": "open the reserve stores", "uz": "zaxira omborlarini ochish"},
        "family": "emergency_action",
        "who": _DESK,
        "within_days": 3,
    }
]
_ACTIONS = {1: _LOOK, 2: _SHARE, 3: _OPEN_STORES}


def _rule(index: str, enter_at: float, exit_at: float, **others: object) -> dict[str, Any]:
    return {
        "index": index,
        "enter_at": enter_at,
        "enter_after": 1,
        "exit_at": exit_at,
        "exit_after": 1,
        "source": {
            "threshold": {"kind": "national", "reference": f"{ORDER}, table 1"},
            "exit": {"kind": "national", "reference": f"{ORDER}, table 2"},
            "persistence": {"kind": "national", "reference": f"{ORDER}, article 4"},
        },
        **others,
    }


def _stage(
    name: str, en: str, uz: str, weight: int, rules: list[dict[str, Any]], **others: object
) -> dict[str, Any]:
    keys = ("severity", "urgency", "certainty", "response_type")
    return {
        "stage": name,
        "names": {"en": en, "uz": uz},
        "cap": dict(zip(keys, _CAP[weight], strict=True)),
        "actions": _ACTIONS[weight],
        "rules": rules,
        **others,
    }


def _meteorological(severe_at: float) -> list[dict[str, Any]]:
    """On rain of three months, with a way down for each stage."""
    return [
        _stage("watch", "Watch", "Kuzatuv", 1, [_rule("spi_3", -1.0, 0.0)], review_after=6),
        _stage("warning", "Warning", "Ogohlantirish", 2, [_rule("spi_3", -1.5, -0.7)]),
        _stage(
            "severe",
            "Severe",
            "Ogʻir",
            3,
            [_rule("spi_3", severe_at, -1.2, exit_after=2)],
            review_after=3,
        ),
    ]


def _agricultural() -> list[dict[str, Any]]:
    """Rainfed land in its growing season, by two witnesses of three; then the loss, and recovery."""
    season: dict[str, Any] = {"calendar_months": [4, 5, 6, 7, 8, 9], "land_uses": ["rainfed"]}
    witnesses = [
        _rule("spi_3", -1.0, 0.0, **season),
        _rule("spei_6", -1.0, 0.0, **season),
        _rule("sma_3", -1.0, 0.0, **season, ends_after_silence=2),
    ]
    lost = [_rule("spi_3", -1.8, -0.5, **season), _rule("spei_6", -1.8, -0.5, **season)]
    return [
        _stage("dry_season", "Dry season", "Qurgʻoq mavsum", 2, [{"at_least": 2, "of": witnesses}]),
        _stage("lost_season", "Lost season", "Boy berilgan mavsum", 3, [{"all_of": lost}]),
    ]


def _hydrological() -> list[dict[str, Any]]:
    """On a year of rain and snow, where the water comes from."""

    def both(enter_at: float) -> list[dict[str, Any]]:
        runs = {"enter_after": 2, "exit_after": 2}
        return [
            _rule("spi_12", enter_at, 0.0, **runs, land_uses=["pastoral", "rainfed", "tree_based"]),
            _rule("spi_12", enter_at, 0.0, **runs, where="headwater", land_uses=["irrigated"]),
        ]

    return [
        _stage("low_water", "Low water", "Kam suv", 1, both(-1.0)),
        _stage("very_low_water", "Very low water", "Juda kam suv", 3, both(-1.8)),
    ]


def plan(version: str) -> dict[str, Any]:
    """The plan; the second version calls it severe at -1.8, from 2016 on."""
    said: dict[str, Any] = {
        "plan_id": "scripted",
        "version": version,
        "country": "UZ",
        "languages": ["en", "uz"],
        "status": "adopted",
        "title": {
            "en": "Drought plan of the scripted country",
            "uz": "Ssenariydagi mamlakatning qurgʻoqchilik rejasi",
        },
        "authority": "Water Council of the scripted country",
        "effective_from": "1981-01",
        "hold_limit": 3,
        "issuing": {
            "office": {
                "en": "the duty desk of the scripted country",
                "uz": "ssenariydagi mamlakatning navbatchi boʻlimi",
            },
            "legal_basis": ORDER,
        },
        "ladders": {
            "meteorological": _meteorological(-2.0),
            "agricultural": _agricultural(),
            "hydrological": _hydrological(),
        },
    }
    if version == "2":
        said |= {"effective_from": "2016-01", "supersedes": "1"}
        said["ladders"]["meteorological"] = _meteorological(-1.8)
    return said
