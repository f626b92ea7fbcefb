"""What the answers of the Climate Data Store mean.

The `cdsapi` client raises one error for most of them; status, title and text tell them apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import requests
from ecmwf.datastores.processing import LinkError

from pipeline.core.errors import InputError, NotPublishedError
from pipeline.sources.cds import DATASET, DATASET_PAGE, KEY_PAGE

_SERVER_ERRORS = 500


class TooLargeError(InputError):
    """The store takes no request of this size. Ask in smaller pieces."""


class StoreDownError(OSError):
    """The store does not serve anybody now, or not us. Transient: ask again."""


class LostJobError(OSError):
    """The store has dropped the job or its reply. Submit it again."""


@contextmanager
def verdicts(where: str) -> Iterator[None]:
    """Say what a refusal of the store asks of a person; let everything else transient pass."""
    try:
        yield
    except requests.HTTPError as error:
        verdict = _verdict(where, error)
        if verdict is None:
            raise
        raise verdict from error
    except (LinkError, KeyError, AssertionError, requests.JSONDecodeError) as error:
        raise StoreDownError(
            f"data store: {where}: expected an answer in its own form, got something else "
            f"({type(error).__name__}); most likely maintenance, ask again later"
        ) from error


def _verdict(where: str, error: requests.HTTPError) -> Exception | None:
    if error.response is None:
        return None
    status, story = error.response.status_code, story_of(error)
    if status == requests.codes.unauthorized:
        return InputError(
            f"CDSAPI_KEY: {error.response.url.partition('/retrieve')[0]} does not accept the key; "
            f"copy the token from {KEY_PAGE}"
        )
    if status >= _SERVER_ERRORS or status in {408, 429}:
        return StoreDownError(is_down(status, error.response.reason))
    if where.startswith("job "):
        # 403: of another account, since the key was changed.
        is_lost = status in {403, 404} and "not ready" not in story
        return LostJobError(f"{where}: {_line(story)}") if is_lost else None
    if status == requests.codes.forbidden:
        return _forbidden(where, story)
    return _refusal(where, story) if where == "submit" else None


def _forbidden(where: str, story: str) -> InputError:
    if "cost limits exceeded" in story:
        return TooLargeError(f"{where}: the store finds the request too large: {_line(story)}")
    if "licences not accepted" in story:
        return InputError(
            f"{where}: a licence of {DATASET} is not accepted yet; sign in, accept it at "
            f"{_page_in(story)}, and ask again"
        )
    return InputError(
        f"{where}: the store forbids it; the store: {_line(story)}; see {DATASET_PAGE}"
    )


def is_down(status: int, reason: str) -> str:
    if status == requests.codes.too_many_requests:
        return "data store: too many calls (429), it asks for patience; ask again later"
    return (
        f"data store: not available now ({status} {reason}), most likely maintenance; what was asked "
        "is kept, ask again later"
    )


def _refusal(where: str, story: str) -> Exception:
    """Tell "not yet" from "no": the store says both with the same status."""
    if is_not_published(story):
        return NotPublishedError(
            f"{where}: the months are not published yet; the store: {_line(story)}"
        )
    return InputError(f"{where}: the store takes no such request; the store: {_line(story)}")


def is_not_published(story: str) -> bool:
    return "available yet" in story


def story_of(error: requests.HTTPError) -> str:
    """Return what the store says beneath the status line of HTTP, whole."""
    text = str(error)
    return text.partition("\n")[2] or text


def _line(story: str) -> str:
    return " ".join(story.split())


def _page_in(story: str) -> str:
    pages = [word for word in story.split() if word.startswith("https://") and "licences" in word]
    return pages[0].rstrip(".,;") if pages else f"{DATASET_PAGE}?tab=download#manage-licences"
