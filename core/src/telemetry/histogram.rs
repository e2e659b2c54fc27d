//! Histograms of times and sizes whose buckets grow with the value: eight for each doubling, so that a quantile is off by
//! 6 % at most, whatever the range.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Buckets for each doubling, as a power of two.
const SUB_BITS: u32 = 3;
const SUBS: u64 = 1 << SUB_BITS;
/// Buckets of all values of 64 bits.
const BUCKETS: usize = ((64 - SUB_BITS as usize) << SUB_BITS) + SUBS as usize;
/// Buckets of times up to an hour; longer ones count in the last.
const TIME_BUCKETS: usize = bucket_of(3_600_000_000_000) as usize + 1;

/// The bucket of a value: one for each below 8, then eight for each doubling.
#[must_use]
const fn bucket_of(value: u64) -> u16 {
    if value < SUBS {
        return value as u16;
    }
    let exponent = 63 - value.leading_zeros();
    let sub = (value >> (exponent - SUB_BITS)) & (SUBS - 1);
    (((exponent - SUB_BITS + 1) << SUB_BITS) as u64 + sub) as u16
}

/// The smallest value of a bucket, and the first beyond it.
fn bounds_of(bucket: u16) -> (u64, u64) {
    let bucket = u64::from(bucket);
    if bucket < SUBS {
        return (bucket, bucket + 1);
    }
    let (shift, sub) = ((bucket >> SUB_BITS) - 1, bucket & (SUBS - 1));
    let lo = (SUBS + sub).checked_shl(shift as u32).unwrap_or(u64::MAX);
    (lo, lo.saturating_add(1_u64.checked_shl(shift as u32).unwrap_or(u64::MAX)))
}

/// How often values of which size were met. Times are nanoseconds, sizes bytes. Written as a list of buckets that hold
/// something and their counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Histogram {
    /// Ascending, no count is 0.
    buckets: Vec<(u16, u64)>,
}

impl Histogram {
    /// Counts a value `times` times.
    pub fn add(&mut self, value: u64, times: u64) {
        if times == 0 {
            return;
        }
        let bucket = bucket_of(value);
        match self.buckets.binary_search_by_key(&bucket, |(bucket, _)| *bucket) {
            Ok(at) => self.buckets[at].1 += times,
            Err(at) => self.buckets.insert(at, (bucket, times)),
        }
    }

    /// Counts a time.
    pub fn add_time(&mut self, time: Duration) {
        self.add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), 1);
    }

    /// Values counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| count).sum()
    }

    /// True if nothing was counted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// What was counted since `before`, an earlier state of the same histogram.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let earlier = |bucket: u16| {
            let found = before.buckets.binary_search_by_key(&bucket, |(bucket, _)| *bucket);
            found.map_or(0, |at| before.buckets[at].1)
        };
        let new = self.buckets.iter().map(|&(bucket, count)| (bucket, count.saturating_sub(earlier(bucket))));
        Self { buckets: new.filter(|(_, count)| *count > 0).collect() }
    }

    /// Every bucket that holds something: its smallest value, the first beyond it, and its count; ascending.
    pub fn buckets(&self) -> impl Iterator<Item = (u64, u64, u64)> + '_ {
        self.buckets.iter().map(|&(bucket, count)| {
            let (lo, hi) = bounds_of(bucket.min(BUCKETS as u16 - 1));
            (lo, hi, count)
        })
    }

    /// The value below which a share of `quantile` (0–1) lies, as the middle of its bucket; `None` without values.
    #[must_use]
    pub fn quantile(&self, quantile: f64) -> Option<u64> {
        let wanted = (self.count() as f64 * quantile.clamp(0.0, 1.0)).ceil().max(1.0);
        let mut below = 0.0;
        self.buckets().find_map(|(lo, hi, count)| {
            below += count as f64;
            (below >= wanted).then_some(lo + (hi - lo) / 2)
        })
    }

    /// As [`Histogram::quantile`], of times.
    #[must_use]
    pub fn time_quantile(&self, quantile: f64) -> Option<Duration> {
        self.quantile(quantile).map(Duration::from_nanos)
    }
}

/// A histogram of times that threads count in without a lock.
#[derive(Debug)]
pub(super) struct TimeCounts(Box<[AtomicU64]>);

impl Default for TimeCounts {
    fn default() -> Self {
        Self((0..TIME_BUCKETS).map(|_| AtomicU64::new(0)).collect())
    }
}

impl TimeCounts {
    /// Counts a time.
    pub(super) fn add_ns(&self, time_ns: u64) {
        let bucket = usize::from(bucket_of(time_ns)).min(self.0.len() - 1);
        self.0[bucket].fetch_add(1, Ordering::Relaxed);
    }

    /// What was counted so far.
    pub(super) fn read(&self) -> Histogram {
        let counts = self.0.iter().enumerate().map(|(bucket, count)| (bucket as u16, count.load(Ordering::Relaxed)));
        Histogram { buckets: counts.filter(|(_, count)| *count > 0).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_follow_each_other_without_gap_and_hold_their_values() {
        for bucket in 1..BUCKETS as u16 {
            assert_eq!(bounds_of(bucket).0, bounds_of(bucket - 1).1, "{bucket}");
        }
        for value in (0..300).chain([1 << 20, (1 << 20) + 12345, u64::MAX / 3, u64::MAX]) {
            let (lo, hi) = bounds_of(bucket_of(value));
            assert!(lo <= value && (value < hi || hi == u64::MAX), "{value}: {lo}..{hi}");
            assert!(value < 8 || (hi - lo) as f64 <= lo as f64 / 8.0 + 1.0, "{value}: {lo}..{hi}");
        }
    }

    #[test]
    fn quantiles_are_within_a_bucket_of_the_sorted_values() {
        let values: Vec<u64> = (0..1000).map(|i| 1000 + i * i * 37).collect();
        let mut histogram = Histogram::default();
        values.iter().for_each(|value| histogram.add(*value, 1));
        for quantile in [0.0, 0.1, 0.5, 0.9, 0.99, 1.0] {
            let exact = values[((1000.0 * quantile) as usize).max(1) - 1] as f64;
            let said = histogram.quantile(quantile).unwrap() as f64;
            assert!((said / exact - 1.0).abs() < 0.07, "{quantile}: {said} for {exact}");
        }
        assert_eq!(Histogram::default().quantile(0.5), None);
    }

    #[test]
    fn a_difference_holds_what_came_since() {
        let (counts, mut expected) = (TimeCounts::default(), Histogram::default());
        counts.add_ns(5);
        counts.add_ns(700);
        let before = counts.read();
        for time_ns in [5, 5, 90_000] {
            counts.add_ns(time_ns);
            expected.add(time_ns, 1);
        }
        assert_eq!(counts.read().since(&before), expected);
        assert_eq!((counts.read().count(), before.count()), (5, 2));
        counts.add_ns(u64::MAX);
        assert_eq!(counts.read().count(), 6, "what is longer than an hour counts in the last bucket");
        let json = serde_json::to_string(&expected).unwrap();
        assert_eq!(serde_json::from_str::<Histogram>(&json).unwrap(), expected);
    }
}
