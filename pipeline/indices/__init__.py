"""Drought indices per landscape: calibration, SPI, SPEI, percent of normal, and PET.

`calibration` fits once, `values` judges months by a stored fit, `windows` adds months up,
`pet` turns weather into evaporative demand, `engine` is the only module that knows
climate-indices. The science is told in `docs/method.md`.
"""
