//! What a crop says about one class: labels of its own, the presence of classes that exclude it, or nothing.

use super::ReadSource;
use super::encode::Labels;
use crate::Result;
use crate::catalog::{ClassLabels, LabelCrop, Relations};
use crate::geometry::{PatchGrid, Zyx};
use crate::volume::{Caches, LabelCodes, PatchOut, PatchReport, Resample, Volume, read_patch};

/// Where the labels of one class in one crop come from.
#[derive(Debug)]
pub(super) enum ClassSource<'a> {
    /// Nobody annotated it.
    Nowhere,
    /// It has labels.
    Labels(&'a ClassLabels),
    /// It has none, but classes that exclude it have.
    Excluded(Vec<&'a ClassLabels>),
}

impl<'a> ClassSource<'a> {
    /// Of `class` in `crop`, if there is a crop.
    pub(super) fn find(relations: &Relations, crop: Option<&'a LabelCrop>, class: &str) -> Self {
        let Some(crop) = crop else { return Self::Nowhere };
        if let Some(labels) = crop.labels(class) {
            return Self::Labels(labels);
        }
        let evidence = relations.evidence(crop, class);
        if evidence.is_empty() { Self::Nowhere } else { Self::Excluded(evidence) }
    }

    /// The array of class ids that this class is one of, if it is.
    pub(super) fn class_ids(&self) -> Option<&'a Volume> {
        match self {
            Self::Labels(labels) => Some(labels.volume.as_ref()).filter(|volume| volume.codes().meanings().is_some()),
            Self::Nowhere | Self::Excluded(_) => None,
        }
    }
}

/// Ids and mask of one class in a patch and a margin around it.
#[derive(Debug)]
pub(super) struct ClassPatch {
    shape: Zyx<usize>,
    margin: Zyx<usize>,
    ids: Vec<u64>,
    known: Vec<u8>,
}

/// A patch with so many more voxels on each side.
pub(super) fn grown(grid: &PatchGrid, margin: Zyx<usize>) -> PatchGrid {
    PatchGrid { shape: grid.shape.zip_map(margin, |n, margin| n + 2 * margin), ..*grid }
}

impl ClassPatch {
    /// An unread patch: everything unknown.
    pub(super) fn unknown(grid: &PatchGrid, margin: Zyx<usize>) -> Self {
        let shape = grown(grid, margin).shape;
        let len = shape.product();
        Self { shape, margin, ids: vec![0; len], known: vec![0; len] }
    }

    /// The patch `grid` with a margin, read as it is stored: what lies inside the volume is known.
    pub(super) fn stored(
        volume: &Volume,
        at: (&PatchGrid, Zyx<usize>),
        caches: &Caches,
    ) -> Result<(Self, PatchReport)> {
        let stored = volume.clone().with_codes(LabelCodes::stored());
        let mut patch = Self::unknown(at.0, at.1);
        let report = patch.read(&stored, at.0, caches)?;
        Ok((patch, report))
    }

    /// What a stored patch says about one class.
    pub(super) fn settled(&self, codes: &LabelCodes) -> Self {
        let voxels = self.ids.iter().zip(&self.known).map(|(id, inside)| {
            let (id, known) = if *inside == 0 { (0, false) } else { codes.settled(*id) };
            (id, u8::from(known))
        });
        let (ids, known) = voxels.unzip();
        Self { ids, known, ..*self }
    }

    /// Reads the labels of a class that has some or that others exclude, and says from where.
    pub(super) fn of(
        source: &ClassSource<'_>,
        (grid, margin): (&PatchGrid, Zyx<usize>),
        caches: &Caches,
        said: &mut ReadSource,
    ) -> Result<Self> {
        let mut patch = Self::unknown(grid, margin);
        match source {
            ClassSource::Nowhere => {}
            ClassSource::Labels(labels) => {
                let report = patch.read(&labels.volume, grid, caches)?;
                said.add(&report);
                said.level = Some(report.level);
            }
            ClassSource::Excluded(evidence) => patch.exclude(evidence, grid, caches, said)?,
        }
        Ok(patch)
    }

    fn exclude(
        &mut self,
        evidence: &[&ClassLabels],
        grid: &PatchGrid,
        caches: &Caches,
        said: &mut ReadSource,
    ) -> Result<()> {
        let grown = grown(grid, self.margin);
        let mut present = vec![0; self.ids.len()];
        for labels in evidence {
            let out = PatchOut::Present8(&mut present);
            said.add(&read_patch(&labels.volume, &grown, Resample::Nearest, caches, out, None)?);
            said.inferred_from.push(labels.class.clone());
            self.known.iter_mut().zip(&present).for_each(|(known, present)| *known |= present);
        }
        Ok(())
    }

    fn read(&mut self, volume: &Volume, grid: &PatchGrid, caches: &Caches) -> Result<PatchReport> {
        let grown = grown(grid, self.margin);
        let out = PatchOut::Ids64(&mut self.ids);
        read_patch(volume, &grown, Resample::Nearest, caches, out, Some(&mut self.known))
    }

    /// As the encodings see it.
    pub(super) fn labels(&self) -> Labels<'_> {
        Labels { shape: self.shape, margin: self.margin, ids: &self.ids, known: &self.known }
    }
}

impl ReadSource {
    /// Of an array and a class of which nothing was read yet.
    pub(super) fn nothing(array: &str, class: Option<&str>) -> Self {
        Self {
            array: array.to_owned(),
            class: class.map(str::to_owned),
            level: None,
            chunks: 0,
            absent_chunks: 0,
            inferred_from: Vec::new(),
        }
    }

    /// Counts what one more read took.
    pub(super) fn add(&mut self, report: &PatchReport) {
        self.chunks += report.chunks;
        self.absent_chunks += report.absent_chunks;
    }
}
