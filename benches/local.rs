//! `bench-local CONFIG.toml`: what `sampling.chunk_local` brings, and what it costs, as one table. Loaders take turns.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser;
use microtome_core::geometry::{BoxNm, Zyx};
use microtome_core::loader::{Loader, LoaderConfig};
use microtome_core::telemetry::{Stage, Stats};

/// Cells along each axis in which samples are counted.
const CELLS: usize = 4;
/// Not counted before each turn.
const WARM_UP: Duration = Duration::from_secs(1);

/// Measures a configuration with several numbers of samples in a neighbourhood.
#[derive(Parser)]
struct Args {
    /// The loader's configuration; its `chunk_local` is set to each of the numbers
    config: PathBuf,
    /// Samples in a neighbourhood
    #[arg(long, value_delimiter = ',', default_value = "1,2,4,8,16,32,64")]
    local: Vec<u64>,
    /// Seconds of a turn
    #[arg(long, default_value = "3")]
    seconds: f64,
    /// Turns of each
    #[arg(long, default_value = "3")]
    rounds: usize,
}

/// What came of one number.
#[derive(Default)]
struct Outcome {
    rates: Vec<f64>,
    decoded_bytes: u64,
    hits: u64,
    lookups: u64,
    /// Of each turn, in the order of samples.
    boxes: Vec<Vec<BoxNm>>,
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let config = LoaderConfig::from_file(&args.config)?;
    let catalog = Arc::new(config.open_catalog()?);
    let mut outcomes: Vec<Outcome> = args.local.iter().map(|_| Outcome::default()).collect();
    for round in 0..args.rounds {
        for (local, outcome) in args.local.iter().zip(&mut outcomes) {
            let mut config = config.clone();
            config.sampling.chunk_local = *local;
            config.loader.seed += round as u64;
            let loader = Loader::new(Arc::clone(&catalog), config)?;
            outcome.take_turn(&loader, Duration::try_from_secs_f64(args.seconds)?)?;
        }
    }
    let all = || outcomes.iter().flat_map(|outcome| outcome.boxes.iter().flatten());
    let Some(room) = all().copied().reduce(|a, b| a.union(&b)) else { return Ok(()) };
    let mut out = std::io::stdout();
    writeln!(
        out,
        "| `chunk_local` | samples/s | decoded per sample | hits | in common with the next | unevenness | mean place |"
    )?;
    writeln!(out, "| ---: | ---: | ---: | ---: | ---: | ---: | --- |")?;
    for (local, outcome) in args.local.iter().zip(&mut outcomes) {
        writeln!(out, "{}", outcome.line(*local, &room))?;
    }
    Ok(())
}

impl Outcome {
    fn take_turn(&mut self, loader: &Loader, long: Duration) -> anyhow::Result<()> {
        let began = Instant::now();
        let mut boxes = Vec::new();
        while began.elapsed() < WARM_UP {
            boxes.extend(loader.next_batch()?.provenance.iter().map(|sample| sample.world_box));
        }
        let (before, began, warm) = (loader.stats(), Instant::now(), boxes.len());
        while began.elapsed() < long {
            boxes.extend(loader.next_batch()?.provenance.iter().map(|sample| sample.world_box));
        }
        self.rates.push((boxes.len() - warm) as f64 / began.elapsed().as_secs_f64());
        let after = loader.stats();
        self.decoded_bytes += decoded(&after) - decoded(&before);
        self.hits += after.chunk_cache.hits - before.chunk_cache.hits;
        let lookups = |stats: &Stats| stats.chunk_cache.hits + stats.chunk_cache.misses;
        self.lookups += lookups(&after) - lookups(&before);
        self.boxes.push(boxes.split_off(warm));
        Ok(())
    }

    fn samples(&self) -> usize {
        self.boxes.iter().map(Vec::len).sum()
    }

    fn line(&mut self, local: u64, room: &BoxNm) -> String {
        self.rates.sort_by(f64::total_cmp);
        let place = self.mean_place(room);
        format!(
            "| {local} | {:.0} | {:.1} MB | {:.0} % | {:.0} % | {:.1} | {:.2} {:.2} {:.2} |",
            self.rates[self.rates.len() / 2],
            self.decoded_bytes as f64 / 1e6 / self.samples() as f64,
            100.0 * self.hits as f64 / self.lookups as f64,
            100.0 * self.in_common(),
            self.unevenness(room),
            place.z,
            place.y,
            place.x,
        )
    }

    /// What part of a sample's box the next sample has, too, on average.
    fn in_common(&self) -> f64 {
        let share = |pair: &[BoxNm]| volume(&pair[0].intersection(&pair[1])) / volume(&pair[0]);
        let shares: Vec<f64> = self.boxes.iter().flat_map(|turn| turn.windows(2).map(share)).collect();
        shares.iter().sum::<f64>() / shares.len() as f64
    }

    /// The samples' centres in cells of the room they have: the variance of the counts over that of independent samples
    /// (chi square per degree of freedom): so many samples say as much of the volume as one independent one.
    fn unevenness(&self, room: &BoxNm) -> f64 {
        let mut counts = vec![0_u64; CELLS * CELLS * CELLS];
        for place in self.boxes.iter().flatten().map(|sample| place(sample, room)) {
            let cell = place.map(|place| ((place * CELLS as f64) as usize).min(CELLS - 1));
            counts[(cell.z * CELLS + cell.y) * CELLS + cell.x] += 1;
        }
        let expected = self.samples() as f64 / counts.len() as f64;
        let chi_square: f64 = counts.iter().map(|count| (*count as f64 - expected).powi(2) / expected).sum();
        chi_square / (counts.len() - 1) as f64
    }

    fn mean_place(&self, room: &BoxNm) -> Zyx<f64> {
        let sum = self.boxes.iter().flatten().fold(Zyx::splat(0.0), |sum, sample| sum + place(sample, room));
        sum * (1.0 / self.samples() as f64)
    }
}

/// Where a sample's centre lies in the room that centres have, 0 to 1.
fn place(sample: &BoxNm, room: &BoxNm) -> Zyx<f64> {
    let (center, half) = (sample.center_nm(), sample.extent_nm() * 0.5);
    let (lo, hi) = (room.lo + half, room.hi - half);
    Zyx::from_fn(|axis| (center[axis] - lo[axis]) / (hi[axis] - lo[axis]))
}

fn volume(of: &BoxNm) -> f64 {
    if of.is_empty() { 0.0 } else { of.extent_nm().product() }
}

fn decoded(stats: &Stats) -> u64 {
    stats.stages.iter().find(|row| row.stage == Stage::Decode).map_or(0, |row| row.bytes)
}
