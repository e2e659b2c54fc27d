#!/usr/bin/env bash
# Proves that the release build runs on processors without AVX, and gives the same bytes there.
#
#   benches/dispatch.sh
#
# Needs qemu-x86_64 (Debian: qemu-user), objdump and cc. First every hot loop runs on this machine and on an emulated Nehalem,
# which has SSE4.2 and nothing of AVX: an instruction that it does not know ends it, and every checksum has to be the same.
# Then the disassembly is searched: of Microtome's own functions only those of core/src/volume/warp_avx2.rs may hold AVX.
set -euo pipefail
cd "$(dirname "$0")/.."

binary=${CARGO_TARGET_DIR:-target}/release/bench-instructions
own='^<?&?(mut )?(microtome|bench_)'
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

main() {
  local tool
  for tool in qemu-x86_64 objdump cc; do
    command -v "$tool" >/dev/null || { echo "dispatch.sh: $tool is not installed" >&2; exit 2; }
  done
  [[ $(uname -m) == x86_64 ]] || { echo "dispatch.sh: this is no x86-64" >&2; exit 2; }
  cargo build -q --release -p microtome-benches --no-default-features --bin bench-instructions
  emulator_is_old
  "$binary" "$work" >"$work/here"
  qemu-x86_64 -cpu Nehalem "$binary" "$work" >"$work/nehalem"
  diff "$work/here" "$work/nehalem" || { echo "dispatch.sh: other bytes without AVX" >&2; exit 1; }
  echo "$(($(wc -l <"$work/here") - 1)) cases: the same bytes with AVX2 and on a Nehalem"
  disassembly
}

# An emulator that knows AVX after all would prove nothing.
emulator_is_old() {
  printf 'int main(void) { __asm__ volatile("vpaddd %%ymm0, %%ymm0, %%ymm0"); return 0; }\n' >"$work/avx2.c"
  cc -o "$work/avx2" "$work/avx2.c"
  if { qemu-x86_64 -cpu Nehalem "$work/avx2"; } 2>/dev/null; then
    echo "dispatch.sh: the emulated processor knows AVX2" >&2
    exit 1
  fi
}

# Names of functions that hold an instruction with a VEX or EVEX prefix: their names begin with v, as few others do.
disassembly() {
  objdump -d -C --no-show-raw-insn "$binary" | awk '
    /^[0-9a-f]+ <.*>:$/ { name = $0; sub(/^[0-9a-f]+ </, "", name); sub(/>:$/, "", name) }
    $2 ~ /^v[a-z]/ && $2 !~ /^(verr|verw|vm(call|clear|func|launch|load|mcall|ptr|read|resume|run|save|write|xo))/ { count[name]++ }
    END { for (name in count) print count[name] "\t" name }' | sort -k2 >"$work/avx"
  awk -F'\t' -v own="$own" '$2 ~ own' "$work/avx" >"$work/own"
  echo "functions with AVX: $(wc -l <"$work/avx"), of Microtome $(wc -l <"$work/own"):"
  cut -f2 "$work/own" | sort | uniq -c
  grep -q 'warp_avx2::add_means' "$work/own" || { echo "dispatch.sh: no AVX where some has to be" >&2; exit 1; }
  if cut -f2 "$work/own" | grep -v 'microtome_core::volume::warp_avx2::'; then
    echo "dispatch.sh: AVX outside of warp_avx2.rs" >&2
    exit 1
  fi
  echo "of others, which choose at run time themselves:"
  awk -F'\t' -v own="$own" '$2 !~ own { print $2 }' "$work/avx" | sed -E 's/^<//; s/(::| ).*//; s/_.*//' | sort | uniq -c | sort -rn | head -12
}

main "$@"
