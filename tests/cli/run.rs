//! Runs the binary, and what holds for every verb: help, exit status, a reader that leaves, Ctrl-C.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::place::data;

/// What a run answered.
pub struct Answer {
    pub status: Option<i32>,
    pub out: String,
    pub err: String,
}

/// The binary, without a display and with its cache and settings in `home`.
pub fn command(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_microtome"));
    command.args(args).stdin(Stdio::null()).current_dir(home);
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET", "MICROTOME_LOG"] {
        command.env_remove(name);
    }
    for name in ["HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"] {
        command.env(name, home);
    }
    command
}

/// Runs to the end.
pub fn run(home: &Path, args: &[&str]) -> Answer {
    let output = command(home, args).output().expect("the binary runs");
    Answer {
        status: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn every_verb_has_help_with_an_example() {
    let home = tempfile::tempdir().unwrap();
    for verb in ["demo", "open", "info", "bench", "attach", "report", "shot", "sample", "config"] {
        let answer = run(home.path(), &[verb, "--help"]);
        assert_eq!(answer.status, Some(0), "{verb}");
        assert!(answer.out.contains(&format!("microtome {verb}")), "{verb}: {}", answer.out);
        assert!(answer.out.contains("Example"), "{verb}: {}", answer.out);
    }
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let home = tempfile::tempdir().unwrap();
    let path = data("fib25.zarr");
    let mut child = command(home.path(), &["info", "--json", path.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{err}");
    assert_eq!(err, "");
}

#[test]
fn the_example_is_a_good_configuration() {
    let home = tempfile::tempdir().unwrap();
    let example = run(home.path(), &["config", "--example"]);
    std::fs::write(home.path().join("a.toml"), &example.out).unwrap();
    let check = run(home.path(), &["config", "a.toml"]);
    assert_eq!((check.status, check.err.as_str()), (Some(0), ""));
}

#[test]
fn bench_measures_and_its_figures_agree_with_each_other() {
    let home = tempfile::tempdir().unwrap();
    let path = data("gala.zarr");
    let answer = run(home.path(), &["bench", path.to_str().unwrap(), "--seconds", "0.5", "--json"]);
    assert_eq!(answer.status, Some(0), "{}", answer.err);
    let figures: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    let number = |key: &str| figures[key].as_f64().unwrap();
    assert!(number("samples") > 0.0, "{}", answer.out);
    assert!((number("samples_per_s") - number("samples") / number("elapsed_s")).abs() < 1e-6);
    assert!(number("memory_peak_bytes") <= number("memory_budget_bytes"));
}

#[test]
fn bench_says_what_limits_the_loader_and_what_would_help() {
    let home = tempfile::tempdir().unwrap();
    let path = data("gala.zarr");
    let args = ["bench", path.to_str().unwrap(), "--seconds", "1.5", "--diagnose", "--step-ms", "5"];
    let answer = run(home.path(), &[&args[..], &["--json"]].concat());
    assert_eq!(answer.status, Some(0), "{}", answer.err);
    let figures: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    let diagnosis = &figures["diagnosis"];
    assert_eq!(diagnosis["findings"].as_array().unwrap().len(), 3, "{diagnosis:#}");
    // Each batch takes the consumer 5 ms at least.
    let batches_per_s = diagnosis["batches"].as_f64().unwrap() / diagnosis["window_s"].as_f64().unwrap();
    assert!(batches_per_s <= 200.0, "{batches_per_s}");
    assert!(diagnosis["consumer_samples_per_s"].is_f64(), "{diagnosis:#}");
    let answer = run(home.path(), &args);
    assert_eq!(answer.status, Some(0), "{}", answer.err);
    for words in ["nput-bound (", "demand and capacity", "queues", "blocking time", "capacity", "processors busy"] {
        assert!(answer.out.contains(words), "{words}: {}", answer.out);
    }
}

#[test]
fn a_small_demo_without_a_display_says_so_prints_figures_and_draws_the_window() {
    let home = tempfile::tempdir().unwrap();
    let args = ["demo", "--size", "48", "--seconds", "0.5", "--out", "demo.png"];
    let first = run(home.path(), &args);
    assert_eq!(first.status, Some(0), "{}", first.err);
    assert!(first.err.contains("no display"), "{}", first.err);
    assert!(first.out.contains("samples/s"), "{}", first.out);
    let picture = std::fs::read(home.path().join("demo.png")).unwrap();
    assert!(picture.starts_with(b"\x89PNG"));
    let second = run(home.path(), &args);
    assert!(first.err.contains("wrote a synthetic cell") && !second.err.contains("wrote a synthetic cell"));
}

#[test]
fn a_demo_that_only_writes_prints_where_the_cell_is_and_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let args = ["demo", "--size", "32", "--only-write"];
    let first = run(home.path(), &args);
    assert_eq!(first.status, Some(0), "{}", first.err);
    let path = first.out.strip_suffix('\n').unwrap();
    assert!(Path::new(path).join("recon-1/em/fibsem-uint8/s0/.zarray").is_file(), "{path}");
    let again = run(home.path(), &args);
    assert_eq!((again.out, again.err.as_str()), (first.out.clone(), ""), "it is there already");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_bench_in_order_with_figures() {
    let home = tempfile::tempdir().unwrap();
    let path = data("gala.zarr");
    let child = command(home.path(), &["bench", path.to_str().unwrap(), "--seconds", "600"])
        .env("MICROTOME_LOG", "info")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The handler is installed before the loader's threads exist.
    let threads = format!("/proc/{}/task", child.id());
    if !Path::new(&threads).exists() {
        return kill(child);
    }
    while std::fs::read_dir(&threads).is_ok_and(|tasks| tasks.count() < 3) {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("samples/s"));
}

/// Without `/proc` there is no telling when the signal may come.
#[cfg(unix)]
fn kill(mut child: std::process::Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}
