//! What a sampler's strategy has to know about the content of its sources, and the sampler that knows it. Pure.

use std::sync::Arc;

use super::aim::Window;
use super::content::Content;
use super::guide::{Guide, Known};
use super::lattice::Footprint;
use super::sampler::Chooser;
use super::weights::{Weights, by_content};
use super::{Sampler, Source, Strategy};
use crate::catalog::{CountTable, SurveyBox, SurveyRow};
use crate::geometry::Zyx;
use crate::{Error, Result};

/// What has to be found out about the sources before samples are drawn.
#[derive(Debug, Clone, PartialEq)]
pub enum Needs {
    /// Nothing, or it is known.
    Nothing,
    /// How much there is of each class, see [`Sampler::with_counts`].
    Counts,
    /// Where classes are in these boxes, see [`Sampler::with_survey`].
    Survey(Vec<SurveyBox>),
}

impl Sampler {
    /// The array of `shape` voxels of `voxel_size_nm`, about the middle of the first one, that shows the class that a
    /// sample is drawn for. Else it is the first one.
    #[must_use]
    pub fn showing(mut self, shape: Zyx<usize>, voxel_size_nm: Zyx<f64>) -> Self {
        if let Chooser::Guided(guide) = &mut self.chooser {
            guide.target = (shape, voxel_size_nm);
        }
        self
    }

    /// What the strategy needs to know, and does not yet. Until then samples are drawn uniformly.
    #[must_use]
    pub fn needs(&self) -> Needs {
        let Chooser::Guided(guide @ Guide { known: Known::Nothing, .. }) = &self.chooser else { return Needs::Nothing };
        match guide.strategy {
            Strategy::Weighted => Needs::Counts,
            Strategy::ClassBalanced | Strategy::Foreground => {
                Needs::Survey(self.survey_boxes(guide).into_iter().map(|(_, place)| place).collect())
            }
            Strategy::Uniform | Strategy::Grid => Needs::Nothing,
        }
    }

    /// This sampler, knowing where `classes` are: [`Needs::Survey`].
    ///
    /// # Errors
    /// [`Error::Config`] if none of them is anywhere.
    pub fn with_survey(self, rows: Vec<SurveyRow>, classes: &[String]) -> Result<Self> {
        let Chooser::Guided(guide) = &self.chooser else { return Ok(self) };
        let boxes = self.survey_boxes(guide);
        let surveyed = |row: SurveyRow| {
            let crop = (row.dataset_index, row.crop_index);
            let (source, place) = boxes.iter().find(|(_, place)| (place.dataset_index, place.crop_index) == crop)?;
            Some(((*source, place.world_from_voxel), row))
        };
        let content = Content::new(classes, guide.target.0, rows.into_iter().filter_map(surveyed));
        if content.classes.is_empty() {
            return Err(nothing_present(classes));
        }
        Ok(self.knowing(Known::Content { content: Arc::new(content), runs: Arc::default() }))
    }

    /// This sampler, knowing how much there is of `classes`: [`Needs::Counts`].
    ///
    /// # Errors
    /// [`Error::Config`] if there is nothing of any.
    pub fn with_counts(self, counts: &CountTable, classes: &[String]) -> Result<Self> {
        let weights = by_content(&self.sources, counts, classes);
        if weights.iter().all(|weight| *weight == 0.0) {
            return Err(nothing_present(classes));
        }
        let weights = Weights::of(&weights, &self.positions)?;
        Ok(self.knowing(Known::Weights(weights)))
    }

    fn knowing(mut self, known: Known) -> Self {
        if let Chooser::Guided(guide) = &mut self.chooser {
            guide.known = known;
        }
        self
    }

    /// The boxes of the sources that can be drawn from, each with its source.
    fn survey_boxes(&self, guide: &Guide) -> Vec<(usize, SurveyBox)> {
        let table = self.positions.unmoved();
        let (shape, voxel_size_nm) = guide.target;
        let target = Footprint { shape, voxel_size_nm };
        let in_source = |(index, source): (usize, &Source)| {
            let crop_index = source.crop_index.filter(|_| self.positions.allow(index))?;
            let (region, _) = source.region(table.footprint.voxel_size_nm)?;
            let window = Window { lattice: table.lattice(index)?, primary: &table.footprint, target: &target };
            let (world_from_voxel, shape) = window.shown(&region);
            Some((index, SurveyBox { dataset_index: source.dataset_index, crop_index, world_from_voxel, shape }))
        };
        self.sources.iter().enumerate().filter_map(in_source).collect()
    }
}

fn nothing_present(classes: &[String]) -> Error {
    let problem = format!(
        "no crop that is drawn from holds any of {}; draw with strategy = \"uniform\", or check data.classes",
        classes.join(", ")
    );
    Error::Config { file: None, line: None, key: "sampling.strategy".to_owned(), problem }
}
