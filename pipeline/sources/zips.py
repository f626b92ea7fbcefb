"""What of ZIPs is unpacked."""

from __future__ import annotations

import zipfile

_USUAL = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


def is_usually_packed(archive: zipfile.ZipFile) -> bool:
    """Return whether all files of a ZIP are stored or deflated, as the data store packs them.

    Damaged bytes that are packed otherwise end in errors like those of the disk, or of a defect of
    ours, and such a file would be tried again for ever.
    """
    return {info.compress_type for info in archive.infolist()} <= _USUAL
