"""climate-indices as it is, without anything of ours: the limit that the indices are held to.

It is called the fastest way it has: three-dimensional blocks with time first, its compiled kernels
on, its log lines off.
"""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator

import numpy as np
import structlog
from climate_indices.compute import Periodicity
from climate_indices.indices import Distribution, spei, spi

from pipeline.core.panels import Floats

logging.disable(logging.WARNING)  # at import it sends everybody's log lines to the terminal

CALIBRATION = (1991, 2020)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Leave floating-point faults and warnings alone, which turns the compiled kernels on."""
    logging.getLogger("climate_indices").setLevel(logging.ERROR)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.resetwarnings()
        warnings.simplefilter("ignore")
        yield


def bare_spi(rain_mm: Floats, scale: int, first_year: int) -> Floats:
    """SPI of a block, dims ``(month, cell)`` or ``(month,)``, from a January on."""
    return spi(
        rain_mm[:, :, np.newaxis] if rain_mm.ndim == 2 else rain_mm,
        scale,
        Distribution.gamma,
        first_year,
        *CALIBRATION,
        Periodicity.monthly,
        spatial_time_major=rain_mm.ndim == 2,
        zero_handling="center_of_mass",
    )


def bare_spei(rain_mm: Floats, pet_mm: Floats, scale: int, first_year: int) -> Floats:
    """SPEI of a block, log-logistic; dims as for `bare_spi`."""
    fields = (rain_mm, pet_mm)
    if rain_mm.ndim == 2:
        fields = (rain_mm[:, :, np.newaxis], pet_mm[:, :, np.newaxis])
    return spei(
        *fields,
        scale,
        Distribution.loglogistic,
        Periodicity.monthly,
        first_year,
        *CALIBRATION,
        spatial_time_major=rain_mm.ndim == 2,
    )
