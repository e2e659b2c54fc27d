#!/usr/bin/env bash
# The whole gate, the same on a desk and in CI. Installs what a fresh Debian or Ubuntu machine lacks, then checks.
#
#   tests/check.sh                 every step
#   tests/check.sh --list          what the steps are
#   tests/check.sh --only clippy   one step (may be given several times)
#
# Real test volumes are looked for in $MICROTOME_TEST_DATA, else in ../shared/data beside this repository; the tests
# that need them fail, and say so, where neither is there.
set -euo pipefail
cd "$(dirname "$0")/.."

# Each step: name, what it proves. The function step_NAME does it.
STEPS=(
  "system    what the checks need is installed"
  "format    every file is formatted"
  "clippy    no warning in any target, default features"
  "features  each feature set builds without a warning on its own"
  "tests     unit, integration, property, UI and law tests"
  "python    the wheel of the package microtome does from Python what its tests say"
  "model     every schedule of the cache and the hand-over keeps its promises"
  "doctests  examples in the documentation run"
  "docs      the documentation builds without a warning"
)

# CMake and libclang build the codecs of the feature `native-codecs`; Mesa's software rasteriser draws the snapshots;
# Xvfb shows the real window on machines without a screen; the package for Python is tested with Debian's own Python
# and PyTorch, whose packages are a fraction of those on PyPI.
APT_PACKAGES=(
  build-essential ca-certificates cmake curl git libclang-dev
  mesa-vulkan-drivers libvulkan1 libegl1 libgl1-mesa-dri libgles2
  xvfb xauth libxcursor1 libxi6 libxkbcommon-x11-0 libx11-xcb1
  python3 python3-numpy python3-pip python3-pytest python3-torch python3-venv
)

main() {
  local only=()
  while (($#)); do
    case "$1" in
      --list) printf '%s\n' "${STEPS[@]}"; return ;;
      --only)
        [[ $# -ge 2 ]] && is_step "$2" || usage "--only needs one of: $(step_names)"
        only+=("$2")
        shift 2
        ;;
      -h | --help) sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' "$0"; return ;;
      *) usage "unknown argument \`$1\`" ;;
    esac
  done

  local step name started=$SECONDS
  for step in "${STEPS[@]}"; do
    name=${step%% *}
    if ((${#only[@]} == 0)) || [[ " ${only[*]} " == *" $name "* ]]; then
      run_step "$name" "$(sed 's/^[^ ]* *//' <<<"$step")"
    fi
  done
  printf '\nAll good, in %s.\n' "$(human $((SECONDS - started)))"
}

run_step() {
  local started=$SECONDS
  printf '\n== %s: %s\n' "$1" "$2"
  # Not inside `if`: that would switch `set -e` off in the step.
  trap 'printf "\n** %s failed. Again, only this: tests/check.sh --only %s\n" "$1" "$1" >&2' ERR
  "step_$1"
  trap - ERR
  printf -- '-- %s: good, %s\n' "$1" "$(human $((SECONDS - started)))"
}

human() { printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); }
step_names() { printf '%s ' "${STEPS[@]%% *}"; }
is_step() { [[ " $(step_names) " == *" $1 "* ]]; }
usage() {
  printf 'check.sh: %s (see --help)\n' "$1" >&2
  exit 2
}

step_system() {
  install_packages
  install_rust
  local data=${MICROTOME_TEST_DATA:-../shared/data}
  if [[ -e $data/expected.json ]]; then
    echo "test volumes: $data"
  else
    echo "test volumes: none at $data, so the tests on real data will fail; set MICROTOME_TEST_DATA to their folder"
  fi
}

install_packages() {
  if ! command -v apt-get >/dev/null; then
    echo "no apt-get here: taking the system as it is"
    return
  fi
  local missing=() package
  for package in "${APT_PACKAGES[@]}"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  ((${#missing[@]})) || { echo "system packages: all there"; return; }
  echo "installing: ${missing[*]}"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

as_root() {
  if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

# The oldest Rust that the workspace promises to build with is the one that checks it, unless a newer one is there.
install_rust() {
  local wanted
  wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
  if ! command -v cargo >/dev/null; then
    echo "installing Rust $wanted through rustup"
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs |
      sh -s -- -y --profile minimal --component rustfmt,clippy --default-toolchain "$wanted"
    add_cargo_to_path
  elif ! older_first "$wanted" "$(rustc --version | cut -d' ' -f2)"; then
    echo "installing Rust $wanted beside $(rustc --version)"
    rustup toolchain install "$wanted" --profile minimal --component rustfmt,clippy
    use_toolchain
  elif ! cargo fmt --version >/dev/null 2>&1 || ! cargo clippy --version >/dev/null 2>&1; then
    rustup component add rustfmt clippy
  fi
  rustc --version
}

older_first() { printf '%s\n%s\n' "$1" "$2" | sort --check=quiet --version-sort; }
add_cargo_to_path() { export PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"; }
use_toolchain() { RUSTUP_TOOLCHAIN=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml) && export RUSTUP_TOOLCHAIN; }

step_format() { cargo fmt --all --check; }

# The same packages and features as `tests`, so that build scripts and macros are built once.
step_clippy() { cargo clippy --workspace --all-targets -- -D warnings; }

step_features() {
  echo "core alone"
  cargo clippy -p microtome-core -- -D warnings
  echo "core with testing"
  cargo clippy -p microtome-core --features testing --all-targets -- -D warnings
  echo "the app without a window (what the wheel carries)"
  cargo clippy -p microtome --no-default-features --all-targets -- -D warnings
  if command -v cmake >/dev/null && has_libclang; then
    echo "core with native-codecs"
    cargo clippy -p microtome-core --features native-codecs -- -D warnings
  else
    echo "core with native-codecs: left out, it needs cmake and libclang (apt-get install cmake libclang-dev)"
  fi
}

# The C interface, which bindgen loads. Many machines have only `libclang-cpp`, which does not do.
has_libclang() { ldconfig -p | grep -qE 'libclang(-[0-9.]+)?\.so' || [[ -n ${LIBCLANG_PATH:-} ]]; }

step_tests() {
  if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --workspace --no-fail-fast
  else
    cargo test --workspace --no-fail-fast --lib --bins --tests
  fi
}

step_python() {
  local target=${CARGO_TARGET_DIR:-target}
  target=$(mkdir -p "$target" && cd "$target" && pwd)
  local wheels=$target/wheels built=$target/python-build used=$target/python-used tests=$PWD/tests/python
  rm -rf "$wheels" "$used"
  # What builds wheels, once; it brings its own Python packages, and none of them into the one that tests.
  if [[ ! -x $built/bin/pip ]]; then
    /usr/bin/python3 -m venv "$built"
    "$built/bin/pip" install -q "maturin>=1.9,<2"
  fi
  # The profile of the other tests: in release it would be built for ten minutes to be tested for one.
  CARGO_TARGET_DIR=$target MATURIN_PEP517_ARGS="--profile dev" PATH=$built/bin:$PATH \
    "$built/bin/pip" wheel -q --no-deps --no-build-isolation --wheel-dir "$wheels" ./python
  ls "$wheels"
  # A clean environment, but for NumPy, pytest and PyTorch of the system; and without what builds, as a user's.
  /usr/bin/python3 -m venv --system-site-packages "$used"
  "$used/bin/pip" install -q --no-deps --no-index "$wheels"/microtome-*.whl
  (cd "$used" && PYTHONDONTWRITEBYTECODE=1 "$used/bin/python" -m pytest -q -p no:cacheprovider "$tests")
}

# Locks whose schedule a model checker chooses. MICROTOME_MODEL_SCHEDULES=100000 looks deeper; SHUTTLE_RANDOM_SEED elsewhere.
step_model() { cargo test -p microtome-core --features model --lib -- model_; }

step_doctests() { cargo test --workspace --doc; }

step_docs() { RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items; }

export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-auto}
# Without a session there is no run-time folder, and drivers complain.
if [[ -z ${XDG_RUNTIME_DIR:-} ]]; then
  XDG_RUNTIME_DIR=$(mktemp -d)
  export XDG_RUNTIME_DIR
  trap 'rm -rf "$XDG_RUNTIME_DIR"' EXIT
fi
if ! command -v cargo >/dev/null && [[ -x ${CARGO_HOME:-$HOME/.cargo}/bin/cargo ]]; then add_cargo_to_path; fi
main "$@"
