"""What lies beside a raster changes its cells as GDAL says, or is refused, and leads nowhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio

from pipeline.core.errors import InputError
from pipeline.sources import raster_company
from pipeline.sources.raster_company import says_more
from pipeline.sources.rasters import open_raster
from tests.unit.sources.maps import write_map

CODES = [[1, 2, 3], [4, 5, 6]]
ALL = (60.0, 35.0, 70.0, 45.0)
STATISTICS = '<Metadata><MDI key="STATISTICS_MEAN">2.5</MDI></Metadata>'
TURNED = """\
<PAMDataset>
  <!-- as ArcGIS writes it -->
  <SRS dataAxisToSRSAxisMapping="2,1">EPSG:4326</SRS>
  <GeoTransform>66,0.5,0,41,0,-0.5</GeoTransform>
  <Metadata domain="Esri"><MDI key="PyramidResamplingType">NEAREST</MDI></Metadata>
  <PAMRasterBand band="1">
    <NoDataValue>2</NoDataValue><Offset>1</Offset><Scale>3</Scale><Histograms/>
  </PAMRasterBand>
</PAMDataset>
"""


def noted(path: Path, notes: str) -> Path:
    path.with_name(f"{path.name}.aux.xml").write_text(notes)
    return path


def test_statistics_and_how_it_is_shown_need_not_be_read(tmp_path: Path) -> None:
    path = write_map(tmp_path / "a.tif", CODES)
    assert not says_more(path)
    notes = f'{STATISTICS}<PAMRasterBand band="1">{STATISTICS}<ColorInterp>Gray</ColorInterp>'
    noted(path, f"<PAMDataset>{notes}</PAMRasterBand></PAMDataset>")
    assert not says_more(path)


def test_what_changes_the_cells_is_read_as_gdal_reads_it(tmp_path: Path) -> None:
    path = noted(write_map(tmp_path / "a.tif", CODES, crs=None), TURNED)
    with open_raster(path) as raster:
        piece = raster.piece(ALL)
    assert piece is not None
    assert piece.west == 66.0
    assert piece.is_known.tolist() == [[True, False, True], [True, True, True]]
    assert piece.values[piece.is_known].tolist() == [4.0, 10.0, 13.0, 16.0, 19.0]
    with rasterio.open(path) as dataset:
        cells = dataset.read(1, masked=True).compressed() * dataset.scales[0] + dataset.offsets[0]
    assert cells.tolist() == piece.values[piece.is_known].tolist()


@pytest.mark.parametrize(
    ("notes", "told"),
    [
        pytest.param(
            f'{TURNED[:-15]}<Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">b.tif</MDI></Metadata>'
            "</PAMDataset>",
            "got Metadata, which may lead to other files",
            id="overviews in another file",
        ),
        pytest.param(
            "<PAMDataset><SRS>EPSG:4326</SRS><Metadata><domain>OVERVIEWS</domain></Metadata></PAMDataset>",
            "got Metadata",
            id="an attribute as an element",
        ),
        pytest.param(
            '<PAMDataset><SRS>EPSG:4326</SRS><Subdataset name="b"/></PAMDataset>',
            "got Subdataset",
            id="what nobody knows",
        ),
        pytest.param("<PAMDataset><SRS>EPSG:4326", "cannot be read", id="broken"),
        pytest.param(
            '<!DOCTYPE a [<!ENTITY s SYSTEM "file:///etc/hostname">]><PAMDataset>&s;</PAMDataset>',
            "a document type",
            id="entities",
        ),
    ],
)
def test_what_may_lead_elsewhere_is_refused(tmp_path: Path, notes: str, told: str) -> None:
    path = noted(write_map(tmp_path / "a.tif", CODES), notes)
    with pytest.raises(InputError, match=rf"a\.tif\.aux\.xml: .*{told}.*rio convert"):
        says_more(path)


def test_notes_without_end_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raster_company, "_MOST_BYTES", len(TURNED) - 1)
    path = noted(write_map(tmp_path / "a.tif", CODES), TURNED)
    with pytest.raises(InputError, match="more than 0 MB"):
        says_more(path)


@pytest.mark.parametrize("ending", [".msk", ".MSK"])
def test_a_mask_beside_its_raster_is_refused(tmp_path: Path, ending: str) -> None:
    path = write_map(tmp_path / "a.tif", CODES)
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=False), rasterio.open(path, "r+") as dataset:
        dataset.write_mask(np.array([[0, 255, 255], [255, 255, 255]], dtype=np.uint8))
    (tmp_path / "a.tif.msk").rename(tmp_path / f"a.tif{ending}")
    with pytest.raises(InputError, match=r"a mask beside its raster is not read.*rio convert"):
        says_more(path)
