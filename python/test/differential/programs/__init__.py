"""Random small tile programs, run several ways and compared with a float64 evaluation.

`generate.program(seed)` makes one: a tree of `nodes`, which knows its TLE source, its plain source and its value.
"""
