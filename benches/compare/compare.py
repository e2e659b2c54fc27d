"""The differential test: the same crops through Microtome, cellmap-data and an independent oracle, and a report of it.

    python compare.py --microtome BINARY --data FOLDER --phantom ZARR --thick ZARR --work FOLDER [--report FILE]

Ends with 1 if parties differ where they must agree, or if a shift by one voxel goes unnoticed anywhere.
"""

import argparse
import os
import platform
import subprocess
import sys
from datetime import datetime, timezone
from importlib.metadata import version

import differences
import sound

EXPLAINED = """Each crop is drawn by `microtome sample`; its provenance says where it lies and how it is turned, and cellmap-data
and an oracle ([`oracle.py`](oracle.py), numpy and zarr-python, the rule in a page) are asked for the same place. Every sample is
compared in every encoding: raw as `u8` and as `f32` (0–1), labels as ids, as 0/1 with a mask, and as `f32` with NaN, the
last also through cellmap-data's own dataset and index wherever it has an index for the place ({indexed} of {drawn} places; B-8 says
why not all). cellmap-data's NaN around raw counts as its own default transform makes it, 0."""


def main():
    """Compares, writes the report, and says in one line how it went."""
    args = arguments()
    cases = sound.cases(args.data, args.phantom, args.thick)
    folder = lambda name: os.path.join(args.work, name.replace(" ", "-").replace(",", ""))
    rows = [sound.run(args.microtome, case, folder(case.name)) for case in cases]
    seeded = [sound.run(args.microtome, case, folder(case.name), shift=(0, 0, 1)) for case in cases]
    found = differences.measure(args.microtome, args.data, args.phantom, args.thick, args.work)
    text = report(args.microtome, rows, seeded, found)
    if args.report:
        with open(args.report, "w") as file:
            file.write(text)
    bad = [row.case for row in rows if row.ours_peer or row.ours_oracle or row.peer_oracle]
    bad += [f"{row.case}: a shift by one voxel is not noticed" for row in seeded if not row.ours_peer]
    bad += [f"{finding.what}: Microtome is not what it should be" for finding in found if not finding.agrees]
    voxels = sum(row.voxels for row in rows)
    print("\n".join(bad) or f"{len(rows)} cases, {voxels:,} values, all equal; {len(found)} differences explained")
    sys.exit(bool(bad))


def arguments():
    """What was said on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ["microtome", "data", "phantom", "thick", "work"]:
        # A path in a configuration counts from the configuration's folder.
        parser.add_argument(f"--{name}", required=True, type=os.path.abspath)
    parser.add_argument("--report")
    return parser.parse_args()


def report(binary, rows, seeded, found):
    """The page, without anything that only this machine knows."""
    said = subprocess.run([binary, "--version"], check=True, capture_output=True, text=True).stdout.strip()
    packages = ", ".join(f"{name} {version(name)}" for name in ["cellmap-data", "zarr", "numcodecs", "numpy", "torch"])
    explained = EXPLAINED.format(indexed=sum(r.indexed for r in rows), drawn=sum(r.drawn for r in rows))
    lines = ["# Microtome and cellmap-data on the same crops", "", "Written by `run.sh`; see [README](README.md).", ""]
    lines += [f"- date: {datetime.now(timezone.utc):%Y-%m-%d}", f"- {said}, commit {commit()}", f"- {packages}"]
    lines += [f"- Python {platform.python_version()}, {platform.system()} {platform.machine()}", "", "## Where they must agree", ""]
    lines += [explained, "", *sound_table(rows, seeded), "", "## Where they differ, and why", ""]
    lines += ["Numbers such as B-6 are those of the project's reference on cellmap-data, B being this release.", ""]
    lines += difference_table(found)
    return "\n".join(lines) + "\n"


def sound_table(rows, seeded):
    """Voxels compared and differing; the last column is the test of the test."""
    lines = ["| case | samples | values compared | equal in all three | Microtome ≠ cellmap-data | Microtome ≠ oracle | cellmap-data ≠ oracle | ≠ when cellmap-data is asked one voxel further along x |"]
    lines.append("| --- |" + " ---: |" * 7)
    for row, shifted in zip(rows, seeded):
        equal = "yes" if not (row.ours_peer or row.ours_oracle or row.peer_oracle) else "**no**"
        cells = [row.case, row.samples, f"{row.voxels:,}", equal, row.ours_peer, row.ours_oracle, row.peer_oracle]
        lines.append("| " + " | ".join(map(str, cells)) + f" | {shifted.ours_peer:,} |")
    total = sum(row.voxels for row in rows), sum(row.ours_peer for row in rows)
    return lines + ["", f"Together {total[0]:,} values (a voxel counts once in each encoding), of which {total[1]:,} differ between Microtome and cellmap-data."]


def difference_table(found):
    """One row per finding."""
    lines = ["| what | Microtome | cellmap-data | reference | why | Microtome right |", "| --- | --- | --- | --- | --- | --- |"]
    for f in found:
        cells = [f.what, f.ours, f.theirs, f.reference, f.why, "yes" if f.agrees else "**no**"]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def commit():
    """Which Microtome this is."""
    command = ["git", "-C", os.path.dirname(os.path.abspath(__file__)), "describe", "--always", "--dirty", "--abbrev=10"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    main()
