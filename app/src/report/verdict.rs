//! The verdict: what limited the loader, by which method, and what a change would have brought.

use microtome_core::diagnose::Diagnosis;
use microtome_core::diagnose::monitor::Alert;
use microtome_core::telemetry::Stats;

use super::{escaped, put};
use crate::format;

/// The verdict, the methods behind it and the remedies; a line that says why there is none, if the time was too short.
pub(super) fn section(diagnosis: Option<&Diagnosis>) -> String {
    let mut section = String::from("<section>\n<h2>Verdict</h2>\n");
    let Some(diagnosis) = diagnosis else {
        return section
            + "<p class=\"note\">Too few batches came for one: those that fill the queue do not count.</p>\n</section>\n";
    };
    put(&mut section, format_args!("<p>{}</p>\n", escaped(&diagnosis.verdict)));
    section += "<table>\n<tr><th>method</th><th>says</th><th>because</th></tr>\n";
    for finding in &diagnosis.findings {
        let limit = finding.limit.map_or(finding.station.name(), |limit| limit.name());
        row(&mut section, &[finding.method.words(), limit, &finding.because]);
    }
    section += "</table>\n";
    if let Some(why) = &diagnosis.disagreement {
        put(&mut section, format_args!("<p class=\"note\">They disagree: {}</p>\n", escaped(why)));
    }
    if diagnosis.remedies.is_empty() {
        section += "<p class=\"note\">Nothing that is known here to change would bring 2 % or more.</p>\n";
        return section + "</section>\n";
    }
    section +=
        "<table>\n<tr><th>change</th><th>gain</th><th>samples per second</th><th>because</th><th>cost</th></tr>\n";
    for remedy in &diagnosis.remedies {
        let gain = format!("+{}", format::percent(remedy.gain));
        let rate = format::per_second(remedy.predicted_samples_per_s);
        row(&mut section, &[&remedy.what, &gain, &rate, &remedy.because, &remedy.cost]);
    }
    section + "</table>\n<p class=\"note\">Gains are predicted, not measured.</p>\n</section>\n"
}

/// What the monitors say over the whole log, and who waited for what; nothing if there is nothing to say.
pub(super) fn watched(alerts: &[Alert], last: Option<&Stats>) -> String {
    let standstill = last.and_then(|stats| stats.standstills.last.as_ref());
    if alerts.is_empty() && standstill.is_none() {
        return String::new();
    }
    let mut section = String::from("<section>\n<h2>What deserves a word</h2>\n");
    section += "<table>\n<tr><th>what</th><th>because</th><th>what to do</th></tr>\n";
    for alert in alerts {
        row(&mut section, &[&alert.what, &alert.because, &alert.advice]);
    }
    section += "</table>\n";
    if let Some(report) = standstill {
        put(&mut section, format_args!("<pre>{}</pre>\n", escaped(&report.lines().join("\n"))));
    }
    section + "</section>\n"
}

fn row(section: &mut String, cells: &[&str]) {
    *section += "<tr>";
    cells.iter().for_each(|cell| put(section, format_args!("<td>{}</td>", escaped(cell))));
    *section += "</tr>\n";
}
