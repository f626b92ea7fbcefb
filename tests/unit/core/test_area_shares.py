from __future__ import annotations

import pytest
from pydantic import ValidationError

from pipeline.core.area_shares import AreaShare
from pipeline.core.errors import InputError
from pipeline.core.ids import IndexCode


def test_it_is_written_with_its_index_and_class() -> None:
    share = AreaShare.model_validate({"index": "spei_veg", "at_or_below": -1.5})
    assert share == AreaShare(index=IndexCode.parse("spei_veg"), at_or_below=-1.5)
    assert str(share) == "area_share_spei_veg_at_or_below_-1.5"
    assert share.model_dump(mode="json") == {"index": "spei_veg", "at_or_below": -1.5}
    assert len({share, AreaShare.model_validate_json(share.model_dump_json())}) == 1


@pytest.mark.parametrize(
    ("written", "message"),
    [
        pytest.param(
            {"index": "pn_3", "at_or_below": -1},
            "expected an index that is mapped, one of spi_1, .*spei_veg, got pn_3",
            id="an index without maps",
        ),
        pytest.param({"index": "spi_4", "at_or_below": -1}, "index code: expected", id="no index"),
        pytest.param(
            {"index": "spi_3", "at_or_below": -1.2},
            "expected one of -0.5, -0.8, -1.0, -1.3, -1.5, -1.6, -2.0, .* got -1.2",
            id="a value that shares are not counted for",
        ),
        pytest.param({"index": "spi_3"}, "Field required", id="no class"),
        pytest.param(
            "spi_3",
            "expected {index: spi_3, at_or_below: -1.0} or the like, got 'spi_3'",
            id="a bare index",
        ),
    ],
)
def test_what_is_not_counted_is_refused(written: object, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        AreaShare.model_validate(written)


def test_a_threshold_in_percent_is_refused_with_the_share_it_means() -> None:
    AreaShare.demand("enter_at", 0.5)
    with pytest.raises(InputError, match=r"enter_at: .* got 50; write 0.5 for 50 percent"):
        AreaShare.demand("enter_at", 50)
    with pytest.raises(InputError, match=r"from 0 to 1, got -0\.1$"):
        AreaShare.demand("exit_at", -0.1)
