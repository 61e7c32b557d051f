"""One module an implementation: the peers that a benchmark compares."""

from __future__ import annotations

import types


class ProviderUnavailable(Exception):
    """A peer cannot run here; the message says why and how to install it."""


def require_flash_mla() -> types.ModuleType:
    """Import FlashMLA.

    Raises:
        ProviderUnavailable: it is not installed; the message says how to install it.
    """
    try:
        import flash_mla
    except (ImportError, OSError) as error:
        raise ProviderUnavailable(
            f"FlashMLA is not installed ({error}): pip install git+https://github.com/deepseek-ai/FlashMLA.git"
        ) from error
    return flash_mla
