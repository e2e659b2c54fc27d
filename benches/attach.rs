//! `bench-attach CONFIG.toml`: what looking at a loader costs it, as one table: nobody, a viewer of figures, a viewer of
//! everything, a recording. They take turns on one loader each, so that what the machine does beside hits all alike.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use microtome_core::catalog::Catalog;
use microtome_core::loader::{Loader, LoaderConfig};
use microtome_core::telemetry::Client;
use microtome_core::telemetry::serve::FileRecording;
use microtome_core::telemetry::wire::Wants;

/// Not counted before each turn.
const WARM_UP: Duration = Duration::from_millis(700);

/// Measures a configuration that nobody looks at against the same while somebody does.
#[derive(Parser)]
struct Args {
    /// The loader's configuration
    config: PathBuf,
    /// Seconds of a turn
    #[arg(long, default_value = "2")]
    seconds: f64,
    /// Turns of each
    #[arg(long, default_value = "7")]
    rounds: usize,
}

/// Who looks.
#[derive(Clone, Copy, PartialEq)]
enum Look {
    Nobody,
    Figures,
    Everything,
    Recording,
}

impl Look {
    const ALL: [Self; 4] = [Self::Nobody, Self::Figures, Self::Everything, Self::Recording];

    const fn words(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Figures => "a viewer of figures",
            Self::Everything => "a viewer of figures, spans and slices",
            Self::Recording => "a recording into a file",
        }
    }
}

fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let mut config = LoaderConfig::from_file(&args.config)?;
    config.telemetry.serve = Some("127.0.0.1:0".to_owned());
    let catalog = Arc::new(config.open_catalog()?);
    let folder = tempfile::tempdir()?;
    let mut rates = [const { Vec::new() }; Look::ALL.len()];
    for round in 0..args.rounds {
        for (index, look) in Look::ALL.into_iter().enumerate() {
            let file = folder.path().join(format!("{round}.microtome"));
            rates[index].push(turn(&catalog, &config, look, &file, args.seconds)?);
        }
    }
    let mut out = std::io::stdout();
    writeln!(out, "| who looks | samples/s (median) | against nobody, turn by turn: median | smallest | largest |")?;
    writeln!(out, "| --- | ---: | ---: | ---: | ---: |")?;
    for (index, look) in Look::ALL.into_iter().enumerate() {
        let mut ratios: Vec<f64> = rates[index].iter().zip(&rates[0]).map(|(rate, alone)| rate / alone).collect();
        ratios.sort_by(f64::total_cmp);
        let mut sorted = rates[index].clone();
        sorted.sort_by(f64::total_cmp);
        let (middle, last) = (ratios.len() / 2, ratios.len() - 1);
        writeln!(
            out,
            "| {} | {:.1} | {:.3} | {:.3} | {:.3} |",
            look.words(),
            sorted[middle],
            ratios[middle],
            ratios[0],
            ratios[last]
        )?;
    }
    Ok(())
}

/// Samples per second of one turn.
fn turn(
    catalog: &Arc<Catalog>,
    config: &LoaderConfig,
    look: Look,
    file: &std::path::Path,
    seconds: f64,
) -> anyhow::Result<f64> {
    let loader = Loader::new(Arc::clone(catalog), config.clone())?;
    let wants = Wants { spans: look == Look::Everything, slices: look == Look::Everything };
    let address = loader.served_at().map(|address| address.to_string()).unwrap_or_default();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let recording = (look == Look::Recording).then(|| loader.record(file, 256 << 20)).transpose()?;
        if matches!(look, Look::Figures | Look::Everything) {
            let mut client = Client::connect(&address, None, wants)?;
            let stop = &stop;
            scope.spawn(
                move || {
                    while !stop.load(Ordering::Relaxed) && client.next(Duration::from_millis(50)).is_ok() {}
                },
            );
        }
        let rate = measure(&loader, Duration::try_from_secs_f64(seconds)?);
        stop.store(true, Ordering::Relaxed);
        recording.map_or(Ok(()), FileRecording::finish)?;
        rate
    })
}

fn measure(loader: &Loader, long: Duration) -> anyhow::Result<f64> {
    let began = Instant::now();
    while began.elapsed() < WARM_UP {
        loader.next_batch()?;
    }
    let (began, mut samples) = (Instant::now(), 0);
    while began.elapsed() < long {
        samples += loader.next_batch()?.provenance.len();
    }
    Ok(samples as f64 / began.elapsed().as_secs_f64())
}
