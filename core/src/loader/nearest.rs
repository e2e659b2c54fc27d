//! The known word nearest to one that is not: fewest insertions, deletions, replacements and swaps of neighbours.

/// The nearest of `known`, the first of several equally near; `None` if nothing is known.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    known.iter().copied().min_by_key(|candidate| distance(word, candidate))
}

/// Optimal string alignment distance (Damerau 1964, each substring edited at most once), ignoring ASCII case.
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<_> = a.chars().map(|c| c.to_ascii_lowercase()).collect();
    let b: Vec<_> = b.chars().map(|c| c.to_ascii_lowercase()).collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replaced.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_count_edits() {
        for (a, b, edits) in [("", "abc", 3), ("seed", "seed", 0), ("sede", "seed", 1), ("thread", "threads", 1)] {
            assert_eq!((distance(a, b), distance(b, a)), (edits, edits), "{a} {b}");
        }
    }

    #[test]
    fn the_nearest_word_is_found() {
        let known = ["batch_size", "seed", "memory", "threads", "on_error"];
        assert_eq!(nearest("batchsize", &known), Some("batch_size"));
        assert_eq!(nearest("Thread", &known), Some("threads"));
        assert_eq!(nearest("x", &[]), None);
    }
}
