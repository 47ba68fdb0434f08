//! The arithmetic behind every figure of the dashboard: shares, their intervals, and medians. It refuses to know what
//! is being counted; the drawings that use it stand in the files below.

pub mod funnel;
pub mod qr;
pub mod run;

/// The quantile that makes an interval one of 95 percent.
const Z: f64 = 1.959_964;

/// Between which two shares the true one lies, as far as this many observations can tell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

impl Interval {
    /// `47–82%`, as a sentence shows it.
    pub fn text(self) -> String {
        format!("{:.0}–{:.0}%", self.low * 100.0, self.high * 100.0)
    }
}

/// Wilson's 95 percent interval of `hits` among `all`; nothing can be said about none.
pub fn wilson(hits: u32, all: u32) -> Option<Interval> {
    if all == 0 || hits > all {
        return None;
    }
    let n = f64::from(all);
    let p = f64::from(hits) / n;
    let spread = Z * Z / n;
    let centre = (p + spread / 2.0) / (1.0 + spread);
    let half = Z * (p * (1.0 - p) / n + spread / (4.0 * n)).sqrt() / (1.0 + spread);
    Some(Interval {
        low: (centre - half).max(0.0),
        high: (centre + half).min(1.0),
    })
}

/// The share of `hits` among `all`, between 0 and 1; 0 where there is none to share.
pub fn share(hits: u32, all: u32) -> f64 {
    if all == 0 {
        0.0
    } else {
        f64::from(hits) / f64::from(all)
    }
}

/// `67%`.
pub fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

/// The middle value, or the mean of the two middle ones.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *sorted.get((sorted.len() / 2).checked_sub(1)?)?;
    Some(f64::midpoint(lower, upper))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_agrees_with_the_published_values() {
        for (hits, all, low, high) in [
            (6, 10, 0.3127, 0.8318),
            (8, 10, 0.4902, 0.9433),
            (11, 12, 0.6461, 0.9851),
            (0, 10, 0.0, 0.2775),
        ] {
            let interval = wilson(hits, all).unwrap();
            assert!(
                (interval.low - low).abs() < 5e-5,
                "{hits}/{all}: {interval:?}"
            );
            assert!(
                (interval.high - high).abs() < 5e-5,
                "{hits}/{all}: {interval:?}"
            );
        }
    }

    #[test]
    fn nothing_is_claimed_about_none() {
        assert_eq!(wilson(0, 0), None);
        assert_eq!(wilson(3, 2), None);
        assert_eq!(percent(share(0, 0)), "0%");
    }

    #[test]
    fn the_interval_reads_as_one_range() {
        assert_eq!(wilson(16, 24).unwrap().text(), "47–82%");
    }

    #[test]
    fn the_median_takes_the_middle_or_halves_the_middle_two() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[0.3]), Some(0.3));
        assert_eq!(median(&[0.9, 0.1, 0.5]), Some(0.5));
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
    }
}
