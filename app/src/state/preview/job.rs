//! From the edited configuration and what is asked to what has to be drawn. Pure.

use microtome_core::loader::params::{self, Span, Values};
use microtome_core::loader::{Augment, LoaderConfig};

use super::{PreviewAsk, PreviewMode};

/// One way to augment the sample.
#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    /// What it is called.
    pub title: String,
    /// Number of the sample whose random numbers are used.
    pub numbers: u64,
    /// With what.
    pub augment: Augment,
}

/// What has to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct PreviewJob {
    /// The epoch of all samples.
    pub epoch: u64,
    /// Number of the sample whose place is shown.
    pub place: u64,
    /// How it is augmented as configured.
    pub after: Variant,
    /// Every stage of that on its own.
    pub stages: bool,
    /// Further ways to augment it, which are shown in place of the first.
    pub variants: Vec<Variant>,
    /// How far through the patch the slice lies, 0–1.
    pub slice: f32,
}

/// What has to be drawn for what is asked of a configuration.
#[must_use]
pub fn job(config: &LoaderConfig, ask: &PreviewAsk) -> PreviewJob {
    let after = Variant { title: "after".to_owned(), numbers: ask.numbers, augment: config.augment.clone() };
    let variants = match ask.mode {
        PreviewMode::Pair | PreviewMode::Stages => Vec::new(),
        PreviewMode::Draws => draws(&after, ask.draws),
        PreviewMode::Sweep => sweep(config, ask),
    };
    PreviewJob {
        epoch: ask.epoch,
        place: ask.place,
        after,
        stages: ask.mode == PreviewMode::Stages,
        variants,
        slice: ask.slice,
    }
}

fn draws(after: &Variant, count: u64) -> Vec<Variant> {
    let draw = |number: u64| {
        let numbers = after.numbers + number;
        Variant { title: format!("draw {numbers}"), numbers, ..after.clone() }
    };
    (0..count).map(draw).collect()
}

/// The parameter at each of its values; what a configuration does not allow is left out.
fn sweep(config: &LoaderConfig, ask: &PreviewAsk) -> Vec<Variant> {
    let values = params::values(config).unwrap_or_default();
    let Some(span) = swept(&values, ask) else { return Vec::new() };
    let at_value = |at: f64| {
        let pinned = params::pinned(&values, &span, at).ok()?;
        let unit =
            if span.unit.is_empty() || span.unit == "°" { span.unit.to_owned() } else { format!(" {}", span.unit) };
        let title = format!("{}{unit}", crate::format::decimal(at));
        Some(Variant { title, numbers: ask.numbers, augment: pinned.augment })
    };
    span.values(ask.values).into_iter().filter_map(at_value).collect()
}

/// The parameter that is swept: the one asked for, if it is there, else the first.
#[must_use]
pub fn swept(values: &Values, ask: &PreviewAsk) -> Option<Span> {
    let mut spans = params::spans(values);
    let asked = spans.iter().position(|span| Some(&span.key) == ask.swept.as_ref()).unwrap_or(0);
    (asked < spans.len()).then(|| spans.swap_remove(asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> LoaderConfig {
        LoaderConfig::from_toml(LoaderConfig::example()).unwrap()
    }

    fn asked(mode: PreviewMode) -> PreviewAsk {
        PreviewAsk { mode, place: 3, numbers: 7, ..PreviewAsk::default() }
    }

    #[test]
    fn draws_have_numbers_of_their_own_and_a_redraw_shows_none_of_them_again() {
        let mut ask = asked(PreviewMode::Draws);
        let numbers = |ask: &PreviewAsk| job(&config(), ask).variants.iter().map(|v| v.numbers).collect::<Vec<_>>();
        assert_eq!(numbers(&ask), (7..16).collect::<Vec<_>>());
        ask.redraw();
        assert_eq!((numbers(&ask)[0], ask.place), (16, 3));
    }

    #[test]
    fn a_sweep_goes_from_the_smallest_to_the_largest_value_with_the_same_numbers() {
        let ask = PreviewAsk { swept: Some("augment.contrast.range".to_owned()), ..asked(PreviewMode::Sweep) };
        let made = job(&config(), &ask);
        let titles: Vec<_> = made.variants.iter().map(|variant| variant.title.as_str()).collect();
        assert_eq!(titles, ["0.8", "0.9", "1", "1.1", "1.2"]);
        assert!(made.variants.iter().all(|variant| variant.numbers == 7 && variant.augment != made.after.augment));
        let extremes = job(&config(), &PreviewAsk { values: 2, ..ask });
        assert_eq!(extremes.variants.len(), 2);
        // What is not there any more is not swept.
        let gone = PreviewAsk { swept: Some("augment.blur.sigma_nm".to_owned()), ..asked(PreviewMode::Sweep) };
        let titles: Vec<_> = job(&config(), &gone).variants.into_iter().map(|variant| variant.title).collect();
        assert_eq!(titles, ["0", "1"], "mirror z");
    }

    #[test]
    fn what_is_kept_stays_and_the_rest_is_drawn_again() {
        for (keep_place, keep_numbers, expected) in
            [(true, false, (3, 8)), (false, true, (4, 7)), (false, false, (4, 8)), (true, true, (3, 7))]
        {
            let mut ask = PreviewAsk { keep_place, keep_numbers, ..asked(PreviewMode::Pair) };
            ask.redraw();
            assert_eq!((ask.place, ask.numbers), expected);
            assert_eq!(ask.can_redraw(), expected != (3, 7));
        }
    }
}
