//! Values on the command line, read once: sizes, shapes, seconds. Each refusal says what would be right.

use std::time::Duration;

use microtome_core::catalog::Split;
use microtome_core::geometry::{BoxNm, Zyx};
use microtome_core::loader::params::{Value, Values};
use microtome_core::telemetry::serve::FileRecording;

/// Width and height of a picture, pixels: `1600x1000`.
pub fn picture_size(text: &str) -> Result<[u32; 2], String> {
    let right = "expected WIDTHxHEIGHT in pixels, each 64 to 16384, such as 1600x1000";
    let [width, height] = numbers(text).ok_or(right)?;
    let fits = |n: u64| u32::try_from(n).ok().filter(|n| (64..=16384).contains(n));
    Ok([fits(width).ok_or(right)?, fits(height).ok_or(right)?])
}

/// A time in milliseconds.
pub fn milliseconds(text: &str) -> Result<Duration, String> {
    let right = "expected milliseconds, 0 to 3600000, such as 120";
    let value: f64 = text.trim().parse().map_err(|_| right.to_owned())?;
    if (0.0..=3.6e6).contains(&value) { Ok(Duration::from_secs_f64(value / 1e3)) } else { Err(right.to_owned()) }
}

/// Voxels of a volume: one number for a cube, or `ZxYxX`.
pub fn volume_shape(text: &str) -> Result<Zyx<u64>, String> {
    let right = "expected one number for a cube, or ZxYxX, in voxels, each 1 to 1048576, such as 256 or 128x512x512";
    let shape = numbers::<3>(text).or_else(|| numbers::<1>(text).map(|[n]| [n; 3])).map(Zyx::from).ok_or(right)?;
    if shape.all(|n| (1..=1 << 20).contains(&n)) { Ok(shape) } else { Err(right.to_owned()) }
}

fn numbers<const N: usize>(text: &str) -> Option<[u64; N]> {
    let parts: Option<Vec<u64>> = text.split(['x', 'X', '×']).map(|part| part.trim().parse().ok()).collect();
    parts?.try_into().ok()
}

/// A box of the world, nm: `0:1024,2000:3024,-8:8`, z, y, x.
pub fn box_nm(text: &str) -> Result<BoxNm, String> {
    let right = "expected Z:Z,Y:Y,X:X in nm, each from:to, such as 0:1024,2000:3024,2000:3024";
    let range = |part: &str| {
        let (lo, hi) = part.split_once(':')?;
        let (lo, hi) = (lo.trim().parse::<f64>().ok()?, hi.trim().parse::<f64>().ok()?);
        (lo.is_finite() && hi.is_finite() && lo < hi).then_some([lo, hi])
    };
    let ranges: Option<Vec<_>> = text.split(',').map(range).collect();
    let [z, y, x]: [[f64; 2]; 3] = ranges.and_then(|ranges| ranges.try_into().ok()).ok_or(right)?;
    Ok(BoxNm::new(Zyx::new(z[0], y[0], x[0]), Zyx::new(z[1], y[1], x[1])))
}

/// Voxels of a chunk: `64,64,64`.
pub fn chunk(text: &str) -> Result<Zyx<u64>, String> {
    let right = "expected Z,Y,X in voxels, each from 1 to 1024, such as 64,64,64";
    let sides: Option<Vec<u64>> = text.split(',').map(|side| side.trim().parse().ok()).collect();
    let [z, y, x]: [u64; 3] = sides.and_then(|sides| sides.try_into().ok()).ok_or(right)?;
    let shape = Zyx::new(z, y, x);
    if shape.all(|side| (1..=1024).contains(&side)) { Ok(shape) } else { Err(right.to_owned()) }
}

/// A key and its value as TOML: `loader.memory="8 GiB"`, the quotes of a text may be left out.
pub fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE, such as loader.memory='8 GiB'")?;
    let (key, value) = (key.trim(), value.trim());
    let is_value = format!("value = {value}").parse::<Values>().is_ok();
    Ok((key.to_owned(), if is_value { value.to_owned() } else { Value::from(value).to_string() }))
}

/// A stretch of time in seconds, fractions allowed: `10`, `0.5`.
pub fn seconds(text: &str) -> Result<Duration, String> {
    let right = "expected seconds, more than 0 and at most 86400, such as 10 or 0.5";
    let value: f64 = text.parse().map_err(|_| right)?;
    if value > 0.0 && value <= 86_400.0 { Ok(Duration::from_secs_f64(value)) } else { Err(right.to_owned()) }
}

/// A size: `256 MiB`.
pub fn bytes(text: &str) -> Result<u64, String> {
    let bytes = microtome_core::loader::bytes::parse(text)?;
    let least = FileRecording::LEAST_BYTES;
    if bytes >= least { Ok(bytes) } else { Err(format!("at least {}", microtome_core::loader::bytes::format(least))) }
}

/// What a configuration's data are for: `train` or `validate`.
pub fn split(text: &str) -> Result<Split, String> {
    match text {
        "train" => Ok(Split::Train),
        "validate" => Ok(Split::Validate),
        _ => Err("expected train or validate".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_values_are_read() {
        assert_eq!(picture_size("1600x1000"), Ok([1600, 1000]));
        assert_eq!(volume_shape("256"), Ok(Zyx::splat(256)));
        assert_eq!(volume_shape("1x20X300"), Ok(Zyx::new(1, 20, 300)));
        let box_of = BoxNm::new(Zyx::new(0.0, 2.5, -8.0), Zyx::new(1024.0, 3.0, 8.0));
        assert_eq!(box_nm("0:1024, 2.5:3,-8:8"), Ok(box_of));
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
    }

    #[test]
    fn bad_values_say_what_would_be_right() {
        for text in ["", "1600", "1600x", "0x9", "1600x-1", "99999x99999", "1x2x3", "axb", "18446744073709551616x5"] {
            assert!(picture_size(text).is_err_and(|e| e.contains("1600x1000")), "{text}");
        }
        for text in ["", "0", "1x2", "1x2x3x4", "-1", "1x0x1", "1048577"] {
            assert!(volume_shape(text).is_err_and(|e| e.contains("ZxYxX")), "{text}");
        }
        for text in
            ["", "1:2,3:4", "1:2,3:4,6:5", "1:2,3:4,5:5", "1:2,3:4,5:inf", "1,2,3", "1:2,3:4,5:6,7:8", "a:b,1:2,3:4"]
        {
            assert!(box_nm(text).is_err_and(|e| e.contains("Z:Z")), "{text}");
        }
        for text in ["", "0", "-1", "NaN", "inf", "1e9", "10s"] {
            assert!(seconds(text).is_err_and(|e| e.contains("seconds")), "{text}");
        }
    }
}
