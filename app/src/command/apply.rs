//! What each command does to the state.

use microtome_core::geometry::{Axis, BoxNm, Zyx};
use microtome_render::dot;

use super::attach::{self, is_about_attaching};
use super::tune::{self, is_about_config};
use super::{Command, data, export, overview, places, preview, views};
use crate::options::Start;
use crate::state::{Effect, LoaderPhase, Session, State, Viewport, Views};

/// Applies one command.
pub fn apply(state: &mut State, command: Command) {
    match command {
        Command::Open(start) => open(state, start),
        Command::ChooseFolder => state.effects.push(Effect::ChooseFolder),
        Command::ChooseConfig => state.effects.push(Effect::ChooseConfig),
        Command::TogglePathField => state.path_field_open = !state.path_field_open,
        Command::Close => state.effects.push(Effect::Close),
        Command::ForgetRecent => state.recent.clear(),
        Command::Quit => state.effects.push(Effect::Quit),
        Command::PlayPause => play_pause(state),
        Command::RestartLoader => state.effects.push(Effect::RestartLoader),
        Command::SetTrainingStep(step) => {
            state.training_step = step;
            state.effects.push(Effect::SetTrainingStep);
        }
        Command::StopLoader => state.effects.push(Effect::StopLoader),
        Command::ToggleTimelinePause => state.timeline.toggle_pause(),
        Command::ShowTimeline(range) => state.timeline.show(range),
        Command::FitTimeline => state.timeline.fit(),
        Command::SelectTimeline(range) => state.timeline.select(range),
        Command::SelectShownTimeline => state.timeline.select_shown(),
        Command::KeepTimeline => state.timeline.keep(),
        Command::ToggleFlame => state.timeline.toggle_flame(),
        Command::FindSpans(text) => state.timeline.find(&text),
        Command::StepSpans(by) => state.timeline.step_found(by),
        Command::ToggleMaximise(kind) => state.maximised = (state.maximised != Some(kind)).then_some(kind),
        Command::ShowPane(kind) => {
            state.maximised = None;
            views::make_room(state, kind);
            state.effects.push(Effect::ShowPane(kind));
        }
        Command::ResetLayout => {
            state.maximised = None;
            state.effects.push(Effect::SetLayout(state.preset));
        }
        Command::SetLayout(preset) => {
            state.maximised = None;
            state.preset = preset;
            state.effects.push(Effect::SetLayout(preset));
        }
        Command::SetTheme(theme) => state.theme = theme,
        Command::ToggleTheme => state.theme = state.theme.other(),
        Command::ToggleHighContrast => state.theme = state.theme.high_contrast_or_dark(),
        Command::ScaleUi(steps) => {
            state.ui_scale_steps = state.ui_scale_steps.saturating_add(steps).clamp(-UI_STEPS, UI_STEPS);
        }
        Command::ResetUiScale => state.ui_scale_steps = 0,
        Command::TogglePalette => state.palette_open = !state.palette_open,
        Command::ToggleHelp => state.help_open = !state.help_open,
        Command::ToggleFullscreen => {
            state.fullscreen = !state.fullscreen;
            state.effects.push(Effect::Fullscreen);
        }
        Command::Data(command) => data::apply(state, command),
        Command::DismissNotice(index) => state.log.dismiss(index),
        Command::DismissHint(hint) => drop(state.hints.seen.insert(hint)),
        Command::ToggleHints => state.hints.toggle(),
        Command::ClearLog => state.log.clear(),
        Command::Escape => escape(state),
        other if is_about_attaching(&other) => attach::apply(state, other),
        other if is_about_config(&other) => tune::apply(state, other),
        other => {
            let other = overview::apply(state, other).and_then(|other| places::apply(state, other));
            let other = other.and_then(|other| preview::apply(state, other));
            let other = other.and_then(|other| export::apply(state, other));
            let other = other.and_then(|other| views::apply(state, other));
            if let Some(other) = other {
                apply_to_slices(state, other);
            }
        }
    }
}

fn apply_to_slices(state: &mut State, command: Command) {
    match command {
        Command::ToggleRaw => state.display.show_raw = !state.display.show_raw,
        Command::ToggleLabels => state.display.show_labels = !state.display.show_labels,
        Command::SetLabelOpacity(opacity) => state.display.label_opacity = opacity.clamp(0.0, 1.0),
        Command::ToggleBoxes => state.display.show_boxes = !state.display.show_boxes,
        Command::ToggleDensity if state.display.show_density => state.display.show_density = false,
        Command::ToggleDensity => match &state.loader.simulation {
            Some(_) => state.display.show_density = true,
            None => simulate(state, DRAWS),
        },
        Command::SimulateDraws(draws) => simulate(state, draws),
        Command::StopSimulation => stop_simulation(state),
        Command::SetContrast(contrast) => {
            state.display.contrast = contrast;
            state.display.auto_contrast_pending = false;
        }
        Command::AutoContrast => auto_contrast(state),
        Command::SetClassVisible { crop, class, visible } => state.display.set_class_visible(crop, class, visible),
        Command::ShowDataset(index) => show_dataset(state, index),
        Command::StepSlice { axis, voxels } => step(state, axis, voxels),
        Command::StepActive(voxels) => step(state, state.views.active, voxels),
        Command::PanActive(right, down) => {
            let (right_axis, down_axis) = Views::plane_axes(state.views.active);
            state.views.center_nm[right_axis] += right * state.views.nm_per_point;
            state.views.center_nm[down_axis] += down * state.views.nm_per_point;
            keep_center_near(state);
        }
        Command::Pan(by_nm) => {
            state.views.center_nm = state.views.center_nm + by_nm;
            keep_center_near(state);
        }
        Command::Zoom { normal, about_nm, factor } => zoom(state, normal, about_nm, factor),
        Command::ZoomActive(factor) => {
            let middle_nm = state.views.slice_view(state.views.active).center_nm;
            zoom(state, state.views.active, middle_nm, factor);
        }
        Command::MoveCursor(to_nm) => state.views.cursor_nm = inside(state, to_nm),
        Command::HoldBatch(hold) => state.loader.hold_batch = hold,
        Command::Hover(hover) => {
            if let Some((normal, side, _)) = hover {
                state.views.active = normal;
                state.views.hover_side = side;
                state.views.overview_active = false;
            }
            state.views.hover_nm = hover.map(|(_, _, at_nm)| at_nm);
        }
        Command::SetViewport { normal, points, pixels } => {
            state.views.viewport[normal] = Viewport { points, pixels, visible: true };
        }
        Command::ToggleColorByObject => state.display.color_by_object = !state.display.color_by_object,
        Command::ToggleChunks => state.display.show_chunks = !state.display.show_chunks,
        Command::SetColorMap(map) => state.display.color_map = map,
        Command::ToggleInvert => state.display.invert = !state.display.invert,
        Command::ToggleSmooth => state.display.smooth = !state.display.smooth,
        Command::ResetView => reset_view(state),
        Command::FlyTo { dataset, target } => fly_to(state, dataset, &target),
        Command::SelectCrop(index) => select_crop(state, index),
        _ => {}
    }
}

/// Steps that everything in the window can be made larger or smaller by.
const UI_STEPS: i8 = 8;

/// Draws that are simulated if nobody says how many.
const DRAWS: u64 = 10_000;

fn simulate(state: &mut State, draws: u64) {
    if matches!(state.loader.phase, LoaderPhase::Running | LoaderPhase::Paused) {
        state.display.show_density = true;
        state.loader.simulating = Some(draws);
        state.effects.push(Effect::Simulate(Some(draws)));
    }
}

/// Spreads what is on display over black to white; at once if it is known, else when it is.
pub fn auto_contrast(state: &mut State) {
    let raw = state.session.open().and_then(|data| data.dataset()).map(|set| &set.raw);
    let fill = raw.and_then(|raw| raw.levels().first()).map_or(0.0, |level| level.fill_value);
    let found = state.histogram.as_ref().and_then(|histogram| histogram.auto_contrast(fill));
    state.display.auto_contrast_pending = found.is_none();
    if let Some(contrast) = found {
        state.display.contrast = contrast;
    }
}

fn open(state: &mut State, start: Start) {
    if start != Start::Empty {
        state.asked = start.clone();
        state.session = Session::Opening { path: start.words().into() };
        (state.export.layer, state.export.level) = (0, None);
        state.path_field_open = false;
        state.attach.open = false;
        state.effects.push(Effect::Open(start));
    }
}

fn stop_simulation(state: &mut State) {
    if state.loader.simulating.take().is_some() {
        state.effects.push(Effect::Simulate(None));
    }
}

fn play_pause(state: &mut State) {
    match &state.session {
        // One that has gone is looked for again.
        Session::Remote(remote) if matches!(state.loader.phase, LoaderPhase::Failed(_)) => {
            let source = remote.source.clone();
            open(state, source);
            return;
        }
        Session::Remote(remote) if remote.can_be_tuned() => {}
        Session::Open(_) => {}
        _ => return,
    }
    match state.loader.phase {
        LoaderPhase::Off | LoaderPhase::Failed(_) => state.effects.push(Effect::StartLoader),
        LoaderPhase::Running => {
            state.loader.phase = LoaderPhase::Paused;
            state.effects.push(Effect::PauseLoader);
        }
        LoaderPhase::Paused => {
            state.loader.phase = LoaderPhase::Running;
            state.effects.push(Effect::ResumeLoader);
        }
    }
}

fn escape(state: &mut State) {
    if state.palette_open {
        state.palette_open = false;
    } else if state.path_field_open {
        state.path_field_open = false;
    } else if state.attach.open {
        state.attach.open = false;
    } else if state.attach.record_field_open {
        state.attach.record_field_open = false;
    } else if state.go_to_open {
        state.go_to_open = false;
    } else if state.export.open {
        state.export.open = false;
    } else if state.save_field_open {
        state.save_field_open = false;
    } else if state.help_open {
        state.help_open = false;
    } else if !state.search.text.is_empty() {
        data::search(state, String::new());
    } else if state.views.ruler.is_some() {
        state.views.ruler = None;
    } else if state.maximised.is_some() {
        state.maximised = None;
    } else {
        state.display.selected_crop = None;
    }
}

/// Keeps a point inside the shown dataset, on a voxel's centre or between the outermost ones.
fn inside(state: &State, point_nm: Zyx<f64>) -> Zyx<f64> {
    let Some(level) = state.session.open().and_then(|data| data.dataset()).and_then(|set| set.raw.levels().first())
    else {
        return point_nm;
    };
    let bounds = level.bounds();
    let half = level.voxel_size_nm() * 0.5;
    let (lo, hi) = (bounds.lo + half, bounds.hi - half);
    Zyx::from_fn(|axis| point_nm[axis].clamp(lo[axis].min(hi[axis]), hi[axis].max(lo[axis])))
}

fn step(state: &mut State, axis: Axis, voxels: i64) {
    let Some(grid) = state.session.open().and_then(|data| data.dataset()).and_then(|set| set.raw.levels().first())
    else {
        return;
    };
    if let Some(basis) = state.views.turned[axis] {
        // As far as the voxels of the finest level lie apart in this direction.
        let normal = basis.normal(axis);
        let voxels_per_nm = normal / grid.voxel_size_nm();
        let step_nm = voxels as f64 / dot(voxels_per_nm, voxels_per_nm).sqrt();
        let to_nm = state.views.cursor_nm + normal * step_nm;
        // Beyond the volume there is nothing to go to, and a cursor moved back into it would leave the plane's direction.
        if inside(state, to_nm) == to_nm {
            state.views.cursor_nm = to_nm;
        }
        return;
    }
    // From centre to centre, so that a slice always shows one plane of voxels.
    let transform = grid.world_from_voxel;
    let mut voxel = transform.voxel_from_world(state.views.cursor_nm);
    voxel[axis] = voxel[axis].round() + voxels as f64;
    state.views.cursor_nm = inside(state, transform.world_from_voxel(voxel));
}

fn zoom(state: &mut State, normal: Axis, about_nm: Zyx<f64>, factor: f64) {
    const FINEST_VOXELS_PER_POINT: f64 = 1.0 / 64.0;
    if !factor.is_finite() || factor <= 0.0 {
        return;
    }
    let Some(data) = state.session.open() else { return };
    let Some(set) = data.dataset() else { return };
    let voxel = set
        .raw
        .levels()
        .first()
        .map_or(1.0, |level| level.voxel_size_nm().to_array().into_iter().fold(f64::MAX, f64::min));
    let extent = set.raw.bounds().extent_nm().to_array().into_iter().fold(1.0, f64::max);
    let old = state.views.nm_per_point;
    // At the far end the whole volume is still 40 points wide.
    let new = (old / factor).clamp(voxel * FINEST_VOXELS_PER_POINT, (extent / 40.0).max(voxel));
    let about_nm = state.views.straightened(normal, about_nm);
    let (right, down) = Views::plane_axes(normal);
    for axis in [right, down] {
        let offset = state.views.center_nm[axis] - about_nm[axis];
        state.views.center_nm[axis] = about_nm[axis] + offset * (new / old);
    }
    state.views.nm_per_point = new;
    keep_center_near(state);
}

/// A volume that was pushed off the screen is lost; its edge stays at the middle.
fn keep_center_near(state: &mut State) {
    if let Some(bounds) = state.session.open().and_then(|data| data.bounds()) {
        let center = state.views.center_nm;
        state.views.center_nm = Zyx::from_fn(|axis| center[axis].clamp(bounds.lo[axis], bounds.hi[axis]));
    }
}

/// Fits the whole volume.
pub fn reset_view(state: &mut State) {
    if let Some(bounds) = state.session.open().and_then(|data| data.bounds()) {
        state.views.fit(&bounds);
        state.views.cursor_nm = snapped(state, bounds.center_nm());
    }
}

/// The centre of the voxel that contains a point.
fn snapped(state: &State, point_nm: Zyx<f64>) -> Zyx<f64> {
    let level = state.session.open().and_then(|data| data.dataset()).and_then(|set| set.raw.levels().first());
    let Some(level) = level else { return point_nm };
    let voxel = level.world_from_voxel.voxel_containing(point_nm).map(|v| v as f64);
    inside(state, level.world_from_voxel.world_from_voxel(voxel))
}

/// Puts another dataset into the slices.
pub(super) fn show_dataset(state: &mut State, index: usize) {
    if let Session::Open(data) = &mut state.session
        && index < data.catalog.datasets.len()
        && index != data.dataset_index
    {
        data.show(index);
        state.display.forget_dataset(data.hidden_at_first());
        state.views.begin_dataset();
        state.readout = None;
        state.histogram = None;
        reset_view(state);
    }
}

/// Moves cursor and centre to a point (nm) and, if one is given, the zoom to so many nm per point.
pub(super) fn look_at(state: &mut State, point_nm: Zyx<f64>, nm_per_point: Option<f64>) {
    state.views.cursor_nm = snapped(state, point_nm);
    state.views.center_nm = point_nm;
    keep_center_near(state);
    if let Some(nm_per_point) = nm_per_point {
        let factor = state.views.nm_per_point / nm_per_point;
        zoom(state, state.views.active, state.views.center_nm, factor);
    }
}

fn fly_to(state: &mut State, dataset: usize, target: &BoxNm) {
    show_dataset(state, dataset);
    let center = target.center_nm();
    state.views.cursor_nm = snapped(state, center);
    state.views.center_nm = center;
    state.views.show_whole(target);
    keep_center_near(state);
}

fn select_crop(state: &mut State, index: usize) {
    let Some(crop) = state.loader.batch.as_ref().and_then(|batch| batch.crops.get(index)) else { return };
    let (epoch, number) = (crop.provenance.epoch, crop.provenance.index);
    let (dataset, world_box) = (crop.provenance.dataset_index, crop.provenance.world_box);
    fly_to(state, dataset, &world_box);
    state.display.selected = Some(world_box);
    state.display.selected_crop = Some(index);
    state.preview.ask.show(epoch, number);
}
