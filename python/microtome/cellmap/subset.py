"""Some samples of a dataset, which know what the dataset knows."""

from __future__ import annotations

from typing import Any

import torch
from torch.utils.data import Sampler, Subset, SubsetRandomSampler

from .utils.misc import min_redundant_inds

__all__ = ["CellMapSubset"]


class CellMapSubset(Subset):
    """A `Subset` that passes on classes, counts and changes."""

    @property
    def classes(self) -> list[str]:
        """The classes of the dataset."""
        return self.dataset.classes

    @property
    def class_counts(self) -> dict[str, dict[str, int]]:
        """Those of the whole dataset."""
        return self.dataset.class_counts

    @property
    def class_weights(self) -> dict[str, float]:
        """Those of the whole dataset."""
        return self.dataset.class_weights

    @property
    def validation_indices(self) -> list[int]:
        """Of this subset, the samples that are tiles of the dataset."""
        wanted = set(self.dataset.validation_indices)
        return [place for place, index in enumerate(self.indices) if index in wanted]

    def get_random_subset_indices(self, num_samples: int, rng: torch.Generator | None = None) -> torch.Tensor:
        """Draw samples, none again before all have come."""
        return min_redundant_inds(len(self), num_samples, rng=rng)

    def get_subset_random_sampler(self, num_samples: int, rng: torch.Generator | None = None) -> Sampler:
        """Return a sampler of such a draw."""
        return SubsetRandomSampler(self.get_random_subset_indices(num_samples, rng).tolist(), generator=rng)

    def set_raw_value_transforms(self, transforms: Any) -> None:
        """Change what the dataset applies to raw."""
        self.dataset.set_raw_value_transforms(transforms)

    def set_target_value_transforms(self, transforms: Any) -> None:
        """Change what the dataset applies to labels."""
        self.dataset.set_target_value_transforms(transforms)

    def to(self, device: Any, non_blocking: bool = True) -> CellMapSubset:
        """Return itself: samples are on the processor."""
        return self
