"""The public API of cellmap-data (2026.3.20) on Microtome: reads, resampling and turning run in Rust.

``microtome.cellmap.install()`` makes ``import cellmap_data`` find this package, so that scripts run unchanged. Needs PyTorch.

Where cellmap-data is wrong, the right behaviour is the default: DIFFERENCES.md beside this file lists every difference, and
``install(strict_compat=True)``, or `set_strict_compat`, gives the old behaviour where it is well-defined.
"""

from __future__ import annotations

import importlib
import sys

from .compat import set_strict_compat, strict_compat
from .dataloader import CellMapDataLoader
from .dataset import CellMapDataset
from .dataset_writer import CellMapDatasetWriter
from .datasplit import CellMapDataSplit
from .empty_image import EmptyImage
from .image import CellMapImage
from .image_writer import ImageWriter
from .multidataset import CellMapMultiDataset
from .sampler import ClassBalancedSampler, MutableSubsetRandomSampler
from .subset import CellMapSubset

__all__ = [
    "CellMapDataLoader",
    "CellMapDataSplit",
    "CellMapDataset",
    "CellMapDatasetWriter",
    "CellMapImage",
    "CellMapMultiDataset",
    "CellMapSubset",
    "ClassBalancedSampler",
    "EmptyImage",
    "ImageWriter",
    "MutableSubsetRandomSampler",
    "install",
    "set_strict_compat",
    "strict_compat",
]

# Of the release whose API this is.
__version__ = "2026.3.20.1935"

_MODULES = (
    "dataloader",
    "dataset",
    "dataset_writer",
    "datasplit",
    "empty_image",
    "image",
    "image_writer",
    "multidataset",
    "sampler",
    "subset",
    "transforms",
    "transforms.augment",
    "utils",
    "utils.array",
    "utils.figs",
    "utils.geometry",
    "utils.metadata",
    "utils.misc",
)


def install(*, strict_compat: bool = False) -> None:
    """Let ``import cellmap_data`` and its submodules find this package, in place of an installed one.

    Parameters
    ----------
    strict_compat : bool
        The behaviour of cellmap-data also where it is wrong, as far as it is well-defined.

    Raises
    ------
    RuntimeError
        The other package was imported already: classes of both would be mixed.
    """
    imported = sys.modules.get("cellmap_data")
    if imported is not None and imported is not sys.modules[__name__]:
        raise RuntimeError("cellmap_data was imported before microtome.cellmap.install(); call it first")
    set_strict_compat(strict_compat)
    sys.modules["cellmap_data"] = sys.modules[__name__]
    for name in _MODULES:
        sys.modules[f"cellmap_data.{name}"] = importlib.import_module(f"{__name__}.{name}")
