"""Texts of a plan document in several languages."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, PlainSerializer, ValidationInfo, model_serializer, model_validator

from pipeline.core.languages import nearest
from pipeline.plans.names import is_language
from pipeline.plans.rule_document import STORED, Strict, in_order

Languages = Annotated[frozenset[str], PlainSerializer(in_order)]


class LocalText(Strict):
    """One text in several languages, with the languages no speaker has checked."""

    texts: dict[str, str] = Field(min_length=1)
    unchecked: Languages = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, value: object) -> object:
        """Read ``{en: …, ru: …, unchecked: [ru]}``: the form a person writes."""
        if not isinstance(value, dict) or "texts" in value:
            return value
        texts = {key: text for key, text in value.items() if key != "unchecked"}
        torn = [key for key, text in texts.items() if text is None and " " in str(key)]
        if torn:
            raise ValueError(
                f"expected texts by languages, got {torn[0]!r} without one: between braces a comma "
                "ends a text; put the text in quotes"
            )
        return {"texts": texts, "unchecked": value.get("unchecked", ())}

    @model_serializer
    def _as_written(self) -> dict[str, object]:
        unchecked = {"unchecked": sorted(self.unchecked)} if self.unchecked else {}
        return {**self.texts, **unchecked}

    @model_validator(mode="after")
    def _has_english(self) -> Self:
        if "en" not in self.texts:
            raise ValueError("expected an English text under 'en'; add one")
        if wordless := sorted(self.unchecked - self.texts.keys()):
            raise ValueError(
                f"unchecked: expected languages that the text is in, got {', '.join(wordless)}; add "
                "the text, or take the language out"
            )
        blank = sorted(language for language, text in self.texts.items() if not text.strip())
        if blank:
            raise ValueError(f"expected words in {', '.join(blank)}, got an empty text; write them")
        return self

    @model_validator(mode="after")
    def _names_languages(self, info: ValidationInfo) -> Self:
        odd = [one for one in self.texts if not is_language(one)]
        if odd and info.context is not STORED:
            raise ValueError(
                f"expected languages by their codes, such as en, uz or kaa, got {', '.join(odd)}; "
                "write the code"
            )
        return self

    def in_language(self, language: str) -> str:
        """Return the text in `language`, or in the one that serves its readers best."""
        return self.texts[nearest(language, self.texts)]
