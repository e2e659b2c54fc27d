//! `bench-summary CRITERION_FOLDER OUT_FOLDER`: one table of what criterion measured, as Markdown and CSV, with the
//! machine and versions beside it. `run.sh` calls it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde_json::Value;

/// The incumbents: a group's is the bench whose median the others' are divided by.
const INCUMBENTS: [&str; 4] = ["zarrs_one_thread", "no_cache", "copy", "spans_off"];

struct Row {
    group: String,
    name: String,
    median_ns: f64,
    /// Spread: half the 95 % confidence interval of the median, of the median.
    spread: f64,
    /// Bytes or elements per iteration.
    amount: Option<(f64, Unit)>,
}

#[derive(Clone, Copy)]
enum Unit {
    Bytes,
    Elements,
}

fn main() -> anyhow::Result<()> {
    let folders: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [criterion, out] = folders.as_slice() else {
        anyhow::bail!("usage: bench-summary CRITERION_FOLDER OUT_FOLDER");
    };
    let rows = rows(criterion)?;
    ensure!(!rows.is_empty(), "{} holds no measurements; run the benches first", criterion.display());
    std::fs::create_dir_all(out).with_context(|| format!("cannot create {}", out.display()))?;
    for (name, text) in [("summary.md", markdown(&rows)), ("summary.csv", csv(&rows))] {
        let path = out.join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// Every measurement below criterion's folder, in order of group and name.
fn rows(criterion: &Path) -> anyhow::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for entry in walkdir::WalkDir::new(criterion).sort_by_file_name() {
        let entry = entry?;
        if entry.file_name() == "benchmark.json" && entry.path().parent().is_some_and(|p| p.ends_with("new")) {
            rows.push(row(entry.path()).with_context(|| entry.path().display().to_string())?);
        }
    }
    Ok(rows)
}

fn row(benchmark: &Path) -> anyhow::Result<Row> {
    let json = |path: &Path| -> anyhow::Result<Value> { Ok(serde_json::from_slice(&std::fs::read(path)?)?) };
    let (about, estimates) = (json(benchmark)?, json(&benchmark.with_file_name("estimates.json"))?);
    let text = |key: &str| about[key].as_str().map(str::to_owned).with_context(|| format!("no {key}"));
    let number = |value: &Value| value.as_f64().context("no number");
    let median = &estimates["median"];
    let interval = &median["confidence_interval"];
    let median_ns = number(&median["point_estimate"])?;
    let throughput = &about["throughput"];
    let amount = throughput["Bytes"].as_f64().map(|bytes| (bytes, Unit::Bytes));
    Ok(Row {
        group: text("group_id")?,
        name: text("function_id")?,
        median_ns,
        spread: (number(&interval["upper_bound"])? - number(&interval["lower_bound"])?) / (2.0 * median_ns),
        amount: amount.or_else(|| throughput["Elements"].as_f64().map(|elements| (elements, Unit::Elements))),
    })
}

/// How many times faster than the incumbent of its group.
fn ratio(row: &Row, rows: &[Row]) -> Option<f64> {
    let incumbent = rows.iter().find(|other| other.group == row.group && INCUMBENTS.contains(&other.name.as_str()))?;
    Some(incumbent.median_ns / row.median_ns)
}

fn markdown(rows: &[Row]) -> String {
    let mut text = String::from("# Bench run\n\n");
    for (key, value) in surroundings() {
        let _ = writeln!(text, "- {key}: {value}");
    }
    text.push_str("\n| bench | median | ± | throughput | × incumbent |\n| --- | ---: | ---: | ---: | ---: |\n");
    for row in rows {
        let throughput = row.amount.map_or_else(String::new, |(amount, unit)| throughput(amount, unit, row.median_ns));
        let ratio = ratio(row, rows).map_or_else(String::new, |ratio| format!("{ratio:.2}"));
        let (group, name, time) = (&row.group, &row.name, human_time(row.median_ns));
        let _ = writeln!(text, "| {group}/{name} | {time} | {:.1} % | {throughput} | {ratio} |", row.spread * 100.0);
    }
    let _ = writeln!(
        text,
        "\n`× incumbent`: how many times faster than `{}` of the same group.",
        INCUMBENTS.join("` or `")
    );
    text
}

fn csv(rows: &[Row]) -> String {
    let mut text = String::from("group,name,median_ns,spread,amount,unit,times_incumbent\n");
    for row in rows {
        let (amount, unit) = row.amount.map_or((String::new(), ""), |(amount, unit)| {
            (amount.to_string(), if matches!(unit, Unit::Bytes) { "bytes" } else { "elements" })
        });
        let ratio = ratio(row, rows).map_or_else(String::new, |ratio| format!("{ratio:.4}"));
        let _ =
            writeln!(text, "{},{},{:.1},{:.4},{amount},{unit},{ratio}", row.group, row.name, row.median_ns, row.spread);
    }
    text
}

fn throughput(amount: f64, unit: Unit, ns: f64) -> String {
    let per_second = amount / ns * 1e9;
    match unit {
        Unit::Bytes => format!("{:.0} MiB/s", per_second / f64::from(1 << 20)),
        Unit::Elements => format!("{per_second:.1}/s"),
    }
}

fn human_time(ns: f64) -> String {
    match ns {
        ns if ns < 1e3 => format!("{ns:.0} ns"),
        ns if ns < 1e6 => format!("{:.1} µs", ns / 1e3),
        ns if ns < 1e9 => format!("{:.2} ms", ns / 1e6),
        ns => format!("{:.2} s", ns / 1e9),
    }
}

/// Machine and versions, without names of hosts or folders.
fn surroundings() -> Vec<(&'static str, String)> {
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().ok()?;
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        (output.status.success() && !text.is_empty()).then_some(text)
    };
    let unknown = || "unknown".to_owned();
    let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let load = std::fs::read_to_string("/proc/loadavg").ok();
    let cores = std::thread::available_parallelism().map_or_else(|_| unknown(), |cores| cores.to_string());
    let side = microtome_benches::side();
    vec![
        ("phantom", format!("{side}³ voxels, patches of {}³", microtome_benches::patch_side())),
        ("cores", cores),
        ("processor", model.map_or_else(unknown, |(_, name)| name.to_owned())),
        ("load at the end", load.and_then(|text| Some(text.split(' ').next()?.to_owned())).unwrap_or_else(unknown)),
        ("rustc", run("rustc", &["--version"]).unwrap_or_else(unknown)),
        ("commit", run("git", &["describe", "--always", "--dirty", "--abbrev=10"]).unwrap_or_else(unknown)),
    ]
}
