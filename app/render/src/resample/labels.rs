//! Looking up labels chunk by chunk: which voxels of the plane come from which chunk.

use std::sync::Arc;

use microtome_core::geometry::Zyx;

use super::device::Work;
use super::plan::{ClassFrom, LabelPlan};
use super::tables::LabelsUniform;
use super::{GROUP, Step, Steps, Target};
use crate::chunk_textures::ChunkTextures;

/// Words of an entry of the list: the pixel, and x, y, z of the texel.
const ENTRY: usize = 4;

/// Where in the list the voxels of a chunk are: chunk, first entry, entries.
type Ranges = Vec<(Zyx<u64>, u32, u32)>;

impl LabelPlan {
    /// Bytes of one word for each class and voxel.
    pub(super) fn bytes(&self) -> u64 {
        self.classes.len() as u64 * self.size.map(u64::from).iter().product::<u64>() * 4
    }

    /// Adds what looks all classes up.
    pub(super) fn steps(&self, textures: &mut ChunkTextures, steps: &mut Steps) {
        let mut lists: Vec<(&ClassFrom, Ranges)> = Vec::new();
        for (class, plan) in self.classes.iter().enumerate() {
            let Some(from) = &plan.from else { continue };
            // Classes mostly lie on one grid.
            let same = |list: &ClassFrom| {
                Arc::ptr_eq(&list.nearest, &from.nearest)
                    && list.source.geometry.chunk_shape == from.source.geometry.chunk_shape
            };
            let ranges = match lists.iter().find(|(list, _)| same(list)) {
                Some((_, ranges)) => ranges.clone(),
                None => {
                    let ranges = list(from, &mut steps.tables.0);
                    lists.push((from, ranges.clone()));
                    ranges
                }
            };
            let first = class as u32 * self.size[0] * self.size[1];
            for (chunk, at, count) in ranges {
                let Some(resident) = textures.used(&from.source.id(chunk)) else { continue };
                let [present, absent, unknown] = from.codes;
                let uniform = LabelsUniform {
                    range: [at, count, first, u32::from(from.presence_only)],
                    codes: [present, absent, unknown, None].map(Option::unwrap_or_default),
                    has: [
                        u32::from(present.is_some()),
                        u32::from(absent.is_some()),
                        u32::from(unknown.is_some()),
                        u32::from(resident.fill_bits.is_some()),
                    ],
                    fill: [resident.fill_bits.unwrap_or_default(), 0, 0, 0],
                };
                let texels = Some(resident.bind_group.clone());
                let groups = [count.div_ceil(GROUP), 1];
                let step = Step { work: Work::LookUpLabels, target: Target::Labels, groups, texels };
                steps.push(step, bytemuck::bytes_of(&uniform));
            }
        }
    }
}

/// Lists the voxels of a plane, chunk by chunk.
fn list(from: &ClassFrom, words: &mut Vec<u32>) -> Ranges {
    words.resize(words.len().next_multiple_of(ENTRY), 0);
    let mut chunks: Vec<(Zyx<u64>, Vec<u32>)> = Vec::new();
    let mut last = 0;
    for (pixel, voxel) in from.nearest.iter().enumerate() {
        let Some(voxel) = voxel else { continue };
        let (chunk, within) = from.place(*voxel);
        if chunks.get(last).is_none_or(|(known, _)| *known != chunk) {
            last = chunks.iter().position(|(known, _)| *known == chunk).unwrap_or_else(|| {
                chunks.push((chunk, Vec::new()));
                chunks.len() - 1
            });
        }
        chunks[last].1.extend([pixel as u32, within.x, within.y, within.z]);
    }
    let mut ranges = Ranges::new();
    for (chunk, entries) in chunks {
        ranges.push((chunk, (words.len() / ENTRY) as u32, (entries.len() / ENTRY) as u32));
        words.extend(entries);
    }
    ranges
}
