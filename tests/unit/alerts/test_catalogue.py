"""Catalogues as a translator may leave them: each fault is named with the text it is in."""

from __future__ import annotations

import re
from importlib.resources import files
from io import BytesIO

import pytest
from babel.messages.pofile import read_po

from pipeline.alerts.catalogue import Domain, catalogue, shipped_catalogue
from pipeline.alerts.words import LANGUAGES, words_from, words_of
from pipeline.core.errors import InputError

TRANSLATED = [language for language in LANGUAGES if language != "en"]


def written(name: str, domain: Domain = Domain.LETTERS) -> str:
    return files("pipeline.alerts").joinpath("catalogues", domain, name).read_text("utf-8")


UZBEK = written("uz.po")
KNOWN_MONTH = """msgctxt "months"
msgid "{number} month"
msgid_plural "{number} months"
msgstr[0] "{number} oy"
msgstr[1] "{number} oy"
"""
KNOWN_EXERCISE = """#, fuzzy
msgctxt "exercise"
msgid "EXERCISE"
msgstr "OʻQUV MASHGʻULOTI"
"""


def read(text: str) -> None:
    catalogue(text.encode(), "mine.po")


@pytest.mark.parametrize("domain", Domain)
@pytest.mark.parametrize("language", TRANSLATED)
def test_every_catalogue_lies_beside_the_others(language: str, domain: Domain) -> None:
    assert f"Language: {language}\\n" in written(f"{language}.po", domain)
    english = shipped_catalogue("en", domain)
    assert shipped_catalogue(language, domain).texts.keys() == english.texts.keys()


@pytest.mark.parametrize("domain", Domain)
def test_no_catalogue_is_left_lying_that_nobody_reads(domain: Domain) -> None:
    folder = files("pipeline.alerts").joinpath("catalogues", domain)
    names = {file.name for file in folder.iterdir()}
    assert names == {f"{domain}.pot", *(f"{language}.po" for language in TRANSLATED)}


@pytest.mark.parametrize("domain", Domain)
@pytest.mark.parametrize("language", TRANSLATED)
def test_no_text_is_called_checked_before_a_speaker_has_checked_it(
    language: str, domain: Domain
) -> None:
    found = shipped_catalogue(language, domain)
    assert found.unchecked == found.texts.keys() | found.counted.keys()
    assert found.checked_by is None


@pytest.mark.parametrize("domain", Domain)
@pytest.mark.parametrize("language", TRANSLATED)
def test_the_tools_of_translators_find_nothing_to_bring_up_to_date(
    language: str, domain: Domain
) -> None:
    source = read_po(BytesIO(written(f"{domain}.pot", domain).encode()))
    theirs = read_po(BytesIO(written(f"{language}.po", domain).encode()))
    before = {message.context: (message.id, message.string) for message in theirs if message.id}
    theirs.update(source, no_fuzzy_matching=True)
    after = {message.context: (message.id, message.string) for message in theirs if message.id}
    assert after == before
    assert not theirs.obsolete


@pytest.mark.parametrize("domain", Domain)
def test_every_text_has_a_word_for_the_translator_that_explains_its_placeholders(
    domain: Domain,
) -> None:
    for message in read_po(BytesIO(written(f"{domain}.pot", domain).encode())):
        comment = " ".join(message.auto_comments)
        assert comment or not message.id
        for name in re.findall(r"\{\w+\}", str(message.id)):
            assert name in comment, (message.context, name)


@pytest.mark.parametrize(
    ("good", "bad", "complaint"),
    [
        pytest.param(
            KNOWN_EXERCISE, "", "'exercise' is missing", id="a text is missing",
        ),
        pytest.param(
            'msgctxt "exercise"', 'msgctxt "drill"', "'drill' is no text of ours",
            id="a key is misspelt",
        ),
        pytest.param(
            'msgid "EXERCISE"', 'msgid "DRILL"',
            "'exercise' translates 'DRILL', and the English is now 'EXERCISE'",
            id="the English has changed since",
        ),
        pytest.param(
            'msgstr "OʻQUV MASHGʻULOTI"', 'msgstr " "', "'exercise' has no translation",
            id="nothing but a space",
        ),
        pytest.param(
            '"{stage} bosqichi boshlanadi"', '"bosqich boshlanadi"',
            r"'consequences.began' has nothing in braces, and the English has \{stage\}",
            id="a placeholder is lost",
        ),
        pytest.param(
            '"{stage} bosqichi boshlanadi"', '"{bosqich} boshlanadi"',
            r"'consequences.began' has \{bosqich\} in braces, and the English has \{stage\}",
            id="a placeholder is translated",
        ),
        pytest.param(
            '"{stage} bosqichi boshlanadi"', '"{stage bosqichi boshlanadi"',
            "'consequences.began' has braces that hold no plain name",
            id="a brace is lost",
        ),
        pytest.param(
            '"{stage} bosqichi boshlanadi"', '"{stage.names} boshlanadi"',
            "'consequences.began' has braces that hold no plain name",
            id="more than a name in braces",
        ),
        pytest.param(
            '"{stage} bosqichi boshlanadi"', r'"{stage} bosqichi\nboshlanadi"',
            "'consequences.began' holds a line break", id="a line break",
        ),
        pytest.param(
            KNOWN_MONTH, KNOWN_MONTH.replace('msgstr[1] "{number} oy"\n', ""),
            "'months' has no translation, or not in all plural forms",
            id="a plural form is missing",
        ),
        pytest.param(
            KNOWN_EXERCISE, KNOWN_EXERCISE.replace("#, fuzzy\n", ""),
            "Last-Translator does not name who checked them",
            id="checked by nobody",
        ),
        pytest.param(
            KNOWN_EXERCISE, KNOWN_EXERCISE + "\n" + KNOWN_EXERCISE.replace('"EXERCISE"', '"DRILL"'),
            "'exercise' stands 2 times", id="a text twice",
        ),
        pytest.param(
            'msgstr "OʻQUV MASHGʻULOTI"', 'msgstr "OʻQUV',
            "line [0-9]+: expected text in quotes", id="a quotation mark is lost",
        ),
        pytest.param(
            "plural=(n != 1)", "plural=(n != )", "cannot be read", id="a plural rule that is none",
        ),
        pytest.param("charset=utf-8", "charset=klingon", "cannot be read", id="an unknown encoding"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_by_the_name_of_the_text(
    good: str, bad: str, complaint: str
) -> None:
    read(UZBEK)
    assert UZBEK.count(good) == 1
    with pytest.raises(InputError, match=f"mine.po: .*{complaint}"):
        read(UZBEK.replace(good, bad))


def test_a_complaint_does_not_grow_without_end() -> None:
    with pytest.raises(InputError, match=r"and 2[0-9]{2} more; see docs/translating\.md"):
        read(UZBEK.split("\n\n")[0] + "\n")


def test_a_text_loses_its_mark_with_the_name_of_who_checked_it() -> None:
    checked = UZBEK.replace(KNOWN_EXERCISE, KNOWN_EXERCISE.replace("#, fuzzy\n", ""))
    checked = checked.replace("Last-Translator: ", "Last-Translator: G. Yusupova <g@example.org>")
    found = catalogue(checked.encode(), "mine.po")
    assert found.checked_by == "G. Yusupova <g@example.org>"
    assert "exercise" not in found.unchecked
    assert words_from(found, "uz").has_unchecked


def test_a_language_is_checked_when_its_last_text_is() -> None:
    checked = UZBEK.replace("#, fuzzy\n", "").replace("#, fuzzy, ", "#, ")
    checked = checked.replace("Last-Translator: ", "Last-Translator: G. Yusupova <g@example.org>")
    assert not words_from(catalogue(checked.encode(), "mine.po"), "uz").has_unchecked
    assert words_of("uz").has_unchecked
