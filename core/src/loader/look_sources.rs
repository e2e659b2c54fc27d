//! What a sample that is looked at is made of, for those who make it by other means than this crate.

use std::sync::Arc;

use super::class_labels::ClassSource;
use super::{ArraySpec, Loader, Role};
use crate::Result;
use crate::sample::{Request, Sampler};
use crate::volume::Volume;

/// Where the voxels of a sample's first input and first target come from.
#[derive(Debug, Clone)]
pub struct LookSources {
    /// The first channel of the first input; `None` if there is no input.
    pub input: Option<(ArraySpec, Volume)>,
    /// The first target: each class, in the order of the batch, by name; `None` if there is no target.
    pub target: Option<(ArraySpec, Vec<(String, LookedClass)>)>,
}

/// Where the labels of a class come from.
#[derive(Debug, Clone)]
pub enum LookedClass {
    /// Nobody annotated it.
    Nowhere,
    /// An array of its own, or class ids of which it is one.
    Labels(Arc<Volume>),
    /// It is known not to be where classes are that exclude it.
    Inferred,
}

impl Loader {
    /// What draws samples, once it has been prepared; drawing and planning with it read nothing.
    ///
    /// # Errors
    /// As [`Loader::draw`].
    pub fn sampler(&self) -> Result<Sampler> {
        self.engine.sampler(self.workers()?).cloned()
    }

    /// Where the voxels of a request's sample come from. Reads nothing.
    ///
    /// # Errors
    /// [`crate::Error::Config`] for a request of other data.
    pub fn look_sources(&self, request: &Request) -> Result<LookSources> {
        self.check(request)?;
        let engine = &*self.engine;
        let first = |role| engine.layout.arrays.iter().find(|array| array.role == role);
        let volume = engine.inputs.volume(0, request.dataset_index, 0).cloned();
        let input = first(Role::Input).map(|array| array.spec.clone()).zip(volume);
        let crop = engine.place_of(request).1;
        let class = |name: &Option<String>| {
            let name = name.clone()?;
            let source = match ClassSource::find(&engine.relations, crop, &name) {
                ClassSource::Nowhere => LookedClass::Nowhere,
                ClassSource::Labels(labels) => LookedClass::Labels(Arc::clone(&labels.volume)),
                ClassSource::Excluded(_) => LookedClass::Inferred,
            };
            Some((name, source))
        };
        let target = first(Role::Target).map(|array| {
            // Channels of one class follow each other.
            let mut classes: Vec<_> = array.classes.iter().filter_map(class).collect();
            classes.dedup_by(|a, b| a.0 == b.0);
            (array.spec.clone(), classes)
        });
        Ok(LookSources { input, target })
    }
}
