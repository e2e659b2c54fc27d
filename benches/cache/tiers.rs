//! Whether a part of the budget should hold chunks as they are stored, so that they need not be read again: simulated.

use std::fmt::Write as _;

use crate::policies::{Foresight, Policy as _};
use microtome_core::testing::trace::{Case, Trace};

/// Bytes of a chunk as it is stored, of those of the entry that it is decoded to. An entry is a chunk of raw, or those of
/// eight classes as the bits of one byte; this and the times are of the case `u8, poor` in
/// `runs/2026-11-24-2-core-compare/results.json`: 1.44 MB fetched, 0.76 ms in fetches and 4.48 ms in decodes per sample that
/// makes 9.9 entries.
const ENCODED_SHARE: f64 = 0.555;
/// Decoding an entry.
const DECODE_US: f64 = 453.0;
/// Reading what an entry is decoded from, out of the operating system's cache of files.
const FETCH_US: f64 = 77.0;
/// How much longer a read takes: as measured, and from slower stores.
const SLOWER: [f64; 4] = [1.0, 5.0, 25.0, 125.0];
/// Percent of the budget for what is encoded.
const SHARES: [usize; 5] = [0, 10, 25, 50, 75];
/// Percent of the entries that the whole budget holds, decoded.
const BUDGETS: [usize; 3] = [10, 20, 40];
/// Samples that both tiers know beforehand.
const AHEAD: usize = 64;
/// Raw and eight classes are two entries at each place.
const CASE: Case = Case { volume: 500, arrays: 2, crop: 128, chunk_local: 1 };

/// What is used soonest is decoded, what is used next soonest encoded: what leaves the first tier goes to the second as if it
/// were encoded again at no cost, which no real cache can do, and none is in both. So this is the most that a second tier
/// can bring.
struct Tiers {
    decoded: Foresight,
    encoded: Foresight,
}

/// Per sample.
struct Outcome {
    decodes: f64,
    fetches: f64,
}

impl Tiers {
    fn new(budget: usize, encoded_percent: usize) -> Self {
        let encoded = budget as f64 * encoded_percent as f64 / 100.0;
        let decoded = budget - encoded.round() as usize;
        Self {
            decoded: Foresight::new(decoded, AHEAD),
            encoded: Foresight::new((encoded / ENCODED_SHARE) as usize, AHEAD),
        }
    }

    /// Runs a trace; the first half fills both tiers and is not counted.
    fn run(mut self, trace: &Trace) -> Outcome {
        let (counted, mut decodes, mut fetches) = (trace.samples.len() / 2, 0, 0);
        for (index, (sample, next)) in trace.samples.iter().zip(&trace.next).enumerate() {
            self.decoded.begin(index, trace);
            self.encoded.begin(index, trace);
            for (chunk, next) in sample.iter().zip(next) {
                let (hit, gone) = self.decoded.exchange(*chunk, *next);
                let fetched = !hit && !self.encoded.remove(*chunk);
                if let Some((gone, next)) = gone {
                    self.encoded.exchange(gone, next);
                }
                if index >= counted {
                    decodes += usize::from(!hit);
                    fetches += usize::from(fetched);
                }
            }
        }
        let per_sample = |count: usize| count as f64 / (trace.samples.len() - counted).max(1) as f64;
        Outcome { decodes: per_sample(decodes), fetches: per_sample(fetches) }
    }
}

impl Outcome {
    fn ms(&self, slower: f64) -> f64 {
        (self.decodes * DECODE_US + self.fetches * FETCH_US * slower) / 1000.0
    }
}

/// The table.
///
/// # Errors
/// A crop that does not fit.
pub fn table(samples: usize) -> anyhow::Result<String> {
    let trace = Trace::new(&CASE, samples)?;
    let mut text = format!(
        "## A second tier of chunks as they are stored\n\n128³ crops out of 500³, raw and eight classes in two entries at \
         each place, {AHEAD} samples known; simulated (what leaves the first tier is encoded again at no cost: the most that can be gained) with an encoded chunk of {ENCODED_SHARE} of its entry, {DECODE_US} µs \
         to decode and {FETCH_US} µs to read one from the operating system's cache of files. Times are those of both, in ms \
         per sample, and the ratio to the same budget without a second tier.\n\n| budget | encoded | decodes | reads |"
    );
    SLOWER.iter().for_each(|slower| text += &format!(" reads {:.2} ms |", FETCH_US * slower / 1000.0));
    writeln!(text, "\n|---:|---:|---:|---:|{}", "---:|".repeat(SLOWER.len()))?;
    for budget in BUDGETS {
        let room = trace.chunks * budget / 100;
        let plain = Tiers::new(room, 0).run(&trace);
        for share in SHARES {
            let outcome = Tiers::new(room, share).run(&trace);
            write!(text, "| {budget} % | {share} % | {:.1} | {:.1} |", outcome.decodes, outcome.fetches)?;
            for slower in SLOWER {
                let ms = outcome.ms(slower);
                write!(text, " {ms:.1} · {:.2} |", ms / plain.ms(slower))?;
            }
            text.push('\n');
        }
    }
    text.push('\n');
    Ok(text)
}
