//! Which classes of a crop are read together: those of one bundle, or of one array of class ids.

use std::collections::BTreeMap;

use super::class_labels::ClassSource;
use super::engine::Engine;
use super::layout::BatchLayout;
use crate::catalog::{Catalog, LabelCrop};
use crate::sample::Request;
use crate::volume::{ClassBundle, Volume, VolumeId};

/// The bundles of every crop, of the classes that targets want to know the presence of.
#[derive(Debug)]
pub(super) struct Bundles(Vec<Vec<CropBundles>>);

#[derive(Debug)]
struct CropBundles {
    bundles: Vec<ClassBundle>,
    /// Of each class its bundle and its bit in there.
    places: BTreeMap<String, (usize, usize)>,
}

/// Where the presence of a class in a sample comes from.
#[derive(Debug)]
pub(super) enum PresenceSource<'a> {
    /// A bit of a bundle.
    Bundle(&'a ClassBundle, usize),
    /// An array of class ids.
    ClassIds(&'a Volume),
    /// Other classes, or nothing.
    Alone(ClassSource<'a>),
}

impl Bundles {
    /// Reads nothing.
    pub(super) fn new(catalog: &Catalog, layout: &BatchLayout) -> Self {
        let presence = layout.arrays.iter().filter(|array| array.spec.encoding.says_presence());
        let wanted: Vec<_> = presence.flat_map(|array| array.classes.iter().flatten()).collect();
        let crops = |dataset: &crate::catalog::Dataset| {
            dataset.crops.iter().map(|crop| CropBundles::new(crop, &wanted)).collect()
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
    fn new(crop: &LabelCrop, wanted: &[&String]) -> Self {
        let labels: Vec<_> = crop.classes.iter().filter(|labels| wanted.contains(&&labels.class)).collect();
        let volumes: Vec<_> = labels.iter().map(|labels| &*labels.volume).collect();
        let (mut bundles, mut places) = (Vec::new(), BTreeMap::new());
        for (bundle, members) in ClassBundle::group(&volumes) {
            for (bit, member) in members.into_iter().enumerate() {
                places.insert(labels[member].class.clone(), (bundles.len(), bit));
            }
            bundles.push(bundle);
        }
        Self { bundles, places }
    }
}

impl PresenceSource<'_> {
    /// What is read once for all classes that have it in common.
    pub(super) fn shared(&self) -> Option<VolumeId> {
        match self {
            Self::Bundle(bundle, _) => Some(bundle.id()),
            Self::ClassIds(volume) => Some(volume.id()),
            Self::Alone(_) => None,
        }
    }

    /// The bit in its bundle.
    pub(super) const fn bit(&self) -> usize {
        match self {
            Self::Bundle(_, bit) => *bit,
            Self::ClassIds(_) | Self::Alone(_) => 0,
        }
    }

    /// The array of class ids, read as of this class.
    pub(super) const fn class_ids(&self) -> Option<&Volume> {
        match self {
            Self::ClassIds(volume) => Some(*volume),
            Self::Bundle(..) | Self::Alone(_) => None,
        }
    }
}

impl Engine {
    /// Where the presence of `class` in a sample comes from.
    pub(super) fn presence_of(&self, request: &Request, class: &str) -> PresenceSource<'_> {
        if let Some((bundle, bit)) = self.bundles.find(request, class) {
            return PresenceSource::Bundle(bundle, bit);
        }
        let (_, crop) = self.place_of(request);
        match ClassSource::find(&self.relations, crop, class) {
            ClassSource::Labels(labels) if labels.volume.codes().meanings().is_some() => {
                PresenceSource::ClassIds(&labels.volume)
            }
            other => PresenceSource::Alone(other),
        }
    }
}
