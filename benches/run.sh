#!/usr/bin/env bash
# Runs the benches in release and writes a summary to benches/runs/<date>-<host kind>/.
#
#   benches/run.sh [KIND] [BENCH…]     KIND such as 2-core (the default: the number of cores), BENCH of read gather augment
#                                      cache plan loader telemetry frame
#
# MICROTOME_BENCH_QUICK=1 only shows that they run, MICROTOME_BENCH_SIDE=512 takes larger phantoms (see README.md).
set -euo pipefail
cd "$(dirname "$0")/.."

kind=${1:-$(nproc)-core}
shift || true
benches=("$@")
[ ${#benches[@]} -gt 0 ] || benches=(read gather augment cache plan loader telemetry frame)

target=${CARGO_TARGET_DIR:-target}
out="benches/runs/$(date -u +%Y-%m-%d)-$kind"
mkdir -p "$out"
# Measurements of an earlier run must not stand in the summary of this one.
rm -rf "$target/criterion"
for bench in "${benches[@]}"; do
  began=$SECONDS
  case $bench in
    # The bench of the cache counts: it writes its tables itself, and there is nothing of it in the summary.
    cache) cargo bench -p microtome-benches --bench cache -- "$PWD/$out/cache.md" ;;
    # Frames are told as percentiles, in a table of their own.
    frame) cargo bench -p microtome-benches --bench frame | tee "$out/frame.md" ;;
    *) cargo bench -p microtome-benches --bench "$bench" ;;
  esac
  echo "$bench took $((SECONDS - began)) s"
done
if [ -d "$target/criterion" ]; then
  cargo run --release -q -p microtome-benches --bin bench-summary -- "$target/criterion" "$out"
  cat "$out/summary.md"
fi
