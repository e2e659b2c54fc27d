//! A diagnosis as text: the verdict, the stages, the remedies.

use std::collections::VecDeque;
use std::time::Duration;

use microtome::format;
use microtome_core::diagnose::monitor::{self, Alert, Severity};
use microtome_core::diagnose::{Diagnosis, MissRatioCurve, StageRow, Station, Utilisation};

use microtome_core::telemetry::Stats;

use super::output::Output;

/// The last minutes of a loader, for the monitors.
#[derive(Debug, Default)]
pub struct Watched(VecDeque<Stats>);

impl Watched {
    /// Statistics that are kept, one a second.
    const KEPT: usize = 300;

    /// Takes statistics, if they are a second younger than the last that were taken.
    pub fn see(&mut self, stats: &Stats) {
        const EVERY: Duration = Duration::from_secs(1);
        if self.0.back().is_some_and(|last| stats.elapsed < last.elapsed.saturating_add(EVERY)) {
            return;
        }
        if self.0.len() == Self::KEPT {
            self.0.pop_front();
        }
        self.0.push_back(stats.clone());
    }

    /// What deserves a word, up to these last statistics.
    pub fn alerts(&self, last: &Stats) -> Vec<Alert> {
        monitor::alerts(&self.0.iter().chain([last]).collect::<Vec<_>>())
    }
}

/// Prints it, the verdict first.
///
/// # Errors
/// Standard output cannot be written.
pub fn print(diagnosis: &Diagnosis, out: &mut Output) -> anyhow::Result<()> {
    out.line(&format!("\n{}", diagnosis.verdict))?;
    let batches = format::counted(diagnosis.batches as u64, "batch", "batches");
    out.line(&format!("({batches} in {} of steady running)", seconds(diagnosis.window_s)))?;
    for finding in &diagnosis.findings {
        let limit = finding.limit.map_or(finding.station.name(), |limit| limit.name());
        out.line(&format!("  {:<20} {limit:<9} {}", finding.method.words(), finding.because))?;
    }
    if let Some(why) = &diagnosis.disagreement {
        out.line(&format!("  They disagree: {why}"))?;
    }
    print_stages(&diagnosis.stages, out)?;
    print_utilisation(&diagnosis.utilisation, out)?;
    if let Some(curve) = &diagnosis.curve {
        print_curve(curve, out)?;
    }
    print_remedies(diagnosis, out)
}

/// Prints what else deserves a word.
///
/// # Errors
/// Standard output cannot be written.
pub fn print_alerts(alerts: &[Alert], out: &mut Output) -> anyhow::Result<()> {
    if !alerts.is_empty() {
        out.line("")?;
    }
    for alert in alerts {
        let word = match alert.severity {
            Severity::Severe => "severe",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        out.line(&format!("{word:<9} {}", alert.what))?;
        out.line(&format!("{:9} because {}", "", alert.because))?;
        out.line(&format!("{:9} {}", "", alert.advice))?;
    }
    Ok(())
}

fn print_stages(stages: &[StageRow], out: &mut Output) -> anyhow::Result<()> {
    out.line(&format!(
        "\n{:<9} {:<9} {:>10} {:>10} {:>6} {:>9} {:>9} {:>9}",
        "stage", "by", "demand", "capacity", "busy", "p50", "p90", "p99"
    ))?;
    for row in stages.iter().filter(|row| row.demand_s > 0.0 || row.station == Station::Consumer) {
        let [p50, p90, p99] = match row.quantiles_s {
            Some(quantiles) => quantiles.map(seconds),
            None => [(); 3].map(|()| String::new()),
        };
        let capacity = row.capacity_samples_per_s.map_or("any".to_owned(), |rate| format!("{rate:.0}/s"));
        out.line(&format!(
            "{:<9} {:<9} {:>10} {capacity:>10} {:>6.2} {p50:>9} {p90:>9} {p99:>9}",
            row.limit.name(),
            row.station.name(),
            seconds(row.demand_s),
            row.busy
        ))?;
    }
    out.line("demand: time of one of them for each sample; capacity: samples/s if all of them did only that; busy: how many are at it")
}

fn print_utilisation(utilisation: &Utilisation, out: &mut Output) -> anyhow::Result<()> {
    let Utilisation { explained_cores, cores, busy_workers, threads, .. } = utilisation;
    let law = match (utilisation.measured_cores, utilisation.unexplained_cores()) {
        (Some(measured), Some(rest)) => {
            format!(
                "{measured:.2} of {cores:.0} processors busy, stages explain {explained_cores:.2}, the rest is {rest:+.2}"
            )
        }
        _ => format!("stages keep {explained_cores:.2} of {cores:.0} processors busy"),
    };
    out.line(&format!("{law}; {busy_workers:.1} of {threads:.0} workers at a read"))?;
    if is_crowded_out(utilisation) {
        out.line("Threads waited for a processor most of the time: others use this machine, and every time above is longer for it.")?;
    }
    Ok(())
}

/// Whether threads that wanted to compute got less than two thirds of that, with processors that this process left free.
fn is_crowded_out(utilisation: &Utilisation) -> bool {
    let Utilisation { explained_cores, cores, .. } = *utilisation;
    utilisation.measured_cores.is_some_and(|measured| measured < explained_cores.min(cores) * 2.0 / 3.0)
}

fn print_curve(curve: &MissRatioCurve, out: &mut Output) -> anyhow::Result<()> {
    let here = curve.working_point;
    let sizes = [0.5, 2.0, 4.0, 8.0].map(|times| here.bytes * times).into_iter().filter(|bytes| *bytes >= 1.0);
    let points: Vec<_> = sizes
        .map(|bytes| format!("{} at {}", format::percent(curve.miss_ratio(bytes)), format::bytes(bytes as u64)))
        .collect();
    out.line(&format!(
        "chunk lookups that miss: {} at {} now; {}; all that was asked for takes {}",
        format::percent(here.miss_ratio),
        format::bytes(here.bytes as u64),
        points.join(", "),
        format::bytes(curve.all_bytes as u64)
    ))
}

fn print_remedies(diagnosis: &Diagnosis, out: &mut Output) -> anyhow::Result<()> {
    if diagnosis.remedies.is_empty() {
        return out.line("\nNothing that is known here to change would bring 2 % or more.");
    }
    out.line(&format!("\n{:<8} {:>11}  {}", "gain", "samples/s", "what to change"))?;
    for remedy in &diagnosis.remedies {
        let rate = format!("{:.1}", remedy.predicted_samples_per_s);
        out.line(&format!("{:<8} {rate:>11}  {}", format!("+{}", format::percent(remedy.gain)), remedy.what))?;
        out.line(&format!("{:21}because {}", "", remedy.because))?;
        out.line(&format!("{:21}cost: {}", "", remedy.cost))?;
        for command in &remedy.commands {
            out.line(&format!("{:21}run: {command}", ""))?;
        }
        for change in &remedy.changes {
            let value = change.value.as_ref().map_or("(left out)".to_owned(), |value| format!("= {value}"));
            out.line(&format!("{:21}{} {value}", "", change.key))?;
        }
    }
    Ok(())
}

fn seconds(seconds: f64) -> String {
    format::duration(Duration::from_secs_f64(seconds.max(0.0)))
}
