//! The rows about what is seen and how: views, layouts, places, colours, looks, panes.

use microtome_render::ColorMap;

use super::{CommandSpec, Menu, has_loader, is_open};
use crate::command::{Command, Key, Shortcut};
use crate::options::ThemeName;
use crate::state::{Arrangement, CropColor, PaneKind, Preset, State};

pub(super) fn view() -> Vec<CommandSpec> {
    use Menu::View;
    let spec = CommandSpec::new;
    vec![
        spec(View, Command::ToggleRaw, "EM", "Show the electron micrograph in the slices.")
            .check(|state| state.display.show_raw),
        spec(View, Command::ToggleLabels, "Labels", "Show labels as a coloured overlay.")
            .key(Shortcut::plain(Key::Char('L')))
            .check(|state| state.display.show_labels),
        spec(View, Command::ToggleBoxes, "Crop boxes", "Show where samples are drawn and where labels are.")
            .key(Shortcut::plain(Key::Char('B')))
            .check(|state| state.display.show_boxes),
        spec(
            View,
            Command::ToggleDensity,
            "Density of draws",
            "Where 10 000 draws would lie, without reading them; what none of them covers is amber.",
        )
        .key(Shortcut::plain(Key::Char('D')))
        .when(has_loader)
        .check(|state| state.display.show_density),
        spec(
            View,
            Command::ToggleChunks,
            "Chunk grid",
            "Show the chunks of the level on display, and which are there.",
        )
        .key(Shortcut::plain(Key::Char('C')))
        .check(|state| state.display.show_chunks),
        spec(
            View,
            Command::ToggleNetwork,
            "As the network sees it",
            "Show the data at the voxel size of training, clipped, normalised, with the classes of the targets.",
        )
        .key(Shortcut::plain(Key::Char('N')))
        .needs(|state| state.network_input().is_some(), "The configuration has no input.")
        .check(|state| state.network.is_on),
        spec(
            Menu::Contrast,
            Command::AutoContrast,
            "Auto contrast",
            "Spread the grey values on display over black to white.",
        )
        .key(Shortcut::plain(Key::Char('A')))
        .when(is_open),
        spec(
            Menu::Contrast,
            Command::AutoContrastActive,
            "Auto contrast of one view",
            "Spread what the slice that the pointer was last over shows over black to white, in it alone.",
        )
        .key(Shortcut::shift(Key::Char('A')))
        .when(is_open),
        spec(
            Menu::Contrast,
            Command::StopContrast,
            "Break off the contrast of one view",
            "Stop reading for it; the contrast stays as it is.",
        )
        .needs(|state| state.display.gauging.is_some(), "None is being measured."),
        spec(
            Menu::Contrast,
            Command::CommonContrast,
            "One contrast for all views",
            "No slice has a contrast of its own any more.",
        )
        .needs(|state| state.display.own_contrast.any(|own| own.is_some()), "No slice has one of its own."),
        spec(View, Command::ToggleColorByObject, "Colour by object", "A colour for each object, not for each class.")
            .check(|state| state.display.color_by_object),
        spec(View, Command::ToggleInvert, "Invert", "Draw low grey values bright and high ones dark.")
            .key(Shortcut::plain(Key::Char('V')))
            .check(|state| state.display.invert),
        spec(View, Command::ToggleSmooth, "Smooth", "Interpolate the EM between voxels; off, every voxel is a square.")
            .key(Shortcut::plain(Key::Char('I')))
            .check(|state| state.display.smooth),
        spec(
            View,
            Command::ResetView,
            "Fit the whole volume",
            "Fit the volume into the slices; or the overview, if the pointer was last over it.",
        )
        .key(Shortcut::plain(Key::Char('R')))
        .when(is_open),
        spec(View, Command::ToggleFullscreen, "Full screen", "Fill the screen, or leave it.")
            .key(Shortcut::plain(Key::F(11)))
            .check(|state| state.fullscreen),
        spec(View, Command::ResetLayout, "Reset layout", "Put every pane where the chosen layout has it at first."),
    ]
}

pub(super) fn layouts() -> Vec<CommandSpec> {
    const CHECKED: [fn(&State) -> bool; 3] = [
        |state| state.preset == Preset::Explore,
        |state| state.preset == Preset::Tune,
        |state| state.preset == Preset::Diagnose,
    ];
    let row = |(preset, checked): (Preset, fn(&State) -> bool)| {
        let label = format!("Layout: {}", preset.title());
        CommandSpec::new(Menu::View, Command::SetLayout(preset), &label, preset.purpose()).check(checked)
    };
    Preset::ALL.into_iter().zip(CHECKED).map(row).collect()
}

pub(super) fn arrangements() -> Vec<CommandSpec> {
    const CHECKED: [fn(&State) -> bool; 4] = [
        |state| state.views.arrangement == Arrangement::ALL[0],
        |state| state.views.arrangement == Arrangement::ALL[1],
        |state| state.views.arrangement == Arrangement::ALL[2],
        |state| state.views.arrangement == Arrangement::ALL[3],
    ];
    let row = |(arrangement, checked): (Arrangement, fn(&State) -> bool)| {
        let (title, purpose) = (arrangement.title(), arrangement.purpose());
        let spec = CommandSpec::new(Menu::Views, Command::Arrange(arrangement), title, purpose).check(checked);
        match arrangement {
            Arrangement::Datasets => spec.needs(
                |state| state.session.open().is_some_and(|data| data.catalog.datasets.len() > 1),
                "There is one dataset; open a folder or a configuration with several.",
            ),
            Arrangement::Four | Arrangement::One | Arrangement::Labels => spec,
        }
    };
    Arrangement::ALL.into_iter().zip(CHECKED).map(row).collect()
}

pub(super) fn crop_colors() -> Vec<CommandSpec> {
    const CHECKED: [fn(&State) -> bool; 4] = [
        |state| state.display.crop_color == CropColor::ALL[0],
        |state| state.display.crop_color == CropColor::ALL[1],
        |state| state.display.crop_color == CropColor::ALL[2],
        |state| state.display.crop_color == CropColor::ALL[3],
    ];
    let row = |(by, checked): (CropColor, fn(&State) -> bool)| {
        CommandSpec::new(Menu::CropColor, Command::SetCropColor(by), by.title(), by.purpose()).check(checked)
    };
    CropColor::ALL.into_iter().zip(CHECKED).map(row).collect()
}

pub(super) fn turns() -> Vec<CommandSpec> {
    const STEP: f64 = 15.0;
    let spec = |command, label, tooltip, key| {
        CommandSpec::new(Menu::Turn, command, label, tooltip).key(Shortcut::shift(key)).when(is_open)
    };
    let about = "Turns the slice that the pointer was last over by 15° about the cursor; Ctrl drag turns it freely.";
    let reset = "Every slice along the axes again.";
    let reset = CommandSpec::new(Menu::Turn, Command::ResetTurns, "Straighten the slices", reset)
        .key(Shortcut::shift(Key::Char('R')))
        .needs(|state| state.views.turned.any(|turned| turned.is_some()), "No slice is turned.");
    vec![
        spec(Command::TurnActive(-STEP, 0.0), "Turn the slice left", about, Key::Left),
        spec(Command::TurnActive(STEP, 0.0), "Turn the slice right", about, Key::Right),
        spec(Command::TurnActive(0.0, -STEP), "Turn the slice up", about, Key::Up),
        spec(Command::TurnActive(0.0, STEP), "Turn the slice down", about, Key::Down),
        reset,
    ]
}

pub(super) fn places() -> Vec<CommandSpec> {
    use Menu::View;
    let spec = |command, label, tooltip| CommandSpec::new(View, command, label, tooltip).when(is_open);
    let link = "Copy a link that opens this place in neuroglancer. Neuroglancer reads from the web: data in a local folder \
                need a server, whose address then replaces the path in the link.";
    vec![
        spec(Command::CopyPosition, "Copy position", "Copy cursor, zoom and dataset as a line of text.")
            .key(Shortcut::ctrl_shift(Key::Char('C'))),
        spec(Command::ToggleGoTo, "Go to position…", "Type or paste a position, such as a copied one, and go there.")
            .key(Shortcut::ctrl(Key::Char('G'))),
        spec(Command::CopyNeuroglancerLink, "Copy neuroglancer link", link),
    ]
}

pub(super) fn color_maps() -> Vec<CommandSpec> {
    const CHECKED: [fn(&State) -> bool; ColorMap::ALL.len()] = [
        |state| state.display.color_map == ColorMap::ALL[0],
        |state| state.display.color_map == ColorMap::ALL[1],
        |state| state.display.color_map == ColorMap::ALL[2],
        |state| state.display.color_map == ColorMap::ALL[3],
        |state| state.display.color_map == ColorMap::ALL[4],
    ];
    let row = |(map, checked): (ColorMap, fn(&State) -> bool)| {
        let label = format!("Colours: {}", map.name());
        let tooltip = "Draw the EM in these colours, from low to high.";
        CommandSpec::new(Menu::ColorMap, Command::SetColorMap(map), &label, tooltip).check(checked)
    };
    ColorMap::ALL.into_iter().zip(CHECKED).map(row).collect()
}

pub(super) fn slice_keys() -> Vec<CommandSpec> {
    use Menu::None;
    const PAN_POINTS: f64 = 60.0;
    const ZOOM: f64 = 1.25;
    let spec = |command, label, tooltip, key| {
        CommandSpec::new(None, command, label, tooltip).key(Shortcut::plain(key)).when(is_open)
    };
    let shifted = |command, label, tooltip, key| {
        CommandSpec::new(None, command, label, tooltip).key(Shortcut::shift(key)).when(is_open)
    };
    let slice = "Acts on the slice that the pointer was last over.";
    let active = "Acts on the view that the pointer was last over; the overview turns.";
    vec![
        spec(Command::StepActive(-1), "Previous slice", slice, Key::Char(',')),
        spec(Command::StepActive(1), "Next slice", slice, Key::Char('.')),
        shifted(Command::StepActive(-10), "Ten slices back", slice, Key::Char(',')),
        shifted(Command::StepActive(10), "Ten slices on", slice, Key::Char('.')),
        spec(Command::PanActive(-PAN_POINTS, 0.0), "Move left", active, Key::Left),
        spec(Command::PanActive(PAN_POINTS, 0.0), "Move right", active, Key::Right),
        spec(Command::PanActive(0.0, -PAN_POINTS), "Move up", active, Key::Up),
        spec(Command::PanActive(0.0, PAN_POINTS), "Move down", active, Key::Down),
        spec(Command::ZoomActive(ZOOM), "Zoom in", active, Key::Char('+')),
        spec(Command::ZoomActive(1.0 / ZOOM), "Zoom out", active, Key::Char('-')),
    ]
}

pub(super) fn panes() -> Vec<CommandSpec> {
    let show = PaneKind::ALL.into_iter().map(|kind| {
        let label = format!("Show {}", kind.title());
        CommandSpec::new(Menu::Pane, Command::ShowPane(kind), &label, kind.purpose())
    });
    let maximise = [PaneKind::SliceXy, PaneKind::SliceXz, PaneKind::SliceYz, PaneKind::Overview];
    let maximise = maximise.into_iter().zip('1'..).map(|(kind, digit)| {
        let label = format!("Maximise {}", kind.title());
        let tooltip = "This pane fills the middle; the same key brings the layout back.";
        CommandSpec::new(Menu::None, Command::ToggleMaximise(kind), &label, tooltip)
            .key(Shortcut::plain(Key::Char(digit)))
    });
    show.chain(maximise).collect()
}

pub(super) fn looks() -> Vec<CommandSpec> {
    let spec = |command, label, tooltip| CommandSpec::new(Menu::Look, command, label, tooltip);
    vec![
        spec(Command::ToggleTheme, "Light theme", "Dark text on light ground, or the other way round.")
            .check(|state| state.theme == ThemeName::Light),
        spec(
            Command::ToggleHighContrast,
            "High contrast theme",
            "White and yellow on black, for eyes or rooms that need it.",
        )
        .check(|state| state.theme == ThemeName::HighContrast),
        spec(Command::ScaleUi(1), "Larger text", "Everything in the window a step larger, but for the data.")
            .key(Shortcut::ctrl(Key::Char('+'))),
        spec(Command::ScaleUi(-1), "Smaller text", "Everything in the window a step smaller, but for the data.")
            .key(Shortcut::ctrl(Key::Char('-'))),
        spec(Command::ResetUiScale, "Text as usual", "Everything in the window as large as at first.")
            .key(Shortcut::ctrl(Key::Char('0')))
            .when(|state| state.ui_scale_steps != 0),
    ]
}
