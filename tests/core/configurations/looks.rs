//! A sample that is looked at alone is the sample of the batch, and its last stage is what the batch holds.

use std::sync::Arc;

use microtome_core::loader::{Batch, BatchArray, Loader, LoaderConfig, Provenance, Role, params};
use microtome_core::sample::{AugmentPlan, Request};
use microtome_core::volume::{Buffer, Voxel};
use microtome_core::{Result, with_buffer};
use proptest::prelude::*;

use crate::keys::{self, Draft};
use crate::{dataset, for_drafts};

/// One sample of an array as plain numbers; NaN equals itself.
fn numbers(array: &BatchArray, sample: usize) -> Vec<(u64, u64)> {
    let len = array.data.len() / array.shape[0];
    let of = |bits: &[u64]| bits[sample * len..(sample + 1) * len].iter().map(|bits| (0, *bits)).collect::<Vec<_>>();
    let known = array.known.as_ref().map(|known| known[sample * len..(sample + 1) * len].to_vec());
    let known = known.into_iter().flatten().map(|known| (0, u64::from(known)));
    let values: Vec<_> = with_buffer!(&array.data, data => {
        data[sample * len..(sample + 1) * len].iter().map(|v| (v.to_f64().to_bits(), v.to_id())).collect()
    });
    values.into_iter().chain(known).chain(array.known_bits.as_deref().map(of).unwrap_or_default()).collect()
}

/// Requests by where their samples are in the batch.
type Made = (Loader, Batch, Vec<(usize, Request)>);

/// A loader of the draft, its first batch, and the requests of its samples that were not drawn twice.
fn made(draft: &Draft) -> Result<Made> {
    let config = LoaderConfig::from_file(&dataset::file(&draft.text()))?;
    let loader = Loader::new(Arc::new(config.open_catalog()?), config)?;
    let batch = loader.next_batch()?;
    let first = |(at, from): (usize, &Provenance)| {
        let is_own = from.attempt == 0 && from.lacking.is_none();
        is_own.then(|| loader.draw(from.epoch, from.index).map(|request| (at, request)))
    };
    let requests = batch.provenance.iter().enumerate().filter_map(first).collect::<Result<Vec<_>>>()?;
    Ok((loader, batch, requests))
}

#[test]
fn a_sample_that_is_looked_at_is_that_of_the_batch() {
    for_drafts(60, keys::drafts(0), |draft| {
        let Ok((loader, batch, requests)) = made(draft) else { return Ok(()) };
        let drawn = |loader: &Loader| loader.sources_report().iter().map(|row| row.samples).sum::<u64>();
        loader.pause();
        while loader.stats().memory.in_flight_bytes > 0 {
            std::thread::yield_now();
        }
        let before = drawn(&loader);
        for (at, request) in requests {
            let augment = &loader.config().augment;
            let plan = loader.plan(&request, augment, (request.epoch, request.index)).unwrap();
            prop_assert_eq!(&plan, &AugmentPlan::of(&request));
            let look = loader.look(&plan.applied_to(&request)).unwrap();
            let expected = Provenance { repeated: false, ..batch.provenance[at].clone() };
            prop_assert_eq!(&look.provenance[..], &[expected][..]);
            for (look, array) in look.arrays.iter().zip(batch.arrays.iter()) {
                prop_assert!(numbers(look, 0) == numbers(array, at), "{} differs in\n{}", array.name, draft.text());
            }
        }
        prop_assert_eq!(drawn(&loader), before, "a look is no draw");
        Ok(())
    });
}

#[test]
fn the_last_stage_of_a_chain_is_what_the_batch_holds() {
    for_drafts(60, keys::drafts(0), |draft| {
        let Ok((loader, batch, requests)) = made(draft) else { return Ok(()) };
        let Some(input) = batch.arrays.iter().position(|array| array.role == Role::Input) else { return Ok(()) };
        for (at, request) in requests {
            let (mut keys, mut last) = (Vec::new(), Vec::new());
            loader
                .chain(&request, |stage| {
                    keys.push(stage.key);
                    last = stage.voxels.to_vec();
                })
                .unwrap();
            let steps: Vec<_> = request.intensity.steps.iter().map(|step| step.key()).collect();
            prop_assert_eq!(&keys, &[&["cut", "spatial"][..], &steps[..]].concat());
            let Buffer::F32(held) = &batch.arrays[input].data else { continue };
            let of_sample = held.len() / batch.arrays[input].shape[0];
            let held = &held[at * of_sample..at * of_sample + last.len()];
            prop_assert!(
                held.iter().zip(&last).all(|(held, last)| held.to_bits() == last.to_bits()),
                "{}",
                draft.text()
            );
        }
        Ok(())
    });
}

#[test]
fn a_pinned_operation_leaves_the_others_as_they_were() {
    for_drafts(40, keys::drafts(0), |draft| {
        let Ok((loader, _, requests)) = made(draft) else { return Ok(()) };
        let values = params::values(loader.config()).unwrap();
        let operations = &loader.config().augment.intensity;
        for span in params::spans(&values) {
            let table = span.key.split('.').nth(1).unwrap().to_owned();
            if !operations.iter().any(|operation| operation.key() == table) {
                continue;
            }
            let pinned = params::pinned(&values, &span, span.to).unwrap();
            for (_, request) in &requests {
                let plan = loader.plan(request, &pinned.augment, (request.epoch, request.index)).unwrap();
                let others = |plan: &AugmentPlan| {
                    let steps = plan.intensity.steps.iter();
                    steps.filter(|step| step.key() != table).cloned().collect::<Vec<_>>()
                };
                let own = AugmentPlan::of(request);
                prop_assert_eq!(others(&plan), others(&own));
                prop_assert_eq!((plan.orientation, plan.warp), (own.orientation, own.warp));
                prop_assert!(plan.intensity.steps.iter().any(|step| step.key() == table), "{} is applied", table);
            }
        }
        Ok(())
    });
}
