"""Several datasets as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import ConcatDataset, Sampler, SubsetRandomSampler, WeightedRandomSampler

from .dataset import CellMapDataset
from .utils.misc import min_redundant_inds

__all__ = ["CellMapMultiDataset"]


class CellMapMultiDataset(ConcatDataset):
    """Datasets behind each other; ``idx`` of a sample is its index in its own one.

    Parameters
    ----------
    datasets : list of CellMapDataset
    classes, input_arrays, target_arrays
        As of each of them.
    """

    def __init__(
        self,
        datasets: Sequence[CellMapDataset],
        classes: Sequence[str] | None = None,
        input_arrays: Mapping[str, Mapping[str, Any]] | None = None,
        target_arrays: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        super().__init__(datasets)
        self.classes = list(classes or [])
        self.input_arrays, self.target_arrays = dict(input_arrays or {}), dict(target_arrays or {})

    @property
    def class_counts(self) -> dict[str, dict[str, int]]:
        """Sums of those of the datasets."""
        counts = [dataset.class_counts for dataset in self.datasets]
        keys = ("totals", "totals_total")
        return {key: {label: sum(one[key].get(label, 0) for one in counts) for label in self.classes} for key in keys}

    @property
    def class_weights(self) -> dict[str, float]:
        """Background voxels for each foreground voxel, of all together."""
        counts = self.class_counts
        totals, all_voxels = counts["totals"], counts["totals_total"]
        return {label: max(all_voxels[label] - n, 0) / max(n, 1) for label, n in totals.items()}

    @property
    def dataset_weights(self) -> list[float]:
        """Of each dataset, how much a sample of it shows of rare classes."""
        weights = self.class_weights
        shown = [dataset.class_counts["totals"] for dataset in self.datasets]
        return [
            sum(weights.get(label, 0.0) * n for label, n in totals.items()) / max(len(dataset), 1)
            for totals, dataset in zip(shown, self.datasets)
        ]

    @property
    def sample_weights(self) -> list[float]:
        """The weight of its dataset, for each sample."""
        each = zip(self.dataset_weights, self.datasets)
        return [weight for weight, dataset in each for _ in range(len(dataset))]

    def get_crop_class_matrix(self) -> np.ndarray:
        """Return a row of bools for each dataset: which classes are annotated there."""
        return np.concatenate([dataset.get_crop_class_matrix() for dataset in self.datasets])

    def get_indices(self, chunk_size: Mapping[str, float]) -> list[int]:
        """Return the samples whose patches cover all datasets; see `CellMapDataset.get_indices`."""
        return self._behind_each_other(lambda dataset: dataset.get_indices(chunk_size))

    @property
    def validation_indices(self) -> list[int]:
        """Samples that cover all datasets."""
        return self._behind_each_other(lambda dataset: dataset.validation_indices)

    def _behind_each_other(self, indices_of: Any) -> list[int]:
        firsts = [0, *self.cumulative_sizes]
        return [first + index for first, dataset in zip(firsts, self.datasets) for index in indices_of(dataset)]

    def get_random_subset_indices(
        self, num_samples: int, weighted: bool = True, rng: torch.Generator | None = None
    ) -> torch.Tensor:
        """Draw samples, of datasets by their weights, inside of each none again before all have come."""
        if not weighted:
            return min_redundant_inds(len(self), num_samples, rng=rng)
        weights = torch.tensor([max(weight, 0.1) if len(d) else 0.0 for weight, d in zip(self.dataset_weights, self.datasets)])
        drawn = torch.multinomial(weights, num_samples, replacement=True, generator=rng)
        firsts = [0, *self.cumulative_sizes]
        parts = [
            firsts[place] + min_redundant_inds(len(dataset), int((drawn == place).sum()), rng=rng)
            for place, dataset in enumerate(self.datasets)
            if (drawn == place).any()
        ]
        together = torch.cat(parts)
        return together[torch.randperm(len(together), generator=rng)]

    def get_subset_random_sampler(self, num_samples: int, weighted: bool = True, rng: torch.Generator | None = None) -> Sampler:
        """Return a sampler of such a draw."""
        return SubsetRandomSampler(self.get_random_subset_indices(num_samples, weighted, rng).tolist(), generator=rng)

    def get_weighted_sampler(self, batch_size: int = 1, rng: torch.Generator | None = None) -> Sampler:
        """Return a sampler of one batch by `sample_weights`."""
        return WeightedRandomSampler(self.sample_weights, batch_size, replacement=False, generator=rng)

    @property
    def has_data(self) -> bool:
        """Whether there is a sample to draw."""
        return len(self) > 0

    def set_raw_value_transforms(self, transforms: Any) -> None:
        """Change what is applied to raw."""
        for dataset in self.datasets:
            dataset.set_raw_value_transforms(transforms)

    def set_target_value_transforms(self, transforms: Any) -> None:
        """Change what is applied to labels."""
        for dataset in self.datasets:
            dataset.set_target_value_transforms(transforms)

    def set_spatial_transforms(self, transforms: Mapping[str, Any] | None) -> None:
        """Change how samples are turned."""
        for dataset in self.datasets:
            dataset.set_spatial_transforms(transforms)

    def verify(self) -> bool:
        """Whether there is something to train on."""
        return self.has_data

    def to(self, device: Any, non_blocking: bool = True) -> CellMapMultiDataset:
        """Return itself: samples are on the processor."""
        return self

    def __repr__(self) -> str:
        return f"CellMapMultiDataset({len(self.datasets)} datasets, classes={self.classes}, {len(self)} samples)"
