//! The tables: what share of lookups hits, what is decoded per sample, and how unevenly.

use std::fmt::Write as _;

use crate::SHARES;
use crate::policies::{Policy, all};
use crate::real::{CHUNK_BYTES, Real};
use microtome_core::testing::trace::{Case, Trace};

/// Data of which the real cache may hold most: its chunks take memory, if only zeros.
const LARGEST_BYTES: usize = 2 << 30;

/// What came of one policy with one size.
struct Outcome {
    hit_rate: f64,
    /// Chunks decoded by each sample, ascending.
    decoded: Vec<usize>,
}

/// Runs a trace; the first half fills the cache and is not counted.
fn run(policy: &mut dyn Policy, trace: &Trace) -> Outcome {
    let counted = trace.samples.len() / 2;
    let mut decoded = Vec::new();
    let mut lookups = 0;
    for (index, (sample, next)) in trace.samples.iter().zip(&trace.next).enumerate() {
        policy.begin(index, trace);
        let misses = sample.iter().zip(next).filter(|(chunk, next)| !policy.ask(**chunk, **next)).count();
        if index >= counted {
            lookups += sample.len();
            decoded.push(misses);
        }
    }
    decoded.sort_unstable();
    let misses: usize = decoded.iter().sum();
    Outcome { hit_rate: 1.0 - misses as f64 / lookups.max(1) as f64, decoded }
}

impl Outcome {
    fn mib_per_sample(&self) -> f64 {
        let chunks: usize = self.decoded.iter().sum();
        (chunks * CHUNK_BYTES) as f64 / self.decoded.len().max(1) as f64 / f64::from(1 << 20)
    }

    /// The chunks that a sample decodes which has more to decode than `percent` of them.
    fn at(&self, percent: usize) -> usize {
        self.decoded.get(self.decoded.len().saturating_sub(1) * percent / 100).copied().unwrap_or_default()
    }

    fn free_samples(&self) -> f64 {
        self.decoded.partition_point(|chunks| *chunks == 0) as f64 / self.decoded.len().max(1) as f64
    }
}

/// What the tables show.
pub fn preface(samples: usize) -> String {
    format!(
        "# Which chunks to keep\n\n{samples} samples as the sampler draws them, of which the second half is counted; \
         chunks of 64³ bytes; a sample asks array by array. *knows n samples*: beside the one being read the next n are \
         announced; what nobody announced leaves first, oldest first, then what is used last. *the cache itself*: the \
         real one, whose budget also holds the announcements and what a read holds until it has all of an array. Share: \
         the part of the data that fits.\n\n"
    )
}

/// The tables of one trace.
///
/// # Errors
/// None but of writing to a string.
pub fn of_trace(case: &Case, trace: &Trace) -> anyhow::Result<String> {
    let mut text = String::new();
    let local = if case.chunk_local > 1 { format!("chunk_local = {}", case.chunk_local) } else { "uniform".to_owned() };
    let per_sample = trace.samples.iter().map(Vec::len).sum::<usize>() as f64 / trace.samples.len().max(1) as f64;
    writeln!(
        text,
        "## {}³ crops out of {}³, {} arrays, {local}: {:.1} of {} chunks per sample\n\nHit rate, percent, and MiB decoded per \
         sample; at a share of 20 % also chunks decoded by the median, the 95th and the worst sample, and samples that \
         decode none.\n",
        case.crop, case.volume, case.arrays, per_sample, trace.chunks
    )?;
    let shares: String = SHARES.iter().map(|share| format!(" {share} % |")).collect();
    writeln!(text, "| policy |{shares} median | 95 % | worst | none |\n|---|{}", "---:|".repeat(SHARES.len() + 4))?;
    let rooms = SHARES.map(|share| (trace.chunks * share / 100).max(1));
    let mut rows: Vec<(String, Vec<Outcome>)> = Vec::new();
    for room in rooms {
        let mut policies = all(room);
        let per_read = (per_sample / case.arrays as f64).ceil() as usize;
        let fits = trace.chunks * CHUNK_BYTES <= LARGEST_BYTES;
        for ahead in [0, 16, 64].into_iter().filter(|_| fits) {
            let cache: Box<dyn Policy> = Box::new(Real::new(room, ahead, per_read));
            let told = if ahead == 0 { "told nothing".to_owned() } else { format!("told of {ahead}") };
            policies.push((format!("the cache itself, {told}"), cache));
        }
        for (row, (name, mut policy)) in policies.into_iter().enumerate() {
            let outcome = run(&mut *policy, trace);
            match rows.get_mut(row) {
                Some((_, outcomes)) => outcomes.push(outcome),
                None => rows.push((name, vec![outcome])),
            }
        }
    }
    for (name, outcomes) in &rows {
        write!(text, "| {name} |")?;
        for outcome in outcomes {
            write!(text, " {:.1} · {:.1} |", outcome.hit_rate * 100.0, outcome.mib_per_sample())?;
        }
        let Some(fifth) = outcomes.get(2) else { continue };
        let [median, most, worst] = [50, 95, 100].map(|percent| fifth.at(percent));
        writeln!(text, " {median} | {most} | {worst} | {:.1} % |", fifth.free_samples() * 100.0)?;
    }
    text.push('\n');
    Ok(text)
}
