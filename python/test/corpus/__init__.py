"""A corpus of real kernels, compiled without a GPU.

It holds kernels of our own (`kernels_*.py`, written in Triton and Gluon) and compact recipes for kernels
of third-party packages (`recipes/*.json`). `registry.entries()` lists both in one form, `pipeline.Pipeline`
compiles an entry stage by stage through stock Triton.
"""
