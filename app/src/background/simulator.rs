//! Many draws of the running loader's sampler, counted without reading anything.

use std::time::{Duration, Instant};

use microtome_core::catalog::Dataset;
use microtome_core::loader::Loader;
use microtome_core::sample::{Coverage, Simulation};

use crate::state::SimulationView;

/// Draws between two looks at whether anybody still wants them.
const AT_A_TIME: u64 = 64;
/// How often what was counted so far is told.
const TOLD_EVERY: Duration = Duration::from_millis(250);

/// Counts the first `draws` samples of the loader's epochs, one epoch after the other, as long as `is_wanted`; tells a few
/// times a second what was counted so far, and at the end.
///
/// # Errors
/// Labels that the sampler goes by cannot be read; the loader has stopped.
pub fn simulate(
    loader: &Loader,
    draws: u64,
    is_wanted: impl Fn() -> bool,
    tell: impl Fn(SimulationView),
) -> microtome_core::Result<()> {
    let per_epoch = loader.samples_per_epoch().max(1);
    let mut simulation = Simulation::new(loader.catalog().datasets.iter().map(|dataset| dataset.raw.bounds()));
    let mut told = Instant::now();
    for number in 0..draws {
        if number % AT_A_TIME == 0 {
            if !is_wanted() {
                return Ok(());
            }
            if told.elapsed() >= TOLD_EVERY {
                tell(view_of(loader, &simulation));
                told = Instant::now();
            }
        }
        simulation.add(&loader.draw(number / per_epoch, number % per_epoch)?);
    }
    tell(view_of(loader, &simulation));
    Ok(())
}

fn view_of(loader: &Loader, simulation: &Simulation) -> SimulationView {
    let of_dataset = |(dataset, coverage): (&Dataset, &Coverage)| {
        let crops: Vec<_> = dataset.crops.iter().map(|crop| crop.bounds).collect();
        coverage.never_covered(if crops.is_empty() { std::slice::from_ref(coverage.bounds()) } else { &crops })
    };
    let never_covered = loader.catalog().datasets.iter().zip(&simulation.datasets).map(of_dataset).collect();
    SimulationView { simulation: simulation.clone(), never_covered }
}
