//! The order in which people count: crop2 before crop10.

use std::cmp::Ordering;

/// Compares texts with runs of digits taken as numbers; texts that differ only in leading zeros compare as text.
pub(super) fn natural_order(a: &str, b: &str) -> Ordering {
    let (mut rest_a, mut rest_b) = (a, b);
    loop {
        let (word_a, word_b) = (take(&mut rest_a, false), take(&mut rest_b, false));
        let (number_a, number_b) = (take(&mut rest_a, true), take(&mut rest_b, true));
        // Without leading zeros the longer number is the larger, whatever its length.
        let size = |digits: &str| digits.trim_start_matches('0').len();
        let value = |digits: &'_ str| digits.trim_start_matches('0').to_owned();
        let numbers = || match (number_a.is_empty(), number_b.is_empty()) {
            (false, false) => size(number_a).cmp(&size(number_b)).then_with(|| value(number_a).cmp(&value(number_b))),
            _ => number_a.len().cmp(&number_b.len()),
        };
        let order = word_a.cmp(word_b).then_with(numbers);
        if order != Ordering::Equal {
            return order;
        }
        if rest_a.is_empty() && rest_b.is_empty() {
            return a.cmp(b);
        }
    }
}

/// Takes the leading run of digits (or of everything else) off `text`.
fn take<'a>(text: &mut &'a str, digits: bool) -> &'a str {
    let end = text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len());
    let (head, tail) = text.split_at(end);
    *text = tail;
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_as_numbers() {
        let mut names = ["crop10", "crop2", "crop", "crop2b", "10", "crop02", "9", "crop99999999999999999999", "a", ""];
        names.sort_by(|a, b| natural_order(a, b));
        let expected = ["", "9", "10", "a", "crop", "crop02", "crop2", "crop2b", "crop10", "crop99999999999999999999"];
        assert_eq!(names, expected);
    }
}
