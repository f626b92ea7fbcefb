"""What CAP 1.2 asks of a message in words only, where its schema cannot: section 3.2 of the standard.

And what design rule 12 makes of it: what is `Actual` is public, and nothing else is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from lxml import etree

from pipeline.alerts.cap_info import NAMESPACE

_SPOKEN = {
    f"{{{NAMESPACE}}}{name}"
    for name in (
        *("language", "event", "senderName", "headline"),
        *("description", "instruction", "areaDesc"),
    )
}
"""What may differ between languages."""
_LEAST_POINTS = 4
_POINT = re.compile(r"-?[0-9]{1,2}(\.[0-9]+)?,-?[0-9]{1,3}(\.[0-9]+)?")
_NAME = re.compile(r"[^\s,<&]+")
_TRIPLE = re.compile(rf"{_NAME.pattern},{_NAME.pattern},[-0-9T:]+[-+][0-9]{{2}}:[0-9]{{2}}")


def faults(alert: etree._Element) -> Iterator[str]:
    """Yield what is wrong with a message that its schema accepts."""
    if alert.getroottree().docinfo.doctype:
        yield "expected no document type, which may bring in text from elsewhere"
    yield from _faults_of_the_envelope(alert)
    infos = alert.findall(f"{{{NAMESPACE}}}info")
    languages = [info.findtext(f"{{{NAMESPACE}}}language") for info in infos]
    if not infos or len(set(languages)) < len(languages):
        yield f"info: expected one for each language, got {languages}"
    codes = [_codes(info) for info in infos]
    if any(of_one != codes[0] for of_one in codes):
        yield "info: expected the same times, codes, parameters and areas in every language"
    yield from (fault for info in infos for fault in _faults_of_times(alert, info))
    for polygon in alert.iter(f"{{{NAMESPACE}}}polygon"):
        points = (polygon.text or "").split()
        if len(points) < _LEAST_POINTS or points[0] != points[-1]:
            yield f"polygon: expected four points or more, the last as the first, got {points[:1]} …"
        if not all(map(_POINT.fullmatch, points)):
            yield f"polygon: expected latitude,longitude in degrees, got {points[:1]} …"


def _faults_of_the_envelope(alert: etree._Element) -> Iterator[str]:
    said = {etree.QName(one).localname: one.text or "" for one in alert}
    for name in ("identifier", "sender"):
        if not _NAME.fullmatch(said[name]):
            yield f"{name}: expected no spaces, commas, '<' or '&', got {said[name]!r}"
    for one in said.get("references", "").split():
        if not _TRIPLE.fullmatch(one):
            yield f"references: expected sender,identifier,sent, got {one!r}"
    is_first = said["msgType"] == "Alert"
    if is_first != ("references" not in said):
        yield f"references: expected them in all but the first message, got a {said['msgType']}"
    if (said["status"] == "Actual") != (said["scope"] == "Public"):
        yield f"scope: expected Public for Actual only, got {said['scope']} for {said['status']}"
    if said["scope"] == "Private" and not said.get("addresses"):
        yield "addresses: expected who may read a private message, got none"


def _faults_of_times(alert: etree._Element, info: etree._Element) -> Iterator[str]:
    said = [alert.findtext(f"{{{NAMESPACE}}}sent")]
    said += [info.findtext(f"{{{NAMESPACE}}}{name}") for name in ("effective", "onset", "expires")]
    if any(one is None for one in said):
        yield f"expected sent, effective, onset and expires, got {said}"
        return
    times = [datetime.fromisoformat(one) for one in said if one is not None]
    if any(later < earlier for earlier, later in pairwise(times)) or times[-1] == times[-2]:
        yield f"expected sent <= effective <= onset < expires, got {' '.join(map(str, said))}"


def _codes(info: etree._Element) -> list[tuple[str, str | None]]:
    return [
        (str(one.tag), one.text) for one in info.iter() if not len(one) and one.tag not in _SPOKEN
    ]
