"""The "FP8 with scale" cache of DeepSeek-V3.2: 656 bytes a token.

- bytes 0 to 511: 512 values of the latent part, e4m3
- bytes 512 to 527: 4 scales, float32, one for each 128 latent columns: value = e4m3 * scale
- bytes 528 to 655: 64 rotary columns, bfloat16, as they are
"""

from __future__ import annotations

import torch

from ._checks import check_bool, check_tensor

D_LATENT = 512
D_ROPE = 64
GROUP = 128
GROUPS = D_LATENT // GROUP
SCALE_BEGIN = D_LATENT
ROPE_BEGIN = SCALE_BEGIN + 4 * GROUPS
BYTES_PER_TOKEN = ROPE_BEGIN + 2 * D_ROPE
E4M3_MAX = 448.0
SMALLEST_SCALE = 1e-4
CACHE_DTYPES = (torch.float8_e4m3fn, torch.uint8, torch.int8)


def quantize_k_cache(k_cache: torch.Tensor, power_of_two: bool = True) -> torch.Tensor:
    """Make an FP8 cache of a bfloat16 one.

    Args:
        k_cache: [num_blocks, page_size, 1, 576], bfloat16 or float32; 512 latent and 64 rotary columns. Finite, below
            57344 in magnitude (448 times the largest scale, 128).
        power_of_two: round scales up to powers of two, as DeepSeek's own quantizer does; the products with them are
            exact then.

    Returns:
        [num_blocks, page_size, 1, 656], float8_e4m3fn (the bytes of a token; only the first 512 are values of that
        type).

    Raises:
        TypeError: `k_cache` is no tensor of one of the two dtypes, or `power_of_two` no bool.
        ValueError: another shape.
    """
    dtypes = (torch.bfloat16, torch.float32)
    check_tensor("k_cache", k_cache, dtype=dtypes, shape=(None, None, 1, D_LATENT + D_ROPE))
    check_bool("power_of_two", power_of_two)
    groups = k_cache[..., :D_LATENT].float().unflatten(-1, (GROUPS, GROUP))
    scale = (groups.abs().amax(-1) / E4M3_MAX).clamp_min(SMALLEST_SCALE)
    if power_of_two:
        scale = torch.exp2(torch.ceil(torch.log2(scale)))
    values = (groups / scale[..., None]).clamp(-E4M3_MAX, E4M3_MAX).to(torch.float8_e4m3fn)
    result = torch.empty((*k_cache.shape[:3], BYTES_PER_TOKEN), dtype=torch.uint8, device=k_cache.device)
    result[..., :D_LATENT] = values.flatten(-2).view(torch.uint8)
    result[..., SCALE_BEGIN:ROPE_BEGIN] = scale.contiguous().view(torch.uint8)
    result[..., ROPE_BEGIN:] = k_cache[..., D_LATENT:].to(torch.bfloat16).contiguous().view(torch.uint8)
    return result.view(torch.float8_e4m3fn)


def dequantize_k_cache(k_cache: torch.Tensor) -> torch.Tensor:
    """What an FP8 cache stands for: each product of value and scale rounded to bfloat16 once.

    Args:
        k_cache: [num_blocks, page_size, 1, 656], float8_e4m3fn, uint8 or int8, or [..., 656]; contiguous in
            its last dimension.

    Returns:
        [num_blocks, page_size, 1, 576], bfloat16, or [..., 576].

    Raises:
        TypeError: `k_cache` is no tensor of one of the three dtypes.
        ValueError: the last dimension is no 656 bytes, or not contiguous.
    """
    leading = k_cache.dim() - 1 if isinstance(k_cache, torch.Tensor) else 3
    check_tensor("k_cache", k_cache, dtype=CACHE_DTYPES, shape=(*(None,) * leading, BYTES_PER_TOKEN))
    data = k_cache.contiguous().view(torch.uint8)
    values = data[..., :D_LATENT].contiguous().view(torch.float8_e4m3fn).float().unflatten(-1, (GROUPS, GROUP))
    scale = data[..., SCALE_BEGIN:ROPE_BEGIN].contiguous().view(torch.float32)
    latent = (values * scale[..., None]).flatten(-2).to(torch.bfloat16)
    rope = data[..., ROPE_BEGIN:].contiguous().view(torch.bfloat16)
    return torch.cat([latent, rope], dim=-1)
