#!/usr/bin/env bash
# Counts the instructions of every hot loop under callgrind, and writes instructions.csv and summary.md.
#
#   benches/instructions.sh [OUT]           OUT: folder (else benches/runs/<date>-<cores>-core-instructions)
#   benches/instructions.sh --check CSV     counts once and fails if a case takes 10 % more than that file says
#
# Needs valgrind. A count is of all threads between two marks, of one call out of full caches; two runs say how far it is the
# same each time. It depends on the compiler, on glibc, and on what valgrind says the processor has (of AVX2: what the
# machine's own has; never AVX-512). How long an instruction takes, it does not say.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v valgrind >/dev/null || { echo "instructions.sh: valgrind is not installed" >&2; exit 2; }

tolerance_percent=10
binary=${CARGO_TARGET_DIR:-target}/release/bench-instructions
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

main() {
  cargo build -q --release -p microtome-benches --no-default-features --bin bench-instructions
  # Outside of valgrind the phantom is written fifty times as fast.
  "$binary" "$work" >"$work/cases"
  if [[ ${1-} == --check ]]; then
    count first
    check "$2" "$work/first"
    return
  fi
  local out=${1-benches/runs/$(date -u +%Y-%m-%d)-$(nproc)-core-instructions}
  count first
  count second
  mkdir -p "$out"
  cp "$work/first" "$out/instructions.csv"
  summary >"$out/summary.md"
  cat "$out/summary.md"
}

# Lines of case,voxels,instructions into a file of that name.
count() {
  rm -f "$work"/callgrind*
  valgrind -q --tool=callgrind --callgrind-out-file="$work/callgrind" \
    --zero-before='bench_instructions::count_from_here*' --dump-before='bench_instructions::count_until_here*' \
    "$binary" "$work" >"$work/counted" 2>"$work/valgrind"
  cmp -s "$work/cases" "$work/counted" || { echo "instructions.sh: other results under valgrind" >&2; exit 1; }
  local part=0 case voxels sum instructions
  echo "case,voxels,instructions" >"$work/$1"
  while IFS=, read -r case voxels sum; do
    part=$((part + 1))
    instructions=$(awk '$1 == "totals:" { print $2 }' "$work/callgrind.$part")
    echo "$case,$voxels,$instructions" >>"$work/$1"
  done < <(tail -n +2 "$work/cases")
}

summary() {
  cat <<TEXT
# Instructions of the hot loops

- made by: \`benches/instructions.sh\`
- commit: $(git describe --always --dirty --abbrev=10)
- $(rustc --version), $(valgrind --version), glibc $(ldd --version | awk 'NR == 1 { print $NF }')
- AVX2: $(grep -qw avx2 /proc/cpuinfo && echo "yes, so valgrind has it, too" || echo "no")

One call of each out of full caches, under callgrind: a patch of 64 × 128 × 128 voxels out of random bytes (\`gather\`'s kinds), of
eight classes' bits, and a whole sample of the loader (raw as u8 and eight classes, in each encoding). *Differ*: the two
runs, of the larger.

| case | instructions | a voxel | differ |
| --- | ---: | ---: | ---: |
TEXT
  paste -d, "$work/first" "$work/second" | awk -F, 'NR > 1 {
    larger = $3 > $6 ? $3 : $6; differ = $3 > $6 ? $3 - $6 : $6 - $3
    printf "| %s | %d | %.2f | %.3f %% |\n", $1, $3, $3 / $2, 100 * differ / larger
  }'
}

check() { # BEFORE NOW
  awk -F, -v most="$tolerance_percent" '
    FNR == 1 { next }
    NR == FNR { before[$1] = $3; next }
    !($1 in before) { print $1 ": not counted before"; next }
    { percent = 100 * ($3 / before[$1] - 1); printf "%-28s %12d %+7.2f %%\n", $1, $3, percent }
    percent > most { print $1 ": more than " most " % more instructions than before"; bad = 1 }
    END { exit bad }' "$1" "$2"
}

main "$@"
