"""The drop-in for cellmap-data: what its own suite does not look at."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from microtome import cellmap  # noqa: E402
from microtome.cellmap.array_store import ChunkedArray  # noqa: E402
from microtome.cellmap.spatial import drawn  # noqa: E402
from microtome.cellmap.utils.metadata import generate_base_multiscales_metadata  # noqa: E402

SHAPE = 24


@pytest.fixture(autouse=True)
def right() -> Iterator[None]:
    """Let no test leave the old ways on."""
    yield
    cellmap.set_strict_compat(False)


def image(path: Path, levels: list[np.ndarray], size: float, offset: list[float], said: dict[str, Any] | None = None) -> str:
    """Write an image of levels each twice as coarse; `offset` is the centre of voxel 0."""
    metadata = generate_base_multiscales_metadata("image", 0, [size] * 3, offset, "nanometer", "zyx")
    datasets = []
    for level, data in enumerate(levels):
        step = 2**level
        moved = [begin + (step - 1) / 2 * size for begin in offset]
        kinds = [{"type": "scale", "scale": [size * step] * 3}, {"type": "translation", "translation": moved}]
        datasets.append({"path": f"s{level}", "coordinateTransformations": kinds})
        array = ChunkedArray(path / f"s{level}", data.shape, [16] * 3, data.dtype.name, 0, overwrite=True)
        array.write([0, 0, 0], data)
    metadata["multiscales"][0]["datasets"] = datasets
    (path / ".zgroup").write_text('{"zarr_format": 2}')
    (path / ".zattrs").write_text(json.dumps(metadata))
    if said is not None:
        (path / "s0" / ".zattrs").write_text(json.dumps({"cellmap": {"annotation": said}}))
    return str(path)


def ramp(shape: int, size: float, offset: list[float], weights: tuple[float, float, float]) -> np.ndarray:
    """Return values that are a linear function of the position in the world: what interpolation does not change."""
    z, y, x = np.meshgrid(*([begin + np.arange(shape) * size for begin in offset]), indexing="ij")
    return (weights[0] * z + weights[1] * y + weights[2] * x).astype(np.float32)


WEIGHTS = (1.0, 0.1, 0.01)


def dataset(tmp_path: Path, label_size: float, **more: Any) -> cellmap.CellMapDataset:
    """Make raw of 4 nm and labels of another size with a broken offset, both the same function of the world."""
    raw = [ramp(96, 4.0, [2.0, 3.0, 5.0], WEIGHTS)]
    labels = [ramp(round(SHAPE * 8.0 / label_size), label_size, [50.5, 41.0, 47.25], WEIGHTS)]
    raw_path = image(tmp_path / "raw.zarr", raw, 4.0, [2.0, 3.0, 5.0])
    image(tmp_path / "gt.zarr" / "mito", labels, label_size, [50.5, 41.0, 47.25])
    arrays = {"shape": (8, 8, 8), "scale": (8.0, 8.0, 8.0)}
    return cellmap.CellMapDataset(
        raw_path,
        f"{tmp_path}/gt.zarr/[mito]",
        more.pop("classes", ["mito"]),
        {"raw": arrays},
        {"labels": arrays},
        **more,
    )


@pytest.mark.parametrize("label_size", [8.0, 4.0, 2.0])
def test_raw_and_labels_of_a_sample_lie_on_each_other(tmp_path: Path, label_size: float) -> None:
    data = dataset(tmp_path, label_size)
    assert len(data) > 0
    for index in (0, len(data) // 2, len(data) - 1):
        sample = data[index]
        apart = (sample["raw"][0] - sample["labels"][0]).abs().max().item()
        # Labels are of the nearest voxel: half of one on each axis.
        assert apart <= sum(WEIGHTS) * label_size / 2 + 0.02, f"{index}: {apart}"


def test_cellmap_data_is_further_off(tmp_path: Path) -> None:
    cellmap.set_strict_compat(True)
    data = dataset(tmp_path, 8.0)
    sample = data[0]
    assert (sample["raw"][0] - sample["labels"][0]).abs().max().item() > sum(WEIGHTS) * 2.0


@pytest.mark.parametrize("axis", ["z", "y", "x"])
def test_a_rotation_turns_about_the_axis_that_is_named(tmp_path: Path, axis: str) -> None:
    turned = dataset(tmp_path, 8.0, spatial_transforms={"rotate": {"axes": {axis: [37.0, 37.0]}}})
    plain = dataset(tmp_path, 8.0)
    index = len(plain) // 2
    raw, before = turned[index]["raw"][0].numpy(), plain[index]["raw"][0].numpy()
    place = "zyx".index(axis)
    assert not np.isnan(raw).any(), "it lies deep inside"
    # Along the axis nothing turns: the same steps from plane to plane.
    assert np.allclose(np.diff(raw, axis=place), np.diff(before, axis=place), atol=0.02)
    assert not np.allclose(raw, before, atol=0.5)
    # What was a plane in the world is one still, as steep as before.
    slopes = [np.diff(raw, axis=axis).mean() for axis in range(3)]
    assert np.isclose(np.linalg.norm(slopes), 8.0 * np.linalg.norm(WEIGHTS), rtol=1e-3)


def test_only_listed_axes_are_transposed() -> None:
    orders = set()
    for seed in range(20):
        found = drawn({"transpose": {"axes": ["y", "x"]}}, np.random.default_rng(seed), strict=False)
        orders.add(tuple(found["transpose"]))
    assert orders == {(0, 1, 2), (0, 2, 1)}
    with pytest.raises(ValueError, match="mirror"):
        drawn({"mirrors": {}}, np.random.default_rng(0), strict=False)


def test_a_patch_of_unequal_sides_is_whole_after_a_transpose(tmp_path: Path) -> None:
    path = image(tmp_path / "raw.zarr", [ramp(SHAPE, 8.0, [0.0] * 3, WEIGHTS)], 8.0, [0.0] * 3)
    flat = cellmap.CellMapImage(path, "raw", [8.0] * 3, [1, 8, 12])
    center = {"z": 96.0, "y": 96.0, "x": 96.0}
    flat.set_spatial_transforms({"transpose": [0, 2, 1]})
    turned = flat[center]
    assert turned.shape == (1, 8, 12)
    assert not torch.isnan(turned).any()


def test_raw_of_integers_is_between_0_and_1(tmp_path: Path) -> None:
    data = np.full((SHAPE,) * 3, 255, np.uint8)
    path = image(tmp_path / "raw.zarr", [data], 8.0, [0.0] * 3)
    arrays = {"raw": {"shape": (8, 8, 8), "scale": (8.0, 8.0, 8.0)}}
    assert cellmap.CellMapDataset(path, "", None, arrays, {})[0]["raw"].eq(1.0).all()
    assert cellmap.CellMapImage(path, "raw", [8.0] * 3, [8] * 3)[{"z": 96, "y": 96, "x": 96}].eq(255.0).all()
    cellmap.set_strict_compat(True)
    assert cellmap.CellMapDataset(path, "", None, arrays, {})[0]["raw"].eq(255.0).all()


def test_large_ids_keep_their_digits(tmp_path: Path) -> None:
    ids = np.full((16,) * 3, 2**24 + 1, np.uint64)
    path = image(tmp_path / "ids.zarr", [ids], 8.0, [0.0] * 3)
    center = {"z": 64.0, "y": 64.0, "x": 64.0}
    kept = cellmap.CellMapImage(path, "ids", [8.0] * 3, [4] * 3, dtype=torch.int64)
    assert kept[center].eq(2**24 + 1).all()
    assert not cellmap.CellMapImage(path, "ids", [8.0] * 3, [4] * 3)[center].double().eq(2**24 + 1).any()


def test_counts_are_those_of_the_data_and_of_their_metadata(tmp_path: Path) -> None:
    labels = np.zeros((16,) * 3, np.uint8)
    labels[:4], labels[4] = 1, 2
    encoding = {"encoding": {"absent": 0, "present": 1, "unknown": 2}}
    said = {"annotation_type": encoding, "complement_counts": {"absent": 11 * 256, "unknown": 256}}
    told = image(tmp_path / "told.zarr", [labels], 8.0, [0.0] * 3, said)
    counted = image(tmp_path / "counted.zarr", [labels], 8.0, [0.0] * 3, {"annotation_type": encoding})
    before = sorted((file, file.stat().st_mtime_ns) for file in tmp_path.rglob("*") if file.is_file())
    for path in (told, counted):
        assert cellmap.CellMapImage(path, "mito", [8.0] * 3, [4] * 3).class_counts == {"mito": 4 * 256}
    patch = cellmap.CellMapImage(counted, "mito", [8.0] * 3, [16] * 3)[{"z": 64.0, "y": 64.0, "x": 64.0}]
    assert torch.isnan(patch[4]).all()
    assert not torch.isnan(patch[[3, 5]]).any()
    after = sorted((file, file.stat().st_mtime_ns) for file in tmp_path.rglob("*") if file.is_file())
    assert after == before, "nothing is written into a store that is only read"


def test_true_negatives_follow_from_classes_that_exclude(tmp_path: Path) -> None:
    data = dataset(tmp_path, 8.0, classes=["mito", "er"], class_relation_dict={"er": ["mito"]})
    mito, er = data[0]["labels"]
    assert (mito > 0).all()
    assert er.eq(0.0).all()
    alone = dataset(tmp_path, 8.0, classes=["mito", "er"])
    assert torch.isnan(alone[0]["labels"][1]).all()


@pytest.mark.parametrize("shape", [8, 16, 20, 21, 33])
def test_tiles_cover_everything_and_are_written_where_they_were_read(tmp_path: Path, shape: int) -> None:
    path = image(tmp_path / "raw.zarr", [ramp(shape, 8.0, [0.0] * 3, WEIGHTS)], 8.0, [0.0] * 3)
    arrays = {"shape": (8, 8, 8), "scale": (8.0, 8.0, 8.0)}
    box = dict.fromkeys("zyx", (0.0, shape * 8.0))
    out = str(tmp_path / "out.zarr")
    writer = cellmap.CellMapDatasetWriter(path, out, ["copy"], {"raw": arrays}, {"out": arrays}, {"out": box})
    for batch in writer.loader(batch_size=3):
        writer[batch["idx"]] = {"copy": batch["raw"][:, 0] + 1.0}
    (level,) = cellmap.image.Source(f"{out}/copy", [8.0] * 3, strict=False).levels()
    assert level.shape == (shape,) * 3
    assert np.allclose(level[...], ramp(shape, 8.0, [0.0] * 3, WEIGHTS) + 1.0, atol=1e-3)


def test_validation_covers_a_crop(tmp_path: Path) -> None:
    data = dataset(tmp_path, 8.0)
    seen = np.zeros((SHAPE,) * 3, bool)
    frame, grid = data.target_sources["mito"]._frame, range(8)
    for index in data.validation_indices:
        middle = data._world(data.get_center(index))
        first = [round((m - o) / 8.0 - 3.5) for m, o in zip(middle, frame.begin_nm)]
        seen[np.ix_(*[[f + k for k in grid] for f in first])] = True
    assert seen.all()


@pytest.mark.parametrize("workers", [1, 2])
def test_the_number_of_workers_changes_nothing(tmp_path: Path, workers: int) -> None:
    turns = {"mirror": {"axes": dict.fromkeys("zyx", 0.5)}, "rotate": {"axes": {"z": [-180, 180]}}}

    def batches(num_workers: int) -> list[torch.Tensor]:
        data = dataset(tmp_path, 8.0, spatial_transforms=turns, raw_value_transforms=cellmap.transforms.GaussianNoise())
        torch.manual_seed(7)
        loader = cellmap.CellMapDataLoader(data, batch_size=2, num_workers=num_workers, iterations_per_epoch=4)
        return [batch["raw"] for _ in range(2) for batch in loader]

    alone, together = batches(0), batches(workers)
    assert len(alone) == len(together) == 8
    assert all(torch.equal(a, b) for a, b in zip(alone, together))
    assert not torch.equal(alone[0], alone[4]), "the second epoch is another one"


def test_an_array_of_another_shape_is_not_gone_on_with(tmp_path: Path) -> None:
    ChunkedArray(tmp_path / "s0", [8] * 3, [4] * 3, "float32", 0, overwrite=False)
    ChunkedArray(tmp_path / "s0", [8] * 3, [4] * 3, "float32", 0, overwrite=False)
    with pytest.raises(ValueError, match="shape"):
        ChunkedArray(tmp_path / "s0", [9] * 3, [4] * 3, "float32", 0, overwrite=False)
    ChunkedArray(tmp_path / "s0", [9] * 3, [4] * 3, "float32", 0, overwrite=True)


def test_scripts_find_it_under_the_old_name() -> None:
    code = (
        "import microtome.cellmap; microtome.cellmap.install()\n"
        "import cellmap_data\n"
        "from cellmap_data import CellMapDataLoader\n"
        "from cellmap_data.transforms.augment import NaNtoNum\n"
        "from cellmap_data.utils import get_fig_dict\n"
        "assert CellMapDataLoader is microtome.cellmap.CellMapDataLoader\n"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
