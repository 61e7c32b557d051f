"""How large the terms are whose sum is a score: what rounding errors of scores and of lse are measured by."""

from __future__ import annotations

import torch

SAMPLED_KEYS = 4096


def sizes_of_scores(q: torch.Tensor, keys: torch.Tensor, scale: float) -> torch.Tensor:
    """What a score of each row of `q` is in size: the root mean square over keys of no preferred direction.

    A score near 0 is a sum of products that reach this size on the way: float32 leaves an error in proportion to it,
    however small the score. Checkers therefore bound errors by it, with a floor of their own.

    Args:
        q: [..., d], any float dtype.
        keys: [..., d], any float dtype; the first SAMPLED_KEYS rows stand for all. Without a key sizes are 0.
        scale: factor on q.k.

    Returns:
        [...], float64.
    """
    keys = keys.reshape(-1, keys.shape[-1])[:SAMPLED_KEYS].double()
    mean_square = keys.square().mean() if keys.numel() else keys.new_zeros(())
    return (q.double().square().sum(-1) * mean_square).sqrt() * abs(scale)
