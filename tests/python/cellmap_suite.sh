#!/usr/bin/env bash
# Runs cellmap-data's own tests, unchanged, against microtome.cellmap.
#
#   tests/python/cellmap_suite.sh CHECKOUT [PYTHON]
#
# CHECKOUT: a clone of cellmap-data at the release whose API this is (2026.3.20). PYTHON: one with microtome, torch, torchvision,
# zarr<3, matplotlib and pytest (else python3). What fails is listed by pytest, and makes this fail.
set -euo pipefail
[[ $# -ge 1 && -d $1/tests ]] || { sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' "$0" >&2; exit 2; }
cd "$1"
PYTHONDONTWRITEBYTECODE=1 exec "${2:-python3}" - <<'PYTHON'
import sys

import pytest
import torch._dynamo  # the suite changes what it looks at when it is first imported

import microtome.cellmap

microtome.cellmap.install()
import cellmap_data

assert cellmap_data is microtome.cellmap
print(f"cellmap_data is {cellmap_data.__file__}")
sys.exit(pytest.main(["-q", "tests", "-p", "no:cacheprovider"]))
PYTHON
