"""Benchmarks of the operators against their peers."""
