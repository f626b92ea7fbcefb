"""A sound plan document, and documents that are each broken in one way."""

from __future__ import annotations

SOUND = """\
plan_id: uz-test
version: "1"
country: UZ
languages: [en, ru]
status: template
title: {en: A test, ru: Проверка, unchecked: [ru]}
authority: null
effective_from: 2027-01
hold_limit: 3
issuing:
  office: {en: an office, ru: ведомство}
  answer_within_days: 5
  expires_after_days: 30
ladders:
  agricultural:
    - stage: watch
      names: {en: Watch, ru: Наблюдение}
      cap: {severity: Minor, urgency: Future, certainty: Possible, response_type: Monitor}
      review_after: 6
      actions:
        - &look
          do: {en: look, ru: смотреть}
          family: monitoring
          who: {en: the district, ru: район}
          within_days: 7
      rules:
        - index: spei_6
          enter_at: -1.0
          enter_after: 1
          exit_at: 0.0
          exit_after: 1
          source: &generic
            threshold: &g {kind: generic, reference: WMO-No. 1090}
            exit: *g
            persistence: *g
    - stage: alert
      names: {en: Alert, ru: Тревога}
      cap: {severity: Severe, urgency: Expected, certainty: Likely, response_type: Prepare}
      review_after: 3
      actions: [*look]
      rules:
        - all_of:
            - {index: spei_6, enter_at: -1.5, enter_after: 1, exit_at: 0.0, exit_after: 1, source: *generic}
            - {index: sma_1, enter_at: -1.0, enter_after: 1, exit_at: 0.0, exit_after: 1, source: *generic}
"""


def broken(*edits: tuple[str, str], text: str = SOUND) -> str:
    """Return the document with parts replaced; each must be there once."""
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} stands there {text.count(old)} times"
        text = text.replace(old, new)
    return text


_SOIL = (
    "            - {index: sma_1, enter_at: -1.0, enter_after: 1, exit_at: 0.0, exit_after: 1, "
    "source: *generic}\n"
)
_FIRST_EXIT = "exit_at: 0.0\n          exit_after"

BROKEN: dict[str, str] = {
    "thresholds that contradict each other": broken((_FIRST_EXIT, "exit_at: -1.2\n          exit_after")),
    "a stage graver by name and milder by number": broken(
        ("        - all_of:\n", "        - {index: spei_6, enter_at: -0.8, enter_after: 1, exit_at: 0.0, "
         "exit_after: 1, source: *generic}\n        - all_of:\n")
    ),
    "an unknown index": broken(("- index: spei_6\n", "- index: spei_4\n")),
    "a missing translation": broken(("names: {en: Alert, ru: Тревога}", "names: {en: Alert}")),
    "a language no text is in": broken(("languages: [en, ru]", "languages: [en, ru, kaa]")),
    "a language by its name": broken(("names: {en: Alert, ru: Тревога}", "names: {en: Alert, russian: Тревога, ru: Тревога}")),
    "an unchecked language without a text": broken(("unchecked: [ru]", "unchecked: [ru, uz]")),
    "a text torn by a comma": broken(("title: {en: A test,", "title: {en: A test, and more,")),
    "a stage without actions": broken(("actions: [*look]", "actions: []")),
    "actions for some land only": broken(("          within_days: 7\n", "          within_days: 7\n          land_uses: [irrigated]\n")),
    "an action that names nobody": broken(("          who: {en: the district, ru: район}\n", "")),
    "an action as it was written before": broken(("actions: [*look]", "actions: [{en: look, ru: смотреть}]")),
    "a misspelt key": broken(("          enter_after: 1\n", "          enter_afer: 1\n")),
    "a threshold without a source": broken(("          source: &generic\n            threshold: &g {kind: generic, reference: WMO-No. 1090}\n            exit: *g\n            persistence: *g\n", ""),
        ("exit_at: 0.0, exit_after: 1, source: *generic}\n            - {index: sma_1", "exit_at: 0.0, exit_after: 1}\n            - {index: sma_1"),
        (_SOIL, "")),
    "a group with two forms": broken(("        - all_of:\n", "        - any_of: []\n          all_of:\n")),
    "at_least more than its members": broken(("        - all_of:\n", "        - at_least: 3\n          of:\n")),
    "a group of one": broken((_SOIL, "")),
    "a group that comes from an unknown stage": broken(("        - all_of:\n", "        - coming_from: [wach]\n          all_of:\n")),
    "a stage no way leads to": broken(("        - all_of:\n", "        - coming_from: [alert]\n          all_of:\n")),
    "none_of alone": broken(("        - all_of:\n", "        - none_of:\n")),
    "none_of in disguise": broken(("        - all_of:\n", "        - all_of:\n            - none_of: [{index: spi_3, enter_at: -1.0, enter_after: 1, exit_at: 0.0, exit_after: 1, source: *generic}]\n"),
        ("            - {index: spei_6, enter_at: -1.5, enter_after: 1, exit_at: 0.0, exit_after: 1, source: *generic}\n", ""),
        (_SOIL, "            - none_of: [{index: sma_1, enter_at: -1.0, enter_after: 1, exit_at: 0.0, exit_after: 1, source: *generic}]\n")),
    "a memory that never moves": broken(("        - all_of:\n", "        - coming_from: [watch]\n          all_of:\n"), ("{index: sma_1,", "{calendar_months: [1, 2, 3], index: sma_1,"),
        ("{index: spei_6,", "{calendar_months: [6, 7], index: spei_6,")),
    "members for different land": broken(("{index: sma_1,", "{land_uses: [irrigated], index: sma_1,")),
    "automatic issue in a template": broken(("  answer_within_days: 5\n", '  answer_within_days: 5\n  automatic: {stages: [watch], order: "Order no. 12"}\n')),
    "automatic issue without an order": broken(("  answer_within_days: 5\n", "  answer_within_days: 5\n  automatic: {stages: [watch]}\n")),
    "a stage at once that no ladder has": broken(("  answer_within_days: 5\n", "  answer_within_days: 5\n  at_once: {stages: [alert, sever]}\n")),
    "at once without a stage": broken(("  answer_within_days: 5\n", "  answer_within_days: 5\n  at_once: {stages: []}\n")),
    "an approval that expires before it is answered": broken(("expires_after_days: 30", "expires_after_days: 5")),
    "a plan that ends before it begins": broken(("effective_from: 2027-01\n", "effective_from: 2027-01\neffective_to: 2026-12\n")),
    "a month of no calendar": broken(("effective_from: 2027-01\n", "effective_from: 2027-13\n")),
    "a day for a month": broken(("effective_from: 2027-01\n", "effective_from: 2027-01-01\n")),
    "a calendar month of no calendar": broken(("{index: sma_1,", "{calendar_months: [4, 13], index: sma_1,")),
    "a rule that can never speak": broken(("{index: sma_1,", "{calendar_months: [1, 2], index: spi_veg,")),
    "a share in percent": broken(("- index: spei_6\n          enter_at: -1.0", "- area_share: {index: spi_3, at_or_below: -1.0}\n          enter_at: 50"), (_FIRST_EXIT, "exit_at: 30\n          exit_after")),
    "a version that is a number": broken(('version: "1"', "version: 1")),
    "a version that replaces itself": broken(('version: "1"', 'version: "1"\nsupersedes: "1"')),
    "a template with an authority": broken(("authority: null", "authority: the Cabinet")),
    "a severity CAP does not know": broken(("{severity: Severe,", "{severity: High,")),
    "a stage in capital letters": broken(("- stage: alert\n", "- stage: Alert\n")),
    "the Norwegian problem": broken(("names: {en: Alert, ru: Тревога}", "names: {en: Alert, ru: Тревога, no: Alarm}")),
    "a number in base 8": broken(("within_days: 7", "within_days: 010")),
    "no finite number": broken(("          enter_at: -1.0\n", "          enter_at: -.inf\n")),
    "a tab": broken(("  answer_within_days: 5\n", "\tanswer_within_days: 5\n")),
    "two documents in one file": SOUND + "---\n" + SOUND,
    "a merge key": broken(("      actions: [*look]\n", "      <<: {actions: [*look]}\n")),
    "a YAML bomb": "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    ),
    "a part that repeats itself": broken(("notes: nothing\n", "notes: &n [*n]\n"), text=SOUND + "notes: nothing\n"),
    "a tag that runs a program": broken(("authority: null", "authority: !!python/object/apply:os.system [ls]")),
    "an empty file": "",
}  # fmt: skip
