//! Simulated loaders with something slow planted in them: is it found, and does a remedy bring what is said?

use microtome_core::diagnose::{Diagnosis, InputBound, Limit, Station, Window};
use microtome_core::telemetry::Stage;
use microtome_core::testing::simulation::cases::{PlantedCase, planted_case, simulate, with_remedy};
use rayon::prelude::*;

/// Cases that are tried here; `bench-diagnose` tries 200.
const CASES: u64 = 60;

fn diagnose(case: &PlantedCase) -> Diagnosis {
    let outcome = simulate(&case.scene).unwrap();
    Diagnosis::of(&Window::between(&outcome.before, &outcome.after).unwrap())
}

#[test]
fn the_planted_stage_is_named() {
    let missed: Vec<_> = (0..CASES)
        .into_par_iter()
        .filter_map(|number| {
            let case = planted_case(number).unwrap();
            let diagnosis = diagnose(&case);
            (diagnosis.limit != case.planted)
                .then(|| format!("{number}: {:?}, not {:?}\n{diagnosis:#?}", diagnosis.limit, case.planted))
        })
        .collect();
    assert!(missed.len() as f64 <= 0.05 * CASES as f64, "{} of {CASES} missed:\n{}", missed.len(), missed.join("\n"));
}

#[test]
fn predicted_gains_are_near_those_of_the_changed_loader() {
    let tried: Vec<_> = (0..CASES)
        .into_par_iter()
        .flat_map_iter(|number| {
            let case = planted_case(number).unwrap();
            let remedies = diagnose(&case).remedies;
            remedies.into_iter().filter_map(move |remedy| {
                let changed = simulate(&with_remedy(&case.scene, &remedy)?).unwrap().samples_per_s();
                Some((number, remedy.kind, remedy.predicted_samples_per_s / changed))
            })
        })
        .collect();
    let wrong: Vec<_> = tried.iter().filter(|(_, _, ratio)| (ratio - 1.0).abs() > 0.2).collect();
    assert!(tried.len() > 30, "too few remedies to judge by: {}", tried.len());
    assert!(wrong.len() as f64 <= 0.2 * tried.len() as f64, "{} of {} wrong: {wrong:#?}", wrong.len(), tried.len());
}

#[test]
fn a_loader_that_is_fast_enough_is_not_blamed() {
    let mut case = planted_case(0).unwrap();
    assert_eq!(case.planted, Limit::Consumer);
    case.scene.consumer_s *= 3.0;
    let diagnosis = diagnose(&case);
    assert_eq!((diagnosis.input_bound, diagnosis.limit), (InputBound::Not, Limit::Consumer));
    assert!(diagnosis.findings.iter().all(|finding| finding.station == Station::Consumer), "{:#?}", diagnosis.findings);
    assert!(diagnosis.remedies.is_empty(), "{:#?}", diagnosis.remedies);
    assert!(diagnosis.verdict.starts_with("Not input-bound"), "{}", diagnosis.verdict);
}

#[test]
fn the_methods_agree_on_a_plain_case_and_the_law_of_utilisation_holds() {
    let mut case = (0..CASES)
        .map(|number| planted_case(number).unwrap())
        .find(|case| case.planted == Limit::Stage(Stage::Decode))
        .unwrap();
    case.scene.spread = 0.0;
    // Where threads need not wait for a processor.
    case.scene.cores = 4 * case.scene.threads;
    case.scene.consumer_s = 0.0;
    let diagnosis = diagnose(&case);
    assert!(diagnosis.findings.iter().all(|finding| finding.station == Station::Workers), "{:#?}", diagnosis.findings);
    assert_eq!(diagnosis.input_bound, InputBound::Highly);
    let utilisation = diagnosis.utilisation;
    let unexplained = utilisation.unexplained_cores().unwrap();
    assert!(unexplained.abs() < 0.02 * utilisation.measured_cores.unwrap() + 0.02, "{utilisation:?}");
}
