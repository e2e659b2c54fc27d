"""Training crops from multiscale electron-microscopy volumes, fast."""

from __future__ import annotations

import atexit

from . import errors
from ._microtome import __version__
from .batch import Batch
from .config import Config
from .data import Crop, Dataset, Patch, Volume, open
from .errors import *  # noqa: F403
from .loader import Loader, _close_all

__all__ = ["Batch", "Config", "Crop", "Dataset", "Loader", "Patch", "Volume", "open", "__version__", *errors.__all__]

atexit.register(_close_all)
