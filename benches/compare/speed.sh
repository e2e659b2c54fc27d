#!/usr/bin/env bash
# Measures Microtome and its peers on the same generated stores, and writes summary.md and results.json.
#
#   benches/compare/speed.sh [OUT] [--quick] [--only WORK] [--rounds N] [--seconds S] [--minutes M] [--soak SECONDS]
#
# OUT: folder of the results (else benches/runs/<date>-<cores>-core-compare). --quick: a small store and moments, only to see
# that everything runs. MICROTOME_TEST_DATA: folder of the test volumes (else ../shared/data). See README.md.
set -euo pipefail
cd "$(dirname "$0")/../.."

data=${MICROTOME_TEST_DATA:-../shared/data}
target=${CARGO_TARGET_DIR:-target}
work=$target/compare
out=benches/runs/$(date -u +%Y-%m-%d)-$(nproc)-core-compare
[[ -e $data/expected.json ]] || { echo "speed.sh: no test volumes in $data; set MICROTOME_TEST_DATA" >&2; exit 2; }
if [[ $# -gt 0 && $1 != --* ]]; then
  out=$1
  shift
fi
side=500
arguments=()
for argument in "$@"; do
  case $argument in
    --quick) side=320; arguments+=(--rounds 1 --seconds 0.4 --warm-up 0.3) ;;
    *) arguments+=("$argument") ;;
  esac
done

environment() { # NAME REQUIREMENTS
  [[ -e $work/$1/complete ]] && return
  python3 -m venv "$work/$1"
  "$work/$1/bin/pip" install -q -r "benches/compare/$2" && touch "$work/$1/complete"
}

mkdir -p "$work"
# A peer that cannot be installed is told as one that cannot run; without zarr-python 3 there are no stores.
environment peers requirements-peers.txt
environment venv requirements.txt || true
environment gunpowder requirements-gunpowder.txt || true

cargo build --release -p microtome-benches --no-default-features --bin bench-case --bin bench-limits
export PYTHONDONTWRITEBYTECODE=1
stores=$work/stores-$side
"$work/peers/bin/python" benches/compare/speed_store.py --data "$data" --out "$stores" --side "$side"
"$work/peers/bin/python" benches/compare/speed.py --out "$out" --stores "$stores" --work "$work/speed" \
  --binaries "$target/release" --environments "$work" "${arguments[@]}"
cat "$out/summary.md"
