"""Colours of stages: told apart by every eye and on a grey printer, and text on them can be read."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from pipeline.delivery.stage_colours import NOT_KNOWN, Colour, colour_of_rank

Vector = npt.NDArray[np.float64]

RANKS = [colour_of_rank(rank) for rank in range(6)]

EYES = {
    "usual sight": np.eye(3),
    "protanopia": np.array([
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ]),
    "deuteranopia": np.array([
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]),
    "tritanopia": np.array([
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ]),
}  # fmt: skip
"""How linear sRGB is seen: Machado, Oliveira and Fernandes 2009, severity 1."""

TO_XYZ = np.array([
    [0.4124564, 0.3575761, 0.1804375],
    [0.2126729, 0.7151522, 0.0721750],
    [0.0193339, 0.1191920, 0.9503041],
])  # fmt: skip
WHITE = np.array([0.95047, 1.0, 1.08883])


def linear(colour: str) -> Vector:
    """sRGB without its gamma (IEC 61966-2-1)."""
    parts = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255.0
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(light: Vector) -> Vector:
    """CIE 1976 L*a*b* of linear sRGB, white D65."""
    share = TO_XYZ @ np.clip(light, 0.0, 1.0) / WHITE
    f = np.where(share > 216 / 24389, np.cbrt(share), (24389 / 27 * share + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio."""
    shares = sorted(float(TO_XYZ[1] @ linear(colour)) for colour in (one, other))
    return (shares[1] + 0.05) / (shares[0] + 0.05)


def test_the_measures_are_those_of_the_books() -> None:
    """Black on white has a ratio of 21; sRGB red lies at L* 53.24, a* 80.09, b* 67.20."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert lab(linear("#ff0000")) == pytest.approx([53.24, 80.09, 67.20], abs=0.02)


@pytest.mark.parametrize("eye", EYES)
def test_stages_next_to_each_other_differ_and_darken(eye: str) -> None:
    """A difference of 15 is some six times what a trained eye can just see (2.3)."""
    seen = [lab(EYES[eye] @ linear(colour.fill)) for colour in RANKS]
    steps = [np.linalg.norm(a - b) for a, b in pairwise(seen)]
    assert min(steps) > 15.0, steps
    lightness = [one[0] for one in seen]
    assert lightness == sorted(lightness, reverse=True)


@pytest.mark.parametrize("colour", [*RANKS, NOT_KNOWN], ids=lambda one: one.fill)
def test_text_on_a_stage_can_be_read(colour: Colour) -> None:
    """WCAG 2.2, level AA: 4.5 to 1."""
    assert contrast(colour.fill, colour.text) >= 4.5


def test_the_gravest_serves_all_beyond_it() -> None:
    assert colour_of_rank(9) == colour_of_rank(5)
