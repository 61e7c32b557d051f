"""Subcommands of ``python -m triton_tle``, one module each.

A module here has ``SUMMARY`` (one line for the list of commands), ``add_arguments(parser)`` and
``run(arguments)``, which returns the exit status. Its docstring is the command's help. What takes long to
import is imported in ``run``.
"""
