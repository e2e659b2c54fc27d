"""A small network trains on crops as the segmentation challenge does, in three dimensions."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("torchvision")

TRAINING = """
import microtome.cellmap; microtome.cellmap.install()
import sys, torch
from cellmap_data import CellMapDataLoader, CellMapDataSplit
from cellmap_data.transforms.augment import Binarize, NaNtoNum
import torchvision.transforms.v2 as T

arrays = {"shape": (16, 16, 16), "scale": (8, 8, 8)}
numbers = NaNtoNum({"nan": 0, "posinf": None, "neginf": None})
raw = T.Compose([T.ToDtype(torch.float, scale=True), numbers])
split = CellMapDataSplit(
    input_arrays={"input": arrays}, target_arrays={"output": arrays}, classes=["nucleus", "absent"], pad=True,
    csv_path=sys.argv[1], train_raw_value_transforms=raw, val_raw_value_transforms=raw, force_has_data=True,
    target_value_transforms=T.Compose([T.ToDtype(torch.float), Binarize()]), device="cpu", class_relation_dict=None,
    spatial_transforms={
        "mirror": {"axes": {"x": 0.5, "y": 0.5, "z": 0.1}}, "transpose": {"axes": ["x", "y", "z"]},
        "rotate": {"axes": {"x": [-180, 180], "y": [-180, 180], "z": [-180, 180]}},
    },
)
loader = CellMapDataLoader(
    split.train_datasets_combined.to("cpu"), classes=split.classes, batch_size=2, is_train=True, device="cpu",
    iterations_per_epoch=3, weighted_sampler=True,
)
weights = torch.tensor(list(loader.dataset.class_weights.values())).clamp(max=100)
network = torch.nn.Conv3d(1, 2, 3, padding=1)
optimizer = torch.optim.RAdam(network.parameters())
criterion = torch.nn.BCEWithLogitsLoss(reduction="none", pos_weight=weights[:, None, None, None])
seen = 0
for batch in loader.loader:
    known = ~torch.isnan(batch["output"])
    assert batch["input"].shape == (2, 1, 16, 16, 16) and 0 <= batch["input"].min() <= batch["input"].max() <= 1
    assert known[:, 0].any() and not known[:, 1].any()
    loss = (criterion(network(batch["input"]), batch["output"].nan_to_num()) * known).sum() / known.sum()
    optimizer.zero_grad(); loss.backward(); optimizer.step()
    assert torch.isfinite(loss)
    seen += 1
validation = CellMapDataLoader(split.validation_blocks, classes=split.classes, batch_size=2, is_train=False)
print(seen, len(list(validation)) > 0)
"""


def test_the_training_of_the_challenge_runs(phantom: Path, tmp_path: Path) -> None:
    """Three batches of training and all of validation, of raw data and one class."""
    import microtome

    found = microtome.open(phantom)[0]
    labels = Path(found.crops[0][found.crops[0].classes[0]].path)
    target = tmp_path / "gt.zarr"
    target.mkdir()
    (target / "nucleus").symlink_to(labels)
    rows = [[split, found.raw.path, f"{target}/[nucleus]"] for split in ("train", "validate")]
    with (tmp_path / "split.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    run = [sys.executable, "-c", TRAINING, str(tmp_path / "split.csv")]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["3", "True"], done.stderr
