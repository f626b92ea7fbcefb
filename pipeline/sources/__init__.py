"""The inward edge: the data store, files of grids and gauges, landscapes, the archive."""
