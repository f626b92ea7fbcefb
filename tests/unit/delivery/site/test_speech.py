"""Which languages a build speaks."""

from __future__ import annotations

from pipeline.alerts.words import LANGUAGES
from pipeline.delivery.site.speech import OWN_NAMES, built_languages, speech


def test_inside_the_agency_every_language_of_the_plans_beside_english_and_russian() -> None:
    assert built_languages({"uz"}, set(), accepts_unchecked=True) == ("en", "ru", "uz")


def test_a_language_without_words_is_left_out() -> None:
    assert built_languages({"kaa"}, set(), accepts_unchecked=True) == ("en", "ru")


def test_what_no_speaker_has_checked_leaves_only_where_somebody_accepts_it() -> None:
    assert speech("ru").has_unchecked
    assert built_languages({"uz"}, set(), accepts_unchecked=False) == ("en",)
    assert built_languages({"uz"}, {"en"}, accepts_unchecked=False) == ()
    assert built_languages({"uz"}, {"en"}, accepts_unchecked=True) == ("en", "ru", "uz")


def test_every_language_is_named_as_its_speakers_write_it() -> None:
    assert tuple(OWN_NAMES) == LANGUAGES
