"""The commands of `drought`, by subject; `pipeline.cli` puts them together."""
