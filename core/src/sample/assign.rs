//! Which crops validate: a draw for each, by its name, so that further crops leave the others where they were.

use super::draw::{Draw, Purpose};

/// FNV-1a, 64 bits (<http://www.isthe.com/chongo/tech/comp/fnv/>): the same on any machine, for ever.
pub(crate) fn name_hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// Whether what is called `name` is for validation, with `probability`. The same seed and name, the same answer.
#[must_use]
pub fn is_for_validation(seed: u64, name: &str, probability: f64) -> bool {
    Draw::new(seed, 0, name_hash(name), 0, Purpose::Split).chance(probability)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crops_validate_as_often_as_asked_and_always_the_same() {
        let chosen = |seed| -> Vec<bool> {
            (0..2000).map(|crop| is_for_validation(seed, &format!("hela/crop{crop}"), 0.2)).collect()
        };
        let first = chosen(1);
        let count = first.iter().filter(|&&validates| validates).count();
        // Mean 400, standard deviation 18.
        assert!((330..470).contains(&count), "{count}");
        assert_eq!(first, chosen(1));
        assert_ne!(first, chosen(2));
        assert!(!is_for_validation(1, "a", 0.0) && is_for_validation(1, "a", 1.0));
    }
}
