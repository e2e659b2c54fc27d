//! Colour maps: the one table that the shader, its twin, legends and swatches read.

use std::sync::OnceLock;

/// Entries of a colour map.
pub const LUT_WIDTH: usize = 256;

/// One colour map, sRGB, from low to high.
pub type Lut = [[u8; 3]; LUT_WIDTH];

/// How a value becomes a colour. Grey is what microscopists expect; the others are even to the eye and safe for
/// readers who do not tell red from green.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ColorMap {
    /// Black to white.
    #[default]
    Grey,
    /// matplotlib's viridis (CC0).
    Viridis,
    /// matplotlib's inferno (CC0): dark, glowing, and fire-like at the top.
    Inferno,
    /// matplotlib's magma (CC0).
    Magma,
    /// matplotlib's cividis (CC0).
    Cividis,
}

static VIRIDIS: Lut = parse(include_bytes!("../../../assets/colormaps/viridis.hex"));
static INFERNO: Lut = parse(include_bytes!("../../../assets/colormaps/inferno.hex"));
static MAGMA: Lut = parse(include_bytes!("../../../assets/colormaps/magma.hex"));
static CIVIDIS: Lut = parse(include_bytes!("../../../assets/colormaps/cividis.hex"));
static GREY: Lut = grey();

impl ColorMap {
    /// All maps, in menu order; the order of the rows in the table of maps.
    pub const ALL: [Self; 5] = [Self::Grey, Self::Viridis, Self::Inferno, Self::Magma, Self::Cividis];

    /// Lower-case name for menus and settings.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Grey => "grey",
            Self::Viridis => "viridis",
            Self::Inferno => "inferno",
            Self::Magma => "magma",
            Self::Cividis => "cividis",
        }
    }

    /// The colours from low to high.
    #[must_use]
    pub fn lut(self) -> &'static Lut {
        match self {
            Self::Grey => &GREY,
            Self::Viridis => &VIRIDIS,
            Self::Inferno => &INFERNO,
            Self::Magma => &MAGMA,
            Self::Cividis => &CIVIDIS,
        }
    }

    /// sRGB colour of `t` from 0 (low) to 1 (high), interpolated between entries; clamped outside.
    #[must_use]
    pub fn color(self, t: f32) -> [f32; 3] {
        let at = t.clamp(0.0, 1.0) * (LUT_WIDTH - 1) as f32;
        let below = (at.floor() as usize).min(LUT_WIDTH - 2);
        let share = at - below as f32;
        let lut = self.lut();
        std::array::from_fn(|channel| {
            let (low, high) = (f32::from(lut[below][channel]), f32::from(lut[below + 1][channel]));
            (low + (high - low) * share) / 255.0
        })
    }

    /// Row of the map in [`lut_rgba`].
    pub(crate) const fn row(self) -> u32 {
        match self {
            Self::Grey => 0,
            Self::Viridis => 1,
            Self::Inferno => 2,
            Self::Magma => 3,
            Self::Cividis => 4,
        }
    }
}

/// Row of the label palette in [`lut_rgba`]: after the colour maps.
pub(crate) const LABEL_ROW: u32 = ColorMap::ALL.len() as u32;

/// All colour maps and the label palette as RGBA rows, for one texture.
pub(crate) fn lut_rgba() -> Vec<u8> {
    let rows = ColorMap::ALL.iter().map(|map| map.lut()).chain(std::iter::once(label_palette()));
    rows.flatten().flat_map(|[r, g, b]| [*r, *g, *b, 255]).collect()
}

/// Colours for object ids: hues by the golden angle, in three lightnesses, vivid enough to show over grey.
pub(crate) fn label_palette() -> &'static Lut {
    static PALETTE: OnceLock<Lut> = OnceLock::new();
    PALETTE.get_or_init(|| {
        const GOLDEN_ANGLE: f32 = 2.399_963_2;
        const LIGHTNESS: [f32; 3] = [0.72, 0.82, 0.63];
        std::array::from_fn(|i| srgb_from_oklch(LIGHTNESS[i % 3], 0.18, i as f32 * GOLDEN_ANGLE))
    })
}

/// sRGB of a colour in OKLCH (Björn Ottosson, "A perceptual color space for image processing", 2020); chroma is
/// reduced until the colour exists in sRGB. `hue` in radians.
fn srgb_from_oklch(lightness: f32, chroma: f32, hue: f32) -> [u8; 3] {
    let mut chroma = chroma;
    loop {
        let linear = linear_srgb_from_oklab(lightness, chroma * hue.cos(), chroma * hue.sin());
        if chroma <= 0.0 || linear.iter().all(|c| (0.0..=1.0).contains(c)) {
            return linear.map(|c| (encode_srgb(c.clamp(0.0, 1.0)) * 255.0).round() as u8);
        }
        chroma -= 0.005;
    }
}

fn linear_srgb_from_oklab(lightness: f32, a: f32, b: f32) -> [f32; 3] {
    let l = (lightness + 0.396_337_78 * a + 0.215_803_76 * b).powi(3);
    let m = (lightness - 0.105_561_346 * a - 0.063_854_17 * b).powi(3);
    let s = (lightness - 0.089_484_18 * a - 1.291_485_5 * b).powi(3);
    [
        4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_94 * s,
        -1.268_438 * l + 2.609_757_4 * m - 0.341_319_4 * s,
        -0.004_196_086 * l - 0.703_418_6 * m + 1.707_614_7 * s,
    ]
}

fn encode_srgb(linear: f32) -> f32 {
    if linear <= 0.003_130_8 { linear * 12.92 } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 }
}

const fn grey() -> Lut {
    let mut lut = [[0; 3]; LUT_WIDTH];
    let mut i = 0;
    while i < LUT_WIDTH {
        lut[i] = [i as u8; 3];
        i += 1;
    }
    lut
}

/// Reads a table of 256 lines `rrggbb`; a broken table does not compile.
const fn parse(text: &[u8]) -> Lut {
    const LINE_BYTES: usize = 7;
    assert!(text.len() == LUT_WIDTH * LINE_BYTES, "256 lines of rrggbb");
    let mut lut = [[0; 3]; LUT_WIDTH];
    let mut i = 0;
    while i < LUT_WIDTH * 3 {
        let at = i / 3 * LINE_BYTES + i % 3 * 2;
        lut[i / 3][i % 3] = hex_digit(text[at]) * 16 + hex_digit(text[at + 1]);
        i += 1;
    }
    lut
}

const fn hex_digit(byte: u8) -> u8 {
    if byte.is_ascii_digit() {
        return byte - b'0';
    }
    assert!(matches!(byte, b'a'..=b'f'), "a hexadecimal digit");
    byte - b'a' + 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_get_lighter_from_low_to_high() {
        for map in ColorMap::ALL {
            let luma = |c: &[u8; 3]| 0.2126 * f32::from(c[0]) + 0.7152 * f32::from(c[1]) + 0.0722 * f32::from(c[2]);
            let lut = map.lut();
            assert!(lut.windows(2).all(|pair| luma(&pair[1]) > luma(&pair[0]) - 1.5), "{}", map.name());
            assert!(luma(&lut[255]) - luma(&lut[0]) > 100.0, "{}", map.name());
        }
    }

    #[test]
    fn rows_are_in_menu_order() {
        for (row, map) in ColorMap::ALL.iter().enumerate() {
            assert_eq!(map.row() as usize, row);
            let rgba = lut_rgba();
            let first = row * LUT_WIDTH * 4;
            assert_eq!(rgba[first..first + 3], map.lut()[0]);
        }
    }

    #[test]
    fn a_value_between_entries_is_between_their_colours() {
        assert_eq!(ColorMap::Grey.color(0.5), [0.5; 3]);
        assert_eq!(ColorMap::Viridis.color(-3.0), [68.0 / 255.0, 1.0 / 255.0, 84.0 / 255.0]);
        assert_eq!(ColorMap::Grey.color(7.0), [1.0; 3]);
    }

    #[test]
    fn label_colours_stand_out_from_grey() {
        for [r, g, b] in label_palette() {
            let spread = r.max(g).max(b) - r.min(g).min(b);
            assert!(spread > 60, "{r} {g} {b}");
        }
    }
}
