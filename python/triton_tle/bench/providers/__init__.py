"""One module an implementation: the peers that a benchmark compares."""


class ProviderUnavailable(Exception):
    """A peer cannot run here; the message says why and how to install it."""
