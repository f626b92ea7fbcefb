"""The monthly cycle under faults: killed, without database, disk, store or mail, twice, at a wrong time.

`world` is the installation that is copied for each case, `zygote` runs its commands and `traps` ends
them at a counted event, `cycle` is the month as an operator runs it, `looks` holds what
`drought status` says against the tables, `comparing` the end against that of an undisturbed month.
`cases` are the faults. `benchmarks.faults` runs hundreds of them; `test_faults` and `test_kills` of
`tests/slow` run a few, and `judging` holds what they ask of each.
"""
