"""Raw and the labels of one crop: samples about the positions of a grid."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset, Sampler, SubsetRandomSampler

from .compat import strict_compat
from .empty_image import EmptyImage
from .frame import AXES, Frame, positions
from .image import CellMapImage
from .spatial import drawn
from .tiles import steps_of, tiles
from .utils.array import expand_scale
from .utils.geometry import Box, box_shape
from .utils.misc import min_redundant_inds, split_target_path

__all__ = ["CellMapDataset"]

Image = CellMapImage | EmptyImage
Change = Callable[[torch.Tensor], torch.Tensor]


class CellMapDataset(Dataset):
    """Samples of raw and labels about every position of a crop.

    Parameters
    ----------
    raw_path : str
        The multiscale group of raw.
    target_path : str
        ``base/[class1,class2]``: the groups of the classes that are annotated.
    classes : list of str or None
        The classes of targets, in order; ``None``: raw alone.
    input_arrays, target_arrays : dict
        ``{name: {"shape": voxels, "scale": nm}}`` in the order z, y, x.
    spatial_transforms : dict, optional
        How samples are turned at random.
    raw_value_transforms, target_value_transforms : callable, or for targets also one by class
        Applied to each tensor of an image.
    class_relation_dict : dict, optional
        For a class those that exclude it: where nobody annotated it, it is 0 where one of them is.
    pad : bool
        Whether patches may reach beyond their images.
    force_has_data : bool
        Count as usable without positions.
    seed : int, optional
        Of the draws.
    is_train, rng, axis_order, context, device, max_workers, empty_value : optional
        Of older versions: without `is_train` nothing is turned; `rng` seeds the draws; the others are not needed.
    """

    def __init__(
        self,
        raw_path: str | None = None,
        target_path: str = "",
        classes: Sequence[str] | None = None,
        input_arrays: Mapping[str, Mapping[str, Any]] | None = None,
        target_arrays: Mapping[str, Mapping[str, Any]] | None = None,
        spatial_transforms: Mapping[str, Any] | None = None,
        raw_value_transforms: Change | None = None,
        target_value_transforms: Change | Mapping[str, Change] | Sequence[Change] | None = None,
        class_relation_dict: Mapping[str, Sequence[str]] | None = None,
        pad: bool = False,
        force_has_data: bool = False,
        seed: int | None = None,
        *,
        input_path: str | None = None,
        is_train: bool = True,
        rng: torch.Generator | None = None,
        axis_order: str | Sequence[str] = "zyx",
        context: Any = None,
        device: Any = None,
        max_workers: int | None = None,
        empty_value: float = float("nan"),
    ) -> None:
        raw_path = raw_path if raw_path is not None else input_path
        if raw_path is None:
            raise TypeError("raw_path is missing")
        self.raw_path = self.input_path = os.fspath(raw_path)
        self.target_path = os.fspath(target_path or "")
        self.classes = list(classes or [])
        self.input_arrays = dict(input_arrays or {})
        self.target_arrays = dict(target_arrays or {}) if self.classes else {}
        self.class_relation_dict = {name: list(others) for name, others in (class_relation_dict or {}).items()}
        self.spatial_transforms = spatial_transforms if is_train else None
        self.raw_value_transforms, self.target_value_transforms = raw_value_transforms, target_value_transforms
        self.pad, self.force_has_data, self.empty_value = pad, force_has_data, empty_value
        self._strict = strict_compat()
        self._axis_order = axis_order
        self._rng = np.random.default_rng(rng.initial_seed() if seed is None and rng is not None else seed)
        self.reset_arrays()

    def reset_arrays(self, array_type: str | None = None) -> None:
        """Make the images anew, after a change of `input_arrays` or `target_arrays`."""
        template, annotated = split_target_path(self.target_path)
        self.input_sources = {name: self._raw(info) for name, info in self.input_arrays.items()}
        self._targets = {
            name: {label: self._labels(template, annotated, label, info) for label in self.classes}
            for name, info in self.target_arrays.items()
        }
        self._found: dict[str, Any] = {}

    @property
    def target_sources(self) -> dict[str, Image]:
        """The images of the classes, of the first target array."""
        return next(iter(self._targets.values()), {})

    def _raw(self, info: Mapping[str, Any]) -> CellMapImage:
        way = "nearest" if self._strict else "linear"
        return CellMapImage(
            self.raw_path, "raw", info["scale"], info["shape"], self.pad, interpolation=way, axis_order=self._axis_order
        )

    def _labels(self, template: str, annotated: Sequence[str], label: str, info: Mapping[str, Any]) -> Image:
        path = template.replace("{label}", label)
        given = (path, label, info["scale"], info["shape"])
        if label in annotated and Path(path).exists():
            return CellMapImage(*given, self.pad, axis_order=self._axis_order)
        return EmptyImage(*given, axis_order=self._axis_order, empty_value=self.empty_value)

    def _real(self) -> list[CellMapImage]:
        """Every image that is there, labels first: the first of them is what positions count on."""
        targets = [image for images in self._targets.values() for image in images.values()]
        return [image for image in [*targets, *self.input_sources.values()] if isinstance(image, CellMapImage)]

    @property
    def _frame(self) -> Frame:
        if "frame" not in self._found:
            self._found["frame"] = self._real()[0]._frame
        return self._found["frame"]

    def _shared(self, box_of: Callable[[CellMapImage], Box | None]) -> Box | None:
        """What the boxes of all images hold, on the frame of this dataset; ``None`` if that is nothing."""
        shared: Box | None = None
        for image in self._real():
            box = box_of(image)
            if box is None:
                return None
            moved = self._moved(image, box)
            shared = (
                moved
                if shared is None
                else {axis: (max(shared[axis][0], lo), min(shared[axis][1], hi)) for axis, (lo, hi) in moved.items()}
            )
        if shared is None or any(lo > hi or (self._strict and lo >= hi) for lo, hi in shared.values()):
            return None
        return shared

    def _moved(self, image: CellMapImage, box: Box) -> Box:
        """A box of an image on the frame of this dataset: their voxels' centres are what they have in common."""
        if self._strict:
            return box
        sizes = zip(AXES, self._frame.voxel_nm, image._frame.voxel_nm, strict=True)
        by = {axis: (own - other) / 2 for axis, own, other in sizes}
        return {axis: (lo + by[axis], hi + by[axis]) for axis, (lo, hi) in box.items()}

    @property
    def bounding_box(self) -> Box | None:
        """Where all images are, nm."""
        return self._kept("bounding_box", lambda: self._shared(lambda image: image.bounding_box))

    @property
    def sampling_box(self) -> Box | None:
        """Where centres of samples may lie, nm; ``None`` if there is no room for one."""
        return self._kept("sampling_box", lambda: self._shared(lambda image: image.sampling_box))

    def _kept(self, name: str, find: Callable[[], Any]) -> Any:
        if name not in self._found:
            self._found[name] = find()
        return self._found[name]

    @property
    def _target_scale(self) -> dict[str, float]:
        """Nanometres from one position to the next: voxels of the first target, or of the first input."""
        arrays = self.target_arrays or self.input_arrays
        first = next(iter(arrays.values()))
        return dict(zip(self.axes, expand_scale(first["scale"]), strict=True))

    @property
    def axes(self) -> list[str]:
        """The axes of patches, in their order."""
        return list(self._axis_order)

    @property
    def _grid(self) -> list[int]:
        box = self.sampling_box
        if box is None:
            return [0, 0, 0]
        scale = self._target_scale
        single = {axis: any(image._is_single(axis) for image in self._real()) for axis in self.axes}
        return [positions(*box[axis], scale[axis], is_single=single[axis], strict=self._strict) for axis in self.axes]

    def __len__(self) -> int:
        return math.prod(self._grid)

    def get_center(self, idx: int) -> dict[str, float]:
        """Return the centre of a sample, nm."""
        if len(self) == 0:
            raise IndexError("the dataset has no samples: its images have no room for a patch in common")
        if not self._strict and not -len(self) <= idx < len(self):
            raise IndexError(f"sample {idx} of {len(self)}")
        at = np.unravel_index(idx % len(self), self._grid)
        box, scale = self.sampling_box, self._target_scale
        return {axis: float(box[axis][0] + (k + 0.5) * scale[axis]) for axis, k in zip(self.axes, at)}

    def __getitem__(self, idx: int) -> dict[str, Any]:
        idx = int(idx)
        center = self.get_center(idx)
        middle_nm = self._world(center)
        transforms = drawn(self.spatial_transforms, self._rng, strict=self._strict)
        for image in self._real():
            image.set_spatial_transforms(transforms)
        sample: dict[str, Any] = {"idx": torch.tensor(idx % len(self))}
        for name, image in self.input_sources.items():
            sample[name] = self._input(image, self._middle_of(image, center, middle_nm))
        for name, images in self._targets.items():
            sample[name] = self._target(images, center, middle_nm)
        return sample

    def _world(self, center: Mapping[str, float]) -> list[float]:
        """Where in the world the middle of a sample lies: of all its images, whatever their voxels."""
        first = next(iter(self.target_sources.values()), None) or next(iter(self.input_sources.values()))
        shape, scale = ([by[axis] for axis in AXES] for by in (first.output_shape, first.scale))
        return self._frame.world(center, shape, scale)

    def _middle_of(self, image: CellMapImage, center: Mapping[str, float], middle_nm: list[float]) -> list[float]:
        return image._world(center) if self._strict else middle_nm

    def _input(self, image: CellMapImage, middle_nm: list[float]) -> torch.Tensor:
        values = image._read(middle_nm)
        dtype = image._source.volume.dtype
        if dtype.kind in "iu" and not self._strict:
            # As transforms expect it that come from integers: 0 to 1.
            values = values / np.iinfo(dtype).max
        return self._with_channel(values if self.raw_value_transforms is None else self.raw_value_transforms(values))

    @staticmethod
    def _with_channel(values: torch.Tensor) -> torch.Tensor:
        return (values.squeeze() if 1 in values.shape else values)[None]

    def _target(self, images: Mapping[str, Image], center: Mapping[str, float], middle_nm: list[float]) -> torch.Tensor:
        read = {
            label: image._read(self._middle_of(image, center, middle_nm)) if isinstance(image, CellMapImage) else None
            for label, image in images.items()
        }
        made = []
        for label, image in images.items():
            values = read[label]
            if values is None:
                values = self._inferred(label, read, image[center])
            change = self._change_of(label)
            values = values if change is None else change(values)
            made.append(values.squeeze() if 1 in values.shape else values)
        return torch.stack(made)

    def _inferred(self, label: str, read: Mapping[str, torch.Tensor | None], empty: torch.Tensor) -> torch.Tensor:
        """What is known of a class that nobody annotated: it is not where a class is that excludes it."""
        others = [] if self._strict else self.class_relation_dict.get(label, [])
        for other in others:
            values = read.get(other)
            if values is not None:
                empty[values > 0] = 0.0
        return empty

    def _change_of(self, label: str) -> Change | None:
        changes = self.target_value_transforms
        if isinstance(changes, Mapping):
            return changes.get(label)
        if isinstance(changes, Sequence):
            return changes[self.classes.index(label)]
        return changes

    def get_crop_class_matrix(self) -> np.ndarray:
        """Return one row of bools: which classes are annotated here."""
        sources = self.target_sources
        return np.array([[isinstance(sources.get(label), CellMapImage) for label in self.classes]], dtype=bool)

    @property
    def class_counts(self) -> dict[str, dict[str, int]]:
        """By ``totals`` the foreground voxels of each class, by ``totals_total`` all that are annotated for it."""
        if "class_counts" not in self._found:
            sources = self.target_sources
            self._found["class_counts"] = {
                "totals": {label: image.class_counts[label] for label, image in sources.items()},
                "totals_total": {label: image.total_voxels for label, image in sources.items()},
            }
        return self._found["class_counts"]

    @property
    def class_weights(self) -> dict[str, float]:
        """Background voxels for each foreground voxel."""
        counts = self.class_counts
        totals, all_voxels = counts["totals"], counts["totals_total"]
        return {label: max(all_voxels[label] - n, 0) / max(n, 1) for label, n in totals.items()}

    @property
    def has_data(self) -> bool:
        """Whether there is a sample to draw."""
        return self.force_has_data or len(self) > 0

    @property
    def largest_voxel_sizes(self) -> dict[str, float]:
        """The largest voxel size of any array, by axis, nm."""
        scales = [image.scale for image in [*self.input_sources.values(), *self.target_sources.values()]]
        return {axis: max(scale[axis] for scale in scales) for axis in self.axes}

    @property
    def center(self) -> dict[str, float] | None:
        """The middle of its bounding box, nm."""
        box = self.bounding_box
        return None if box is None else {axis: (lo + hi) / 2 for axis, (lo, hi) in box.items()}

    @property
    def bounding_box_shape(self) -> dict[str, int] | None:
        """Voxels of the largest size in its bounding box."""
        return None if self.bounding_box is None else box_shape(self.bounding_box, self.largest_voxel_sizes)

    @property
    def sampling_box_shape(self) -> dict[str, int]:
        """Positions along each axis."""
        return dict(zip(self.axes, self._grid))

    @property
    def size(self) -> int:
        """Voxels of the largest size in its bounding box."""
        return math.prod((self.bounding_box_shape or {"z": 0}).values())

    @property
    def metadata(self) -> dict[str, Any]:
        """Where its samples come from."""
        return {"raw_path": self.raw_path, "target_path_str": self.target_path, "class_weights": self.class_weights}

    def _extent_nm(self) -> dict[str, float]:
        first = next(iter((self.target_arrays or self.input_arrays).values()))
        shape = [1] * (3 - len(first["shape"])) + [int(n) for n in first["shape"]]
        return {axis: n * self._target_scale[axis] for axis, n in zip(self.axes, shape)}

    def get_indices(self, chunk_size: Mapping[str, float]) -> list[int]:
        """Return the samples whose patches, `chunk_size` (nm, by axis) apart, cover the crop."""
        if len(self) == 0:
            return []
        return tiles(self._grid, steps_of(chunk_size, self._target_scale, self.axes), strict=self._strict)

    @property
    def validation_indices(self) -> list[int]:
        """Samples that cover the crop; neighbours overlap at its end only."""
        return self.get_indices(self._extent_nm())

    def get_random_subset_indices(self, num_samples: int, rng: torch.Generator | None = None) -> torch.Tensor:
        """Draw samples, none again before all have come."""
        return min_redundant_inds(len(self), num_samples, rng=rng)

    def get_subset_random_sampler(self, num_samples: int, rng: torch.Generator | None = None) -> Sampler:
        """Return a sampler of such a draw."""
        return SubsetRandomSampler(self.get_random_subset_indices(num_samples, rng).tolist(), generator=rng)

    def set_raw_value_transforms(self, transforms: Change | None) -> None:
        """Change what is applied to raw."""
        self.raw_value_transforms = transforms

    def set_target_value_transforms(self, transforms: Any) -> None:
        """Change what is applied to labels."""
        self.target_value_transforms = transforms

    def set_spatial_transforms(self, transforms: Mapping[str, Any] | None) -> None:
        """Change how samples are turned."""
        self.spatial_transforms = transforms

    def verify(self) -> bool:
        """Whether there is something to train on."""
        return self.has_data

    def to(self, device: Any, non_blocking: bool = True) -> CellMapDataset:
        """Return itself: samples are on the processor."""
        return self

    def __repr__(self) -> str:
        return f"CellMapDataset({self.raw_path!r}, {self.target_path!r}, classes={self.classes}, {len(self)} samples)"
