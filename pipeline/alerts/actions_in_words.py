"""What the plan proposes in the stage now standing: what, of which kind, by whom and by when."""

from __future__ import annotations

from pipeline.alerts.facts import AlertFacts
from pipeline.alerts.naming import stage_of
from pipeline.alerts.words import Words, words_of
from pipeline.plans.actions import Action


def proposed_actions(facts: AlertFacts) -> tuple[Action, ...]:
    """Return what the plan proposes for this land in the stage now standing; nothing where none is."""
    stage = stage_of(facts, facts.to_stage)
    if stage is None:
        return ()
    return stage.actions_for(facts.land_use, is_salt_affected=facts.is_salt_affected)


def proposals(facts: AlertFacts, language: str) -> list[str]:
    """Return the lines that propose: that they are no orders, one for each action, how days count.

    Raises:
        InputError: there are no words in `language`.
    """
    words, actions = words_of(language), proposed_actions(facts)
    if not actions:
        return []
    told = [words.not_orders, *(f"- {action_in_words(one, words)}" for one in actions)]
    if any(one.within_days is not None for one in actions):
        told.append(words.actions.days_counted)
    return told


def action_in_short(action: Action, words: Words, *, name_who: bool) -> str:
    """Return what is proposed, and with `name_who` to whom."""
    do = action.do.in_language(words.language)
    if action.who is None or not name_who:
        return do
    return f"{do} ({words.actions.by_whom.format(who=action.who.in_language(words.language))})"


def action_in_words(action: Action, words: Words) -> str:
    """Return what is proposed, of which kind, to whom, and within how many days."""
    said, details = words.actions, []
    if action.family is not None:
        details.append(said.families[action.family])
    if action.who is not None:
        details.append(said.by_whom.format(who=action.who.in_language(words.language)))
    if action.within_days is not None:
        details.append(said.within.format(days=words.days(action.within_days)))
    do = action.do.in_language(words.language)
    return f"{do} ({'; '.join(details)})" if details else do
