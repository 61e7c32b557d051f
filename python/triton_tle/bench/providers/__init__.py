"""One module an implementation: the peers that a benchmark compares."""
