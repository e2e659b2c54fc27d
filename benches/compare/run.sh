#!/usr/bin/env bash
# Compares Microtome with cellmap-data on the same crops, and writes report.md beside this file.
#
#   benches/compare/run.sh [DATA] [VENV]    DATA: folder of the test volumes (else $MICROTOME_TEST_DATA, else ../shared/data)
#                                           VENV: a Python environment, made if absent (else target/compare/venv)
#
# MICROTOME=…: a binary to compare instead of one built here.
set -euo pipefail
cd "$(dirname "$0")/../.."

data=${1:-${MICROTOME_TEST_DATA:-../shared/data}}
work=${CARGO_TARGET_DIR:-target}/compare
venv=${2:-$work/venv}
[[ -e $data/expected.json ]] || { echo "run.sh: no test volumes in $data; name their folder" >&2; exit 2; }

if [[ ! -x $venv/bin/python ]]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q -r benches/compare/requirements.txt
fi
if [[ -z ${MICROTOME:-} ]]; then
  cargo build --workspace --bin microtome
  MICROTOME=${CARGO_TARGET_DIR:-target}/debug/microtome
fi

# Nothing is left in the user's cache folder or beside the scripts.
mkdir -p "$work/cache"
XDG_CACHE_HOME=$(realpath "$work/cache")
export XDG_CACHE_HOME PYTHONDONTWRITEBYTECODE=1
cell=$("$MICROTOME" demo --only-write --size 160)
thick=$("$MICROTOME" demo --only-write --size 160 --anisotropic)
"$venv/bin/python" benches/compare/compare.py --microtome "$MICROTOME" --data "$data" --phantom "$cell" --thick "$thick" \
  --work "$work/crops" --report benches/compare/report.md
