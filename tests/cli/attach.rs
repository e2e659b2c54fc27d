//! `attach`, `report` and recordings: two processes, one of which looks at the other.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::place::data;
use crate::run::{command, run};

/// A loader that serves, in a process that ends with this.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

/// `bench` on a small configuration that serves, and where it serves.
fn serving(home: &Path, name: &str) -> (Serving, String) {
    let config = format!(
        "[data]\npath = \"{}\"\n[input.raw]\nshape = [16, 16, 16]\nvoxel_size_nm = [10, 10, 10]\nencoding = \"u8\"\n\
         [loader]\nbatch_size = 2\nthreads = 1\nmemory = \"64 MiB\"\n\
         [telemetry]\nserve = \"127.0.0.1:0\"\ntoken = \"swordfish-and-more\"\n",
        data("gala.zarr").display()
    );
    std::fs::write(home.join(name), config).unwrap();
    let child = command(home, &["bench", name, "--seconds", "600", "--json"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (serving, until) = (Serving(child), Instant::now() + Duration::from_secs(60));
    loop {
        assert!(Instant::now() < until, "it is never listed");
        let listed: Value = serde_json::from_str(&run(home, &["attach", "--json"]).out).unwrap();
        let found = listed.as_array().unwrap().iter().find(|loader| loader["name"] == name);
        if let Some(found) = found {
            assert_eq!(found["pid"].as_u64(), Some(u64::from(serving.0.id())));
            return (serving, found["address"].as_str().unwrap().to_owned());
        }
    }
}

#[test]
fn a_loader_is_listed_looked_at_and_reported_about() {
    let home = tempfile::tempdir().unwrap();
    let (first, address) = serving(home.path(), "first.toml");
    let page = run(home.path(), &["attach"]);
    assert!(page.out.contains("first.toml") && page.out.contains(&address), "{}", page.out);
    let refused = run(home.path(), &["attach", &address, "--once"]);
    assert_eq!(refused.status, Some(1));
    assert!(refused.err.contains("token") && refused.err.lines().count() == 1, "{}", refused.err);
    let token = ["--token", "swordfish-and-more"];
    let looked = run(home.path(), &[&["attach", &address, "--once", "--json"], &token[..]].concat());
    assert_eq!(looked.status, Some(0), "{}", looked.err);
    let told: Value = serde_json::from_str(&looked.out).unwrap();
    assert_eq!(told["about"]["name"], "first.toml");
    assert_eq!(told["stats"]["threads"], 1);
    assert!(told["samples_per_s"].as_f64() > Some(0.0) && !looked.out.contains("swordfish"), "{}", looked.out);
    // Two at once are a table.
    let (second, other) = serving(home.path(), "second.toml");
    let both = run(home.path(), &[&["attach", &address, &other, "--once"], &token[..]].concat());
    assert_eq!(both.status, Some(0), "{}", both.err);
    assert!(both.out.contains(&address) && both.out.contains(&other) && both.out.contains("samples/s"), "{}", both.out);
    let seconds = ["--seconds", "0.5", "--out", "now.html", "--trace", "now.json", "--csv", "now.csv"];
    let reported = run(home.path(), &[&["report", &address], &seconds[..], &token[..]].concat());
    assert_eq!(reported.status, Some(0), "{}", reported.err);
    let page = std::fs::read_to_string(home.path().join("now.html")).unwrap();
    assert!(page.contains("first.toml") && page.contains("<svg"));
    let trace: Value = serde_json::from_slice(&std::fs::read(home.path().join("now.json")).unwrap()).unwrap();
    assert!(trace["traceEvents"].as_array().unwrap().iter().any(|event| event["ph"] == "X"));
    // One that was killed is not listed any more, and whoever looks at it is told.
    drop(first);
    let listed = run(home.path(), &["attach"]).out;
    assert!(!listed.contains("first.toml") && listed.contains("second.toml"), "{listed}");
    let gone = run(home.path(), &["attach", &address, "--once"]);
    assert_eq!(gone.status, Some(1));
    assert!(gone.err.contains("cannot connect"), "{}", gone.err);
    drop(second);
    assert!(run(home.path(), &["attach"]).out.contains("no loader"));
}

#[test]
fn a_run_is_recorded_and_reported_about() {
    let home = tempfile::tempdir().unwrap();
    let path = data("gala.zarr");
    let path = path.to_str().unwrap();
    let recorded = run(home.path(), &["bench", path, "--seconds", "1", "--json", "--record", "run.microtome"]);
    assert_eq!(recorded.status, Some(0), "{}", recorded.err);
    let again = run(home.path(), &["bench", path, "--seconds", "1", "--record", "run.microtome"]);
    assert_eq!(again.status, Some(1), "a recording is not written over");
    let reported = run(home.path(), &["report", "run.microtome", "--out", "run.html", "--csv", "run.csv"]);
    assert_eq!(reported.status, Some(0), "{}", reported.err);
    let page = std::fs::read_to_string(home.path().join("run.html")).unwrap();
    for part in ["Verdict", "Samples per second", "Hit rates", "Memory by owner", "Stages", "Threads", "Configuration"]
    {
        assert!(page.contains(&format!("<h2>{part}</h2>")), "{part}");
    }
    // It asks nobody for anything.
    for word in ["http:", "https:", "src=", "href=", "@import", "url("] {
        assert!(!page.contains(word), "{word}");
    }
    // The table ends where the run did.
    let figures: Value = serde_json::from_str(&recorded.out).unwrap();
    let table = std::fs::read_to_string(home.path().join("run.csv")).unwrap();
    let last: Vec<&str> = table.lines().last().unwrap().split(',').collect();
    let samples = last[1].parse::<u64>().unwrap();
    assert_eq!(Some(samples), figures["samples"].as_u64(), "the last figures are in it");
    for (args, words) in [
        (&["report", "run.microtome"][..], "--out"),
        (&["report", "run.microtome", "--out", "run.microtome"], "over the recording"),
        (&["report", "nothing.microtome", "--out", "a.html"], "no such file"),
        (&["report", "run.csv", "--out", "a.html"], "not Microtome"),
        (&["bench", "run.microtome"], "microtome report"),
    ] {
        let answer = run(home.path(), args);
        assert!(answer.status != Some(0) && answer.err.contains(words), "{args:?}: {}", answer.err);
        assert_eq!(answer.err.lines().count(), 1, "{}", answer.err);
    }
}
