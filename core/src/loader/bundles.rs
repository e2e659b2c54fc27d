//! Which classes of a crop are read together: those of one bundle, or of one array of class ids.

use std::collections::BTreeMap;

use super::Encoding;
use super::array_layout::ArrayLayout;
use super::class_labels::ClassSource;
use super::engine::Engine;
use super::layout::BatchLayout;
use crate::catalog::{Catalog, ClassLabels, LabelCrop};
use crate::sample::Request;
use crate::volume::{ChunkCache, ClassBundle, Volume, VolumeId};

/// The bundles of every crop, of the classes of which targets want to know no more than whether they are there.
#[derive(Debug)]
pub(super) struct Bundles(Vec<Vec<CropBundles>>);

#[derive(Debug)]
struct CropBundles {
    bundles: Vec<ClassBundle>,
    /// Of each class its bundle and its bit in there.
    places: BTreeMap<String, (usize, usize)>,
}

/// Where what is wanted of a class in a sample comes from, if each voxel says it on its own.
#[derive(Debug)]
pub(super) enum LocalSource<'a> {
    /// A bit of a bundle; where it is set, the stored id is this one, if there is only one that says so.
    Bundle { bundle: &'a ClassBundle, bit: usize, id: Option<u64> },
    /// An array of class ids.
    ClassIds(&'a Volume),
    /// Labels of its own of which the ids are wanted, or other classes, or nothing.
    Alone(ClassSource<'a>),
}

/// Whether a bundle of bits has all that a target wants of a class.
fn suits_bundle(layout: &ArrayLayout, labels: &ClassLabels) -> bool {
    let says_all =
        layout.spec.encoding.says_presence() || (layout.spec.encoding == Encoding::Ids && has_one_id(labels));
    says_all && layout.classes.iter().flatten().any(|class| *class == labels.class)
}

fn has_one_id(labels: &ClassLabels) -> bool {
    labels.volume.codes().present_id().is_some()
}

impl Bundles {
    /// Reads nothing.
    pub(super) fn new(catalog: &Catalog, layout: &BatchLayout, cache: &ChunkCache) -> Self {
        let is_wanted = |labels: &ClassLabels| layout.arrays.iter().any(|array| suits_bundle(array, labels));
        let crops = |dataset: &crate::catalog::Dataset| {
            dataset.crops.iter().map(|crop| CropBundles::new(crop, is_wanted, cache)).collect()
        };
        Self(catalog.datasets.iter().map(crops).collect())
    }

    fn find(&self, request: &Request, class: &str) -> Option<(&ClassBundle, usize)> {
        let crop = self.0.get(request.dataset_index)?.get(request.crop_index?)?;
        let (bundle, bit) = crop.places.get(class)?;
        Some((&crop.bundles[*bundle], *bit))
    }
}

impl CropBundles {
    fn new(crop: &LabelCrop, is_wanted: impl Fn(&ClassLabels) -> bool, cache: &ChunkCache) -> Self {
        let labels: Vec<_> = crop.classes.iter().filter(|labels| is_wanted(labels)).collect();
        let volumes: Vec<_> = labels.iter().map(|labels| &*labels.volume).collect();
        let (mut bundles, mut places) = (Vec::new(), BTreeMap::new());
        for (bundle, members) in ClassBundle::group(&volumes, cache) {
            for (bit, member) in members.into_iter().enumerate() {
                places.insert(labels[member].class.clone(), (bundles.len(), bit));
            }
            bundles.push(bundle);
        }
        Self { bundles, places }
    }
}

impl LocalSource<'_> {
    /// What is read once for all classes that have it in common.
    pub(super) fn shared(&self) -> Option<VolumeId> {
        match self {
            Self::Bundle { bundle, .. } => Some(bundle.id()),
            Self::ClassIds(volume) => Some(volume.id()),
            Self::Alone(_) => None,
        }
    }

    /// The bit in its bundle.
    pub(super) const fn bit(&self) -> usize {
        match self {
            Self::Bundle { bit, .. } => *bit,
            Self::ClassIds(_) | Self::Alone(_) => 0,
        }
    }

    /// The array of class ids, read as of this class.
    pub(super) const fn class_ids(&self) -> Option<&Volume> {
        match self {
            Self::ClassIds(volume) => Some(*volume),
            Self::Bundle { .. } | Self::Alone(_) => None,
        }
    }
}

impl Engine {
    /// Where `class` in a sample comes from, in an encoding that [`Encoding::is_local`].
    pub(super) fn local_source(&self, request: &Request, class: &str, encoding: Encoding) -> LocalSource<'_> {
        let (_, crop) = self.place_of(request);
        let source = ClassSource::find(&self.relations, crop, class);
        let ClassSource::Labels(labels) = &source else { return LocalSource::Alone(source) };
        match self.bundles.find(request, class) {
            Some((bundle, bit)) if encoding.says_presence() || has_one_id(labels) => {
                LocalSource::Bundle { bundle, bit, id: labels.volume.codes().present_id() }
            }
            _ if labels.volume.codes().meanings().is_some() => LocalSource::ClassIds(&labels.volume),
            _ => LocalSource::Alone(source),
        }
    }
}
