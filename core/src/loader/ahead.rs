//! What coming batches will ask the chunk cache for, said before they do: draws are pure, so the future is known.

use super::Role;
use super::array_layout::ArrayLayout;
use super::bundles::LocalSource;
use super::class_labels::{ClassSource, grown};
use super::engine::Engine;
use super::epoch::Ticket;
use crate::Result;
use crate::geometry::PatchGrid;
use crate::sample::{Request, Sampler};
use crate::sync::Mutex;
use crate::telemetry::Stage;
use crate::volume::{Announcement, ChunkCache, ClassBundle, Resample, Volume, VolumeId, plan_patch};

/// Batches whose reads are announced at a time at most. What the cache remembers is bounded by its own budget, too.
const MOST_BATCHES: u64 = 256;

/// How far batches are announced.
#[derive(Debug, Default)]
pub(super) struct Ahead(Mutex<Horizon>);

#[derive(Debug, Default)]
struct Horizon {
    /// The first batch that is neither announced nor begun: what has begun is announced no more.
    next: u64,
    /// What that batch will look up, if it was planned and found no room.
    planned: Option<(u64, Announcement)>,
}

/// A batch that is being made.
#[derive(Debug)]
pub(super) struct Begun<'a> {
    chunks: &'a ChunkCache,
    number: u64,
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        self.chunks.forget(self.number);
    }
}

impl Engine {
    /// Batch `ticket` begins: announces those after it, as far as the cache wants to know. Once the answer is dropped, the
    /// batch is over.
    pub(super) fn announce_after(&self, ticket: &Ticket, sampler: &Sampler) -> Begun<'_> {
        let chunks = &self.caches.chunks;
        let mut horizon = self.ahead.0.lock();
        horizon.next = horizon.next.max(self.walk.after(ticket.number));
        chunks.begin(ticket.number);
        // As long as nothing had to leave there is nothing to choose.
        if chunks.stats().evictions > 0 {
            let _planning = self.caches.meter.start(Stage::Plan, || "reads to come".to_owned());
            let last = ticket.number.saturating_add(self.walk.stretch(MOST_BATCHES));
            while horizon.next <= last && !self.handover.is_stopped() {
                let next = horizon.next;
                let planned = horizon.planned.take().filter(|(number, _)| *number == next);
                let said = planned.map_or_else(|| self.reads_of(&self.epochs.ticket(next), sampler), |(_, said)| said);
                if !chunks.announce(next, &said) {
                    horizon.planned = Some((next, said));
                    break;
                }
                horizon.next = self.walk.after(next);
            }
        }
        Begun { chunks, number: ticket.number }
    }

    /// Everything that a batch will look up. What cannot be planned fails when it is read, and is left out.
    fn reads_of(&self, ticket: &Ticket, sampler: &Sampler) -> Announcement {
        let mut reads = Reads { engine: self, said: Announcement::new() };
        for place in ticket.first..ticket.first + ticket.samples as u64 {
            let request = sampler.draw(ticket.epoch, self.epochs.index_at(place).0, 0);
            for (index, layout) in self.layout.arrays.iter().enumerate() {
                let _unplanned = reads.add_array(&request, (index, layout));
            }
        }
        reads.said
    }
}

/// Reads of one batch, being collected.
struct Reads<'a> {
    engine: &'a Engine,
    said: Announcement,
}

impl Reads<'_> {
    fn add_array(&mut self, request: &Request, (index, layout): (usize, &ArrayLayout)) -> Result<()> {
        let engine = self.engine;
        let grid = request.grid_of(layout.spec.shape, layout.spec.voxel_size_nm);
        if layout.role == Role::Input {
            let channels = 0..layout.classes.len();
            let mut volumes =
                channels.filter_map(|channel| engine.inputs.volume(index, request.dataset_index, channel));
            return volumes.try_for_each(|volume| self.add(volume, &grid, Resample::Area));
        }
        let mut done: Vec<VolumeId> = Vec::new();
        for class in layout.classes.iter().flatten() {
            if layout.spec.encoding.is_local() {
                let source = engine.local_source(request, class, layout.spec.encoding);
                if source.shared().is_some_and(|id| done.contains(&id)) {
                    continue;
                }
                done.extend(source.shared());
                match &source {
                    LocalSource::Bundle { bundle, .. } => self.add_bundle(bundle, &grid)?,
                    LocalSource::ClassIds(volume) => self.add(volume, &grid, Resample::Nearest)?,
                    LocalSource::Alone(source) => self.add_class(source, &grid)?,
                }
                continue;
            }
            let source = ClassSource::find(&engine.relations, engine.place_of(request).1, class);
            if source.class_ids().is_some_and(|volume| done.contains(&volume.id())) {
                continue;
            }
            done.extend(source.class_ids().map(Volume::id));
            self.add_class(&source, &grown(&grid, layout.spec.margin()))?;
        }
        Ok(())
    }

    fn add_class(&mut self, source: &ClassSource<'_>, grid: &PatchGrid) -> Result<()> {
        match source {
            ClassSource::Nowhere => Ok(()),
            ClassSource::Labels(labels) => self.add(&labels.volume, grid, Resample::Nearest),
            ClassSource::Excluded(evidence) => {
                evidence.iter().try_for_each(|labels| self.add(&labels.volume, grid, Resample::Nearest))
            }
        }
    }

    fn add(&mut self, volume: &Volume, grid: &PatchGrid, resample: Resample) -> Result<()> {
        let planned = plan_patch(volume, grid, resample, &self.engine.caches)?;
        self.said.add(volume, &planned);
        Ok(())
    }

    fn add_bundle(&mut self, bundle: &ClassBundle, grid: &PatchGrid) -> Result<()> {
        let planned = plan_patch(bundle.volume(), grid, Resample::Nearest, &self.engine.caches)?;
        self.said.add_bundle(bundle, &planned);
        Ok(())
    }
}
