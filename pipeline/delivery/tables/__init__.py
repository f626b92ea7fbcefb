"""Tables that leave as a folder of files: written in one pass, described, and checked by checksums.

`folder` makes the folder appear whole or not at all; one module for each format; `notices` says
what readers must know, `package` writes it down.
"""
