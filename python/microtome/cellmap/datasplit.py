"""Datasets to train and to validate on, from a CSV, a dict, or as they are."""

from __future__ import annotations

import csv
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

from .compat import strict_compat
from .dataset import CellMapDataset
from .multidataset import CellMapMultiDataset
from .subset import CellMapSubset
from .transforms.augment import Binarize, NaNtoNum

__all__ = ["CellMapDataSplit"]

_logger = logging.getLogger("cellmap_data.datasplit")
_SPLITS = ("train", "validate")


class CellMapDataSplit:
    """Lists of datasets for training and validation.

    Parameters
    ----------
    input_arrays, target_arrays, classes
        As for `CellMapDataset`.
    pad : bool or {"train", "validate"}
        Whether patches may reach beyond their images, in both or in one of the lists.
    datasets : dict, optional
        ``{"train": [...], "validate": [...]}`` of datasets.
    dataset_dict : dict, optional
        The same of ``{"raw": path, "gt": path}``.
    csv_path : str, optional
        Rows ``split, raw, gt``, or ``split, container, raw, container, gt``; a heading and lines with # are left out.
    spatial_transforms : dict, optional
        How samples are turned for training.
    train_raw_value_transforms, val_raw_value_transforms, target_value_transforms : callable, optional
        Left out: floats, with 0 for NaN in raw, and 0 or 1 for labels.
    class_relation_dict : dict, optional
        For a class those that exclude it.
    force_has_data : bool
        Keep datasets that seem empty.
    empty_value, context, device : optional
        As for `CellMapDataset`.
    """

    def __init__(
        self,
        input_arrays: Mapping[str, Mapping[str, Any]],
        target_arrays: Mapping[str, Mapping[str, Any]] | None = None,
        classes: Sequence[str] | None = None,
        empty_value: float = float("nan"),
        pad: bool | str = False,
        datasets: Mapping[str, Sequence[CellMapDataset]] | None = None,
        dataset_dict: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
        csv_path: str | os.PathLike[str] | None = None,
        spatial_transforms: Mapping[str, Any] | None = None,
        train_raw_value_transforms: Any = None,
        val_raw_value_transforms: Any = None,
        target_value_transforms: Any = None,
        class_relation_dict: Mapping[str, Sequence[str]] | None = None,
        force_has_data: bool = False,
        context: Any = None,
        device: Any = None,
        *,
        class_relationships: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.input_arrays, self.target_arrays = dict(input_arrays), dict(target_arrays or {})
        self.classes, self.pad, self.empty_value = list(classes or []), pad, empty_value
        self.spatial_transforms, self.force_has_data = spatial_transforms, force_has_data
        self.train_raw_value_transforms = train_raw_value_transforms or _of_raw()
        self.val_raw_value_transforms = val_raw_value_transforms or _of_raw()
        self.target_value_transforms = target_value_transforms or _of_labels()
        self.class_relation_dict = class_relation_dict if class_relation_dict is not None else class_relationships
        if datasets is None:
            found = dataset_dict if dataset_dict is not None else _read(csv_path) if csv_path is not None else {}
            datasets = {split: list(self._made(split, found.get(split, []))) for split in _SPLITS}
        self.train_datasets = list(datasets.get("train", []))
        self._validation_datasets = list(datasets.get("validate", []))
        self._invalidate()

    def _pads(self, split: str) -> bool:
        return self.pad == split if isinstance(self.pad, str) else bool(self.pad)

    def _made(self, split: str, paths: Sequence[Mapping[str, str]]) -> Iterator[CellMapDataset]:
        is_train = split == "train"
        for one in paths:
            try:
                dataset = CellMapDataset(
                    one["raw"],
                    one.get("gt", ""),
                    self.classes,
                    self.input_arrays,
                    self.target_arrays,
                    spatial_transforms=self.spatial_transforms if is_train else None,
                    raw_value_transforms=self.train_raw_value_transforms if is_train else self.val_raw_value_transforms,
                    target_value_transforms=self.target_value_transforms,
                    class_relation_dict=self.class_relation_dict,
                    pad=self._pads(split),
                    force_has_data=self.force_has_data,
                    empty_value=self.empty_value,
                )
                problem = None if dataset.verify() else "it has no room for a patch; pad may be set"
            except Exception as error:  # noqa: BLE001 - whatever is wrong with one crop, the others can be trained on
                problem = str(error)
            if problem is None:
                yield dataset
            else:
                _logger.warning("%s crop %s is left out: %s", split, one.get("gt", one["raw"]), problem)

    def _invalidate(self) -> None:
        """Put datasets together anew when they are asked for."""
        self._train: CellMapMultiDataset | None = None
        self._validate: CellMapMultiDataset | None = None

    def _combined(self, datasets: Sequence[CellMapDataset], split: str) -> CellMapMultiDataset:
        if not datasets:
            raise ValueError(f"there is nothing to {split}: no dataset of that split has data; warnings say why")
        return CellMapMultiDataset(datasets, self.classes, self.input_arrays, self.target_arrays)

    @property
    def train_datasets_combined(self) -> CellMapMultiDataset:
        """All that is trained on."""
        if self._train is None:
            self._train = self._combined(self.train_datasets, "train")
        return self._train

    @property
    def validation_datasets(self) -> list[CellMapDataset]:
        """Datasets to validate on."""
        return self._validation_datasets

    @property
    def validation_datasets_combined(self) -> CellMapMultiDataset:
        """All that is validated on."""
        if self._validate is None:
            self._validate = self._combined(self._validation_datasets, "validate")
        return self._validate

    @property
    def validation_blocks(self) -> CellMapSubset:
        """Samples that cover what is validated on."""
        combined = self.validation_datasets_combined
        return CellMapSubset(combined, combined.validation_indices)

    @property
    def class_counts(self) -> dict[str, dict[str, dict[str, int]]]:
        """Counts of both lists; nothing of one that is empty."""
        lists = {"train": self.train_datasets, "validate": self._validation_datasets}
        return {split: self._combined(found, split).class_counts if found else {} for split, found in lists.items()}

    def set_raw_value_transforms(self, train_transforms: Any = None, val_transforms: Any = None) -> None:
        """Change what is applied to raw."""
        self._set("raw_value_transforms", train_transforms, val_transforms)

    def set_target_value_transforms(self, transforms: Any) -> None:
        """Change what is applied to labels."""
        self._set("target_value_transforms", transforms, transforms)

    def set_spatial_transforms(self, train_transforms: Any = None, val_transforms: Any = None) -> None:
        """Change how samples are turned."""
        self._set("spatial_transforms", train_transforms, val_transforms)

    def _set(self, what: str, train: Any, validate: Any) -> None:
        for datasets, transforms in ((self.train_datasets, train), (self._validation_datasets, validate)):
            if transforms is not None:
                for dataset in datasets:
                    setattr(dataset, what, transforms)

    def set_arrays(self, arrays: Mapping[str, Mapping[str, Any]], type: str = "target", usage: str = "train") -> None:  # noqa: A002
        """Change the arrays of one list of datasets: `type` is ``"input"`` or ``"target"``."""
        setattr(self, f"{type}_arrays", dict(arrays))
        if strict_compat():
            return
        for dataset in self.train_datasets if usage == "train" else self._validation_datasets:
            setattr(dataset, f"{type}_arrays", dict(arrays))
            dataset.reset_arrays(type)
        self._invalidate()

    def to(self, device: Any, non_blocking: bool = True) -> CellMapDataSplit:
        """Return itself: samples are on the processor."""
        return self

    def __repr__(self) -> str:
        counts = f"{len(self.train_datasets)} to train, {len(self._validation_datasets)} to validate"
        return f"CellMapDataSplit({counts}, classes={self.classes})"


def _of_raw() -> Any:
    return torch.nn.Sequential(_Float(), NaNtoNum({"nan": 0, "posinf": None, "neginf": None}))


def _of_labels() -> Any:
    return torch.nn.Sequential(_Float(), Binarize())


class _Float(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.float()


def _read(csv_path: str | os.PathLike[str]) -> dict[str, list[dict[str, str]]]:
    """Paths by split, from a CSV."""
    found: dict[str, list[dict[str, str]]] = {split: [] for split in _SPLITS}
    with open(csv_path, newline="") as file:
        for row in csv.reader(line for line in file if line.strip() and not line.lstrip().startswith("#")):
            split, *paths = (cell.strip() for cell in row)
            if split not in found:
                if split.lower() in ("split", "usage", "type"):
                    continue
                raise ValueError(f"{os.fspath(csv_path)}: a row of split {split!r}; expected train or validate")
            if len(paths) >= 4:
                paths = [os.path.join(paths[0], paths[1]), os.path.join(paths[2], paths[3])]
            found[split].append({"raw": paths[0], "gt": paths[1] if len(paths) > 1 else ""})
    return found
