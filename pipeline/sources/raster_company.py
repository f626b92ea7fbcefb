"""What lies beside a raster and is read with it: GDAL's notes (``.aux.xml``) and a mask (``.msk``).

Both can lead GDAL to other files, or to addresses to fetch. Notes mostly hold statistics and how a map
is to be shown, and need not be read. Some say where the cells lie, which are none, or their scale.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lxml import etree

from pipeline.core.errors import InputError

_NOTES, _MASK = ".aux.xml", ".msk"
_MOST_BYTES = 16 << 20
_SHOWN = {"Description", "UnitType", "ColorInterp", "CategoryNames", "ColorTable", "Histograms",
          "GDALRasterAttributeTable", "Minimum", "Maximum"}  # fmt: skip
"""What changes no cell."""
_WEIGHTY = {"SRS", "GeoTransform", "GCPList", "GeodataXform", "NoDataValue", "Scale", "Offset"}
"""What changes where cells lie and what they mean, and is but words and numbers."""
_BAND, _METADATA = "PAMRasterBand", "Metadata"
_PLAIN_DOMAINS = {None, "Esri"}
"""Metadata in others may name files."""
_REMEDY = (
    "if you know who made it, write it into the raster, for instance with rio convert -f GTiff IN OUT; "
    "or else lay it elsewhere"
)


def says_more(path: Path) -> bool:
    """Return whether what lies beside the raster at `path` is to be read with it.

    Raises:
        InputError: it may lead to other files.
    """
    mask, notes = (_beside(path, ending) for ending in (_MASK, _NOTES))
    if mask is not None:
        raise InputError(f"{mask}: a mask beside its raster is not read; {_REMEDY}")
    return notes is not None and _says_more(notes)


def _beside(path: Path, ending: str) -> Path | None:
    name = f"{path.name}{ending}".lower()
    return next((one for one in path.absolute().parent.iterdir() if one.name.lower() == name), None)


def _says_more(notes: Path) -> bool:
    root = _root(notes)
    bands = [one for one in _elements(root) if one.tag == _BAND]
    said = [one for part in (root, *bands) for one in _elements(part) if one.tag != _BAND]
    tags = {str(one.tag) for one in said} - _SHOWN - {_METADATA}
    if not tags:
        return False
    strange = tags - _WEIGHTY
    if root.attrib or any(one.tag == _METADATA and not _is_plain(one) for one in said):
        strange.add(_METADATA)
    if strange:
        raise InputError(
            f"{notes}: expected notes on {', '.join(sorted(_WEIGHTY))}, got {', '.join(sorted(strange))}, "
            f"which may lead to other files; {_REMEDY}"
        )
    return True


def _is_plain(metadata: etree._Element) -> bool:
    """GDAL takes an attribute and an element of the same name for the same."""
    return metadata.get("domain") in _PLAIN_DOMAINS and all(
        one.tag == "MDI" and not len(one) for one in metadata
    )


def _elements(parent: etree._Element) -> Iterator[etree._Element]:
    return (one for one in parent if isinstance(one.tag, str))


def _root(notes: Path) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    with notes.open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    try:
        if len(content) > _MOST_BYTES:
            raise ValueError(f"more than {_MOST_BYTES >> 20} MB")
        root = etree.fromstring(content, parser)
        if root.getroottree().docinfo.doctype:
            raise ValueError("a document type")
    except (etree.XMLSyntaxError, ValueError) as error:
        raise InputError(
            f"{notes}: expected the notes of GDAL on a raster, got what cannot be read ({error}); "
            f"{_REMEDY}"
        ) from error
    return root
