//! What a volume is made of: its levels with voxel size, element type, chunks and codec, and its size in memory and on disk.

use egui::{RichText, Ui};
use microtome_core::geometry::Zyx;
use microtome_core::store::Stored;
use microtome_core::volume::{Level, Volume};

use crate::command::{Command, DataCommand};
use crate::context::PaneContext;
use crate::format;
use crate::state::{CountJob, CountPhase, DiskView, ImageRef};

/// Draws it; asks for the sizes on disk when it is drawn for the first time.
pub fn image_ui(ui: &mut Ui, ctx: &PaneContext<'_>, image: ImageRef, volume: &Volume) {
    let job = CountJob::Disk(image);
    let none = DiskView::default();
    let disk = ctx.state.inventory.disk.get(&image).unwrap_or(&none);
    if disk.phase == CountPhase::NotAsked {
        ctx.send(Command::Data(DataCommand::Count(job)));
    }
    for (index, level) in volume.levels().iter().enumerate() {
        level_ui(ui, ctx, level, disk.levels.get(index), &disk.phase);
    }
    match &disk.phase {
        CountPhase::NotAsked | CountPhase::Counting => {
            ui.horizontal(|ui| {
                ui.weak("counting files…");
                let stop = ui.small_button("Stop").on_hover_text("Stop counting; what was counted stays.");
                if stop.clicked() {
                    ctx.send(Command::Data(DataCommand::StopCount(job)));
                }
            });
        }
        CountPhase::Stopped => {
            let again = ui.small_button("Count files").on_hover_text("List every file to say what they take on disk.");
            if again.clicked() {
                ctx.send(Command::Data(DataCommand::Count(job)));
            }
        }
        CountPhase::Failed(reason) => {
            ui.label(RichText::new(format!("size on disk unknown: {reason}")).small().color(ctx.theme.risk));
        }
        CountPhase::Done => {}
    }
}

fn level_ui(ui: &mut Ui, ctx: &PaneContext<'_>, level: &Level, stored: Option<&Stored>, phase: &CountPhase) {
    let name = if level.path.is_empty() { "array" } else { level.path.as_str() };
    let head = format!("{name}  {}  {}", shape(level.shape), level.dtype);
    ui.label(RichText::new(head).monospace().size(11.0));
    let lines = [
        format!("{} nm · {}", size(level.voxel_size_nm()), chunks(level)),
        format!("Zarr v{} · {}", level.zarr_format, codec(level)),
        format!("{} decoded · {}", format::bytes(decoded_bytes(level)), on_disk(stored, phase)),
    ];
    ui.indent(("level", &level.path), |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        for (line, tooltip) in lines.into_iter().zip(MEANINGS) {
            ui.label(RichText::new(line).small().color(ctx.theme.weak)).on_hover_text(tooltip);
        }
    });
}

const MEANINGS: [&str; 3] = [
    "Voxel size, z × y × x; then the voxels of a chunk, the unit that is read and decoded at once, and of a shard, the \
     file that holds several.",
    "Format of the store, and the codecs of a chunk, the outermost last.",
    "Bytes of the whole level in memory; bytes of its files, metadata among them, counted in the background.",
];

fn chunks(level: &Level) -> String {
    let chunks = format!("chunks {}", shape(level.chunk_shape));
    match level.shard_shape {
        Some(shard) => format!("{chunks} in shards {}", shape(shard)),
        None => chunks,
    }
}

fn codec(level: &Level) -> String {
    if level.codecs.is_empty() { "uncompressed".to_owned() } else { level.codecs.join(", ") }
}

fn decoded_bytes(level: &Level) -> u64 {
    let voxels = level.shape.to_array().into_iter().fold(1, u64::saturating_mul);
    voxels.saturating_mul(level.dtype.size_bytes() as u64)
}

/// What is known of the size on disk.
fn on_disk(stored: Option<&Stored>, phase: &CountPhase) -> String {
    match (stored, phase) {
        (Some(stored), _) => {
            let more = if stored.is_complete { "" } else { "more than " };
            let files = format::counted(stored.files, "file", "files");
            format!("{more}{} on disk in {files}", format::bytes(stored.bytes))
        }
        (None, CountPhase::NotAsked | CountPhase::Counting) => "counting…".to_owned(),
        (None, _) => "not counted".to_owned(),
    }
}

/// `50×100×200`
pub fn shape(voxels: Zyx<u64>) -> String {
    format!("{}×{}×{}", voxels.z, voxels.y, voxels.x)
}

/// `8` or `5.24×4×4`
pub fn size(nm: Zyx<f64>) -> String {
    let nm = nm.map(|v| (v * 1000.0).round() / 1000.0);
    if nm.z == nm.y && nm.y == nm.x { nm.x.to_string() } else { format!("{}×{}×{}", nm.z, nm.y, nm.x) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_that_ended_early_is_a_lower_bound_and_one_that_was_stopped_is_none() {
        let stored = Stored { bytes: 2048, files: 3, is_complete: true };
        assert_eq!(on_disk(Some(&stored), &CountPhase::Done), "2.0 KiB on disk in 3 files");
        let part = Stored { is_complete: false, ..stored };
        assert_eq!(on_disk(Some(&part), &CountPhase::Done), "more than 2.0 KiB on disk in 3 files");
        assert_eq!(on_disk(None, &CountPhase::Counting), "counting…");
        assert_eq!(on_disk(None, &CountPhase::Stopped), "not counted");
    }
}
