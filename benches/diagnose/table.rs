//! Rows of what was said and what was measured, and how often both agree.

use std::fmt::Write as _;

use microtome_core::diagnose::{Diagnosis, Finding, Limit, RemedyKind};

/// Predictions within so much of what was measured are right.
const TOLERANCE: f64 = 0.2;

/// One loader.
pub struct Row {
    pub name: String,
    pub planted: Limit,
    /// What gains most when it takes half as long, where that was tried.
    pub causal: Option<Limit>,
    pub diagnosis: Diagnosis,
    pub remedies: Vec<Tried>,
}

/// A remedy that was tried.
pub struct Tried {
    pub kind: RemedyKind,
    pub what: String,
    pub predicted: f64,
    pub measured: f64,
}

impl Tried {
    fn is_right(&self) -> bool {
        (self.predicted / self.measured - 1.0).abs() <= TOLERANCE
    }
}

/// What the remedies came to: of each kind and of all, how many were right.
fn of_kinds(rows: &[Row]) -> String {
    let mut text =
        "| remedy | tried | rate within 20 % | median error | worst |\n|---|---:|---:|---:|---:|\n".to_owned();
    let mut kinds: Vec<RemedyKind> = rows.iter().flat_map(|row| &row.remedies).map(|tried| tried.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let all = kinds.iter().map(|kind| (format!("{kind:?}"), Some(*kind))).chain([("all".to_owned(), None)]);
    for (name, kind) in all {
        let tried: Vec<_> = rows
            .iter()
            .flat_map(|row| &row.remedies)
            .filter(|tried| kind.is_none_or(|kind| kind == tried.kind))
            .collect();
        let mut errors: Vec<f64> = tried.iter().map(|tried| (tried.predicted / tried.measured - 1.0).abs()).collect();
        errors.sort_by(f64::total_cmp);
        let right = tried.iter().filter(|tried| tried.is_right()).count();
        let at = |index: usize| errors.get(index).map_or("".to_owned(), |error| format!("{:.0} %", error * 100.0));
        let share = 100.0 * right as f64 / tried.len().max(1) as f64;
        let (middle, last) = (at(errors.len() / 2), at(errors.len().wrapping_sub(1)));
        let _ = writeln!(text, "| {name} | {} | {right} ({share:.0} %) | {middle} | {last} |", tried.len());
    }
    text
}

/// How often each method, and all together, named what was planted.
fn of_methods(rows: &[Row]) -> String {
    let mut text = "| | named what was planted | of |\n|---|---:|---:|\n".to_owned();
    let count = |is: &dyn Fn(&Row) -> bool| rows.iter().filter(|row| is(row)).count();
    let mut line = |name: &str, named: usize| {
        let share = 100.0 * named as f64 / rows.len().max(1) as f64;
        let _ = writeln!(text, "| {name} | {named} ({share:.1} %) | {} |", rows.len());
    };
    line("the verdict", count(&|row| row.diagnosis.limit == row.planted));
    let is = |finding: &Finding, planted: Limit| match finding.limit {
        Some(limit) => limit == planted,
        None => finding.station == planted.station(),
    };
    for (index, name) in ["demand and capacity", "queues (the station)", "blocking time"].into_iter().enumerate() {
        line(name, count(&|row| is(&row.diagnosis.findings[index], row.planted)));
    }
    text
}

/// The whole of it: sums, then what went wrong, then every row.
pub fn of(title: &str, about: &str, rows: &[Row]) -> String {
    let mut text = format!("# {title}\n\n{about}\n\n{}\n{}", of_methods(rows), of_kinds(rows));
    let missed: Vec<_> = rows.iter().filter(|row| row.diagnosis.limit != row.planted).collect();
    let _ = writeln!(text, "\n## Verdicts that are wrong ({})\n", missed.len());
    for row in &missed {
        let causal = row.causal.map_or(String::new(), |limit| format!("; half of it gains most: {}", limit.name()));
        let _ = writeln!(
            text,
            "- {}: {} planted, {} named{causal}; waited {:.1} % of the time. {}",
            row.name,
            row.planted.name(),
            row.diagnosis.limit.name(),
            row.diagnosis.input_bound_share * 100.0,
            row.diagnosis.disagreement.as_deref().unwrap_or_default()
        );
    }
    let wrong: Vec<_> = rows
        .iter()
        .flat_map(|row| row.remedies.iter().filter(|tried| !tried.is_right()).map(move |t| (row, t)))
        .collect();
    let _ = writeln!(text, "\n## Predictions that are off by more than 20 % ({})\n", wrong.len());
    for (row, tried) in wrong {
        let _ = writeln!(
            text,
            "- {} ({} samples/s, {} planted): {}: {:.1} predicted, {:.1} measured",
            row.name,
            format_rate(row.diagnosis.samples_per_s),
            row.planted.name(),
            tried.what,
            tried.predicted,
            tried.measured
        );
    }
    text += "\n## All\n\n| loader | planted | named | waits | samples/s | remedies: predicted / measured |\n|---|---|---|---:|---:|---|\n";
    for row in rows {
        let remedies: Vec<_> = row
            .remedies
            .iter()
            .map(|tried| format!("{:?} {:.1} / {:.1}", tried.kind, tried.predicted, tried.measured))
            .collect();
        let _ = writeln!(
            text,
            "| {} | {} | {} | {:.0} % | {} | {} |",
            row.name,
            row.planted.name(),
            row.diagnosis.limit.name(),
            row.diagnosis.input_bound_share * 100.0,
            format_rate(row.diagnosis.samples_per_s),
            remedies.join("; ")
        );
    }
    text
}

fn format_rate(rate: f64) -> String {
    format!("{rate:.1}")
}
