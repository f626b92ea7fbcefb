"""Drought indices of landscapes and cells: drivers, calibration, values, and PET.

`drivers` holds what an index adds up, `windows` adds it up, `calibration` fits once by the
distributions of `fits`, `values` judges months by a stored fit, `blocks` does so for many places in
threads. `pet` turns weather into evaporative demand (`pet_inputs` says of what). `engine` is the
only module that knows climate-indices. The science is told in `docs/method.md`.
"""
