"""The log-sum-exp that a fused attention kernel computes on its way, and that PyTorch's public function drops.

`scaled_dot_product_attention` chooses a kernel; the same choice, called by its own name, returns the same output and
the log-sum-exp of each query's logits (FlashAttention-2, Dao 2023). With it, the share of any key is one small product
away, however many keys there are.
"""

from collections.abc import Callable
from typing import Any

import torch

_FLASH, _EFFICIENT = 1, 2  # at::SDPBackend


def attend(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
    """The result of `original`, to the bit, and (batch, heads, queries) float32 log-sum-exp, or None where the kernel
    that is chosen for these arguments does not tell it."""
    told = _told(*args, **kwargs)
    return told if told is not None else (original(*args, **kwargs), None)


def _told(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> tuple[torch.Tensor, torch.Tensor] | None:
    place = query.device.type
    learns = torch.is_grad_enabled() and (query.requires_grad or key.requires_grad or value.requires_grad)
    if learns or is_causal or enable_gqa or dropout_p or query.ndim != 4 or place not in ("cpu", "cuda"):
        return None
    choice = torch._fused_sdp_choice(query, key, value, attn_mask, dropout_p, is_causal, scale=scale)
    if place == "cpu" and choice == _FLASH:
        mask = attn_mask
        if mask is not None and mask.dtype == torch.bool:  # as PyTorch itself does before this kernel
            mask = torch.zeros_like(mask, dtype=query.dtype).masked_fill_(~mask, float("-inf"))
        made = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
            query, key, value, dropout_p, is_causal, attn_mask=mask, scale=scale
        )
        return made[0], made[1]
    if query.shape[-1] % 8 or value.shape[-1] != query.shape[-1]:  # padded on the way: not followed here
        return None
    if place == "cuda" and choice == _FLASH and attn_mask is None:
        made = torch.ops.aten._scaled_dot_product_flash_attention(
            query, key, value, dropout_p, is_causal, False, scale=scale
        )
        return made[0], made[1]
    if place == "cuda" and choice == _EFFICIENT and attn_mask is None:
        made = torch.ops.aten._scaled_dot_product_efficient_attention(
            query, key, value, None, True, dropout_p, is_causal, scale=scale
        )
        return made[0], made[1][..., : query.shape[2]]  # rounded up to whole blocks
    return None
