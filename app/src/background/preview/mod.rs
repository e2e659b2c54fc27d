//! One sample for the pane Preview, drawn by the running loader: as it is, augmented, stage by stage, as pictures.

mod desk;
mod histogram;
mod scene;

use std::sync::Arc;

use microtome_core::Result;
use microtome_core::loader::{Augment, Batch, Loader};
use microtome_core::sample::{AugmentPlan, Request, Sampler};

pub(super) use desk::Desk;
use histogram::histograms;
use scene::{Scene, input_of, target_of};

use super::thumbnails::{Palette, Slice, grey, share};
use crate::format::drawn;
use crate::state::preview::{PreviewJob, PreviewPlace, PreviewView, Shot, Variant};

/// Does a job; `None` once it is not wanted any more, which is asked between one read and the next. `sampler` keeps that of the
/// loader from job to job.
///
/// # Errors
/// A sample that cannot be read; the loader has stopped.
pub(super) fn make(
    loader: &Loader,
    sampler: &mut Option<Arc<Sampler>>,
    job: &Arc<PreviewJob>,
    palette: &Palette,
    is_wanted: &dyn Fn() -> bool,
) -> Result<Option<PreviewView>> {
    let samples = loader.samples_per_epoch().max(1);
    let place = loader.draw(job.epoch, job.place % samples)?;
    let sampler = match sampler {
        Some(sampler) => Arc::clone(sampler),
        None => Arc::clone(sampler.insert(Arc::new(loader.sampler()?))),
    };
    let planned = |variant: &Variant| {
        let plan = loader.plan(&place, &variant.augment, (job.epoch, variant.numbers % samples))?;
        Ok(plan.applied_to(&place))
    };
    let look = |request: &Request| if is_wanted() { loader.look(request).map(Some) } else { Ok(None) };
    let Some(before) = look(&AugmentPlan::NOTHING.applied_to(&place))? else { return Ok(None) };
    let request = planned(&job.after)?;
    let Some(after) = look(&request)? else { return Ok(None) };
    let scene = Scene::new(loader.config(), &before, job.slice, palette);
    let shots = if job.stages {
        is_wanted().then(|| stages(loader, &request, &scene, (&before, &after))).transpose()?
    } else if job.variants.is_empty() {
        Some(vec![scene.shot("before".to_owned(), &before), scene.shot("after".to_owned(), &after)])
    } else {
        let shot =
            |variant: &Variant| Ok(look(&planned(variant)?)?.map(|made| scene.shot(variant.title.clone(), &made)));
        job.variants.iter().map(shot).collect::<Result<_>>()?
    };
    let Some(shots) = shots else { return Ok(None) };
    let (difference, largest_difference) = scene.difference(&before, &after);
    Ok(Some(PreviewView {
        job: Arc::clone(job),
        shots,
        difference,
        largest_difference,
        histograms: histograms(input_of(&before), input_of(&after)),
        label_share: share(loader.config(), input_of(&before), target_of(&before)),
        slice: scene.slice,
        slices: scene.slices,
        window: scene.window,
        place: Some(Arc::new(PreviewPlace {
            sources: loader.look_sources(&place)?,
            sampler,
            samples_per_epoch: samples,
            request: place,
        })),
        not_drawn: not_drawn(&job.after.augment, &request),
        provenance: after.provenance[0].clone(),
    }))
}

fn not_drawn(augment: &Augment, request: &Request) -> Vec<&'static str> {
    let is_drawn = |key: &str| request.intensity.steps.iter().any(|step| step.key() == key);
    augment.intensity.iter().map(|operation| operation.key()).filter(|key| !is_drawn(key)).collect()
}

/// A picture behind every stage, the first as the volume has it.
fn stages(
    loader: &Loader,
    request: &Request,
    scene: &Scene<'_>,
    (before, after): (&Batch, &Batch),
) -> Result<Vec<Shot>> {
    let provenance = &after.provenance[0];
    let lies = [format!("axes {}", drawn::axes(&provenance.grid.orientation))];
    let lies: Vec<_> = lies.into_iter().chain(drawn::warp(&provenance.grid.warp)).collect();
    let words = [String::new(), lies.join("\n")].into_iter().chain(drawn::intensity(provenance));
    let mut words = words.collect::<Vec<_>>().into_iter();
    let mut shots = Vec::new();
    loader.chain(request, |stage| {
        let plane = stage.shape.y * stage.shape.x;
        let values = stage.voxels[scene.slice * plane..(scene.slice + 1) * plane].to_vec();
        let slice = Slice { size: [stage.shape.x, stage.shape.y], values };
        let (title, labels) = match stage.key {
            "cut" => ("as cut out".to_owned(), scene.labels(before)),
            key => (key.replace('_', " "), scene.labels(after)),
        };
        shots.push(Shot {
            title,
            words: words.next().unwrap_or_default(),
            raw: grey(&slice, scene.window_of(&slice.values)),
            labels,
            took: Some(stage.took),
        });
    })?;
    Ok(shots)
}
