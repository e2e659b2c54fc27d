"""Paths of labels, names in common, draws without repetition."""

from __future__ import annotations

import numpy as np
import torch

__all__ = ["longest_common_substring", "min_redundant_inds", "split_target_path", "torch_max_value"]


def split_target_path(path: str) -> tuple[str, list[str]]:
    """Take ``base/[c1,c2]/rest`` apart.

    Returns
    -------
    template, classes
        ``base/{label}/rest``, and the classes in brackets; without brackets the path, and its last component.
    """
    first, opened, rest = path.partition("[")
    inside, closed, last = rest.partition("]")
    if not opened or not closed:
        return path, [path.rstrip("/").rpartition("/")[2]]
    return f"{first}{{label}}{last}", [name.strip() for name in inside.split(",")]


def longest_common_substring(a: str, b: str) -> str:
    """Return the longest text that both hold, the first of several in `a`."""
    best = ""
    lengths = [0] * (len(b) + 1)
    for i, letter in enumerate(a):
        before = 0
        for j, other in enumerate(b):
            before, lengths[j + 1] = lengths[j + 1], before + 1 if letter == other else 0
            if lengths[j + 1] > len(best):
                best = a[i + 1 - lengths[j + 1] : i + 1]
    return best


def torch_max_value(dtype: torch.dtype) -> int:
    """Return the largest value of an integer type; 1 for others, whose intensities are 0 to 1."""
    if dtype.is_floating_point or dtype.is_complex or dtype == torch.bool:
        return 1
    return torch.iinfo(dtype).max


def min_redundant_inds(
    n: int, k: int, replacement: bool = False, rng: np.random.Generator | torch.Generator | None = None
) -> torch.Tensor:
    """Draw `k` of `n` indices; without replacement none comes again before all have come."""
    generator = rng if isinstance(rng, torch.Generator) else None
    if isinstance(rng, np.random.Generator):
        generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    if replacement:
        return torch.randint(n, (k,), generator=generator)
    rounds = [torch.randperm(n, generator=generator) for _ in range(-(-k // n))]
    return torch.cat(rounds)[:k] if rounds else torch.empty(0, dtype=torch.int64)
