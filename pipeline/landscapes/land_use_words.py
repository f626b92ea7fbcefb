"""The words that stand behind the name of a unit for its land use, in the region's languages.

`land_use_words.yaml` holds them, and says which of them no speaker has checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from pipeline.core.documents import mapping_from_yaml, model_from
from pipeline.core.ids import LandUse

HEADWATER = "headwater"
"""The word for a basin that irrigation water comes from."""


class LandUseWords(BaseModel):
    """Words by language code and land use."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    unchecked: frozenset[str]
    """Languages whose words no speaker has checked."""
    words: Mapping[str, Mapping[str, str]]

    def names(self, names: Mapping[str, str], word: LandUse | str) -> dict[str, str]:
        """Return each name with the word behind it.

        A language that lacks the word is left out: a name half in another language would look
        like a mistake to everyone.
        """
        return {
            language: f"{name}: {self.words[language][word]}"
            for language, name in names.items()
            if word in self.words.get(language, {})
        }


@cache
def land_use_words() -> LandUseWords:
    """Return the words that come with the package."""
    document = files("pipeline.landscapes").joinpath("land_use_words.yaml")
    raw = mapping_from_yaml(document.read_text("utf-8"), document.name, "the words")
    return model_from(raw, document.name, LandUseWords)
