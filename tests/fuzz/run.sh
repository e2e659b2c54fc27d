#!/usr/bin/env bash
# Fuzzes what Microtome reads from files that others wrote: every target in turn, or those named.
#
#   tests/fuzz/run.sh                 every target for 60 seconds
#   tests/fuzz/run.sh 600 config      the target `config` for 600 seconds
#
# The targets are the functions of core/src/testing/fuzz.rs, which the gate runs over the committed corpus. Needs a C++
# compiler (for libFuzzer) and no nightly Rust: nothing here is built with a sanitizer, as the core has no unsafe code.
# What is found lies in tests/fuzz/artifacts/TARGET: mend it, and commit the file as corpus/TARGET/NAME.
set -euo pipefail
cd "$(dirname "$0")"

seconds=${1:-60}
shift || true
targets=("$@")
((${#targets[@]})) || for folder in corpus/*/; do targets+=("$(basename "$folder")"); done

# The flags of cargo-fuzz: counters per edge, and the operands of comparisons.
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
  -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing"
# With --target the flags leave build scripts and macros alone, which have no libFuzzer to link.
host=$(rustc -vV | sed -n 's/^host: //p')
cargo build --target "$host"

for target in "${targets[@]}"; do
  # What is found on the way grows here, beside the committed seeds.
  mkdir -p "grown/$target" "artifacts/$target"
  printf '\n== %s, %s s\n' "$target" "$seconds"
  MICROTOME_FUZZ_TARGET=$target "target/$host/debug/fuzz" "grown/$target" "corpus/$target" \
    -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=8192 -print_final_stats=1 \
    -artifact_prefix="artifacts/$target/"
done
