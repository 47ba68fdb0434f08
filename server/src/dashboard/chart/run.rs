//! The run chart: a share week by week, its median, and whether the weeks differ by more than chance. It decides what
//! is drawn and where; it refuses to know colours and letters, which belong to the style sheet.
//!
//! The two rules are Anhøj's: an unusually long run on one side of the median, and unusually few crossings of it.

mod drawing;

pub use drawing::RunDrawing;

use super::{median, percent, share, wilson};

/// Fewer weeks than this say nothing about change.
const LEAST_WEEKS: usize = 10;

/// One week, or several small ones joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunPoint {
    /// The first day of the week, such as `2 Mar`.
    pub label: String,
    pub hits: u32,
    pub all: u32,
}

impl RunPoint {
    pub fn share(&self) -> f64 {
        share(self.hits, self.all)
    }

    pub fn percent(&self) -> String {
        percent(self.share())
    }

    pub fn interval(&self) -> String {
        wilson(self.hits, self.all).map_or_else(|| "–".to_owned(), super::Interval::text)
    }
}

/// The chart, in the order of time.
#[derive(Debug, Clone, Default)]
pub struct RunChart {
    pub points: Vec<RunPoint>,
}

/// Consecutive weeks on one side of the median.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// Index of the first and of the last point.
    pub first: usize,
    pub last: usize,
    /// Points on the line are passed over and not counted.
    pub length: u32,
    pub is_above: bool,
}

/// What the two rules say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    TooFewWeeks,
    None,
    LongRun(Stretch),
    FewCrossings { crossings: u32, least: u32 },
}

impl RunChart {
    /// A chart of weeks in which every week that is smaller than `least` is joined to the next. What is left over at
    /// the end waits for its next week.
    pub fn of_weeks(weeks: &[RunPoint], least: u32) -> Self {
        let mut points = Vec::new();
        let mut open: Option<RunPoint> = None;
        for week in weeks {
            let joined = match open.take() {
                Some(earlier) => RunPoint {
                    label: earlier.label,
                    hits: earlier.hits + week.hits,
                    all: earlier.all + week.all,
                },
                None => week.clone(),
            };
            if joined.all < least {
                open = Some(joined);
            } else {
                points.push(joined);
            }
        }
        Self { points }
    }

    pub fn median(&self) -> Option<f64> {
        let shares: Vec<f64> = self.points.iter().map(RunPoint::share).collect();
        median(&shares)
    }

    /// Which rule fires, if one does.
    pub fn signal(&self) -> Signal {
        let stretches = self.stretches();
        let useful: u32 = stretches.iter().map(|stretch| stretch.length).sum();
        if self.points.len() < LEAST_WEEKS || useful < 2 {
            return Signal::TooFewWeeks;
        }
        let longest = stretches
            .iter()
            .copied()
            .max_by_key(|stretch| (stretch.length, stretch.first));
        if let Some(stretch) = longest
            && f64::from(stretch.length) > longest_usual_run(useful)
        {
            return Signal::LongRun(stretch);
        }
        let crossings = u32::try_from(stretches.len().saturating_sub(1)).unwrap_or(u32::MAX);
        let least = fewest_usual_crossings(useful);
        if crossings < least {
            return Signal::FewCrossings { crossings, least };
        }
        Signal::None
    }

    /// The sentence below the chart: the last week, the median, and the rule that fired.
    pub fn caption(&self) -> String {
        let (Some(last), Some(median)) = (self.points.last(), self.median()) else {
            return "No week has enough handoffs to draw yet.".to_owned();
        };
        let latest = format!(
            "Latest week {} ({} / {}, 95% interval {}). Dashed: median {}.",
            last.percent(),
            last.hits,
            last.all,
            last.interval(),
            percent(median)
        );
        let signal = match self.signal() {
            Signal::TooFewWeeks => format!("Change can be told from {LEAST_WEEKS} weeks on."),
            Signal::None => "No more change than chance would bring.".to_owned(),
            Signal::LongRun(stretch) => format!(
                "A shift: {} weeks in a row lie {} the median, longer than chance would bring.",
                stretch.length,
                stretch.side()
            ),
            Signal::FewCrossings { crossings, least } => format!(
                "A change: the line crosses the median {crossings} times, and chance would bring {least} or more."
            ),
        };
        format!("{latest} {signal}")
    }

    /// For a desk.
    pub fn wide(&self) -> RunDrawing {
        RunDrawing::new(self, "run-wide", 640, 230, 6)
    }

    /// For a phone, where a shrunken drawing could not be read.
    pub fn narrow(&self) -> RunDrawing {
        RunDrawing::new(self, "run-narrow", 340, 220, 4)
    }

    fn stretches(&self) -> Vec<Stretch> {
        let Some(median) = self.median() else {
            return Vec::new();
        };
        let mut stretches: Vec<Stretch> = Vec::new();
        for (index, point) in self.points.iter().enumerate() {
            let distance = point.share() - median;
            if distance.abs() < 1e-9 {
                continue;
            }
            let is_above = distance > 0.0;
            match stretches
                .last_mut()
                .filter(|stretch| stretch.is_above == is_above)
            {
                Some(stretch) => {
                    stretch.last = index;
                    stretch.length += 1;
                }
                None => stretches.push(Stretch {
                    first: index,
                    last: index,
                    length: 1,
                    is_above,
                }),
            }
        }
        stretches
    }
}

impl Stretch {
    pub fn side(&self) -> &'static str {
        if self.is_above { "above" } else { "below" }
    }
}

/// The longest run that chance still brings to this many points off the median.
fn longest_usual_run(points: u32) -> f64 {
    f64::from(points).log2().round() + 3.0
}

/// The 5 percent quantile of the crossings that chance brings to this many points off the median.
fn fewest_usual_crossings(points: u32) -> u32 {
    let chances = points.saturating_sub(1);
    let mut probability = 0.5_f64.powf(f64::from(chances));
    let mut cumulative = probability;
    let mut crossings = 0;
    while cumulative < 0.05 && crossings < chances {
        probability *= f64::from(chances - crossings) / f64::from(crossings + 1);
        crossings += 1;
        cumulative += probability;
    }
    crossings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(shares: &[u32]) -> RunChart {
        let points = shares.iter().map(|&hits| point(hits, 100)).collect();
        RunChart { points }
    }

    fn point(hits: u32, all: u32) -> RunPoint {
        RunPoint {
            label: format!("{hits}/{all}"),
            hits,
            all,
        }
    }

    #[test]
    fn the_limits_agree_with_the_published_table() {
        for (points, run, crossings) in [
            (10, 6.0, 2),
            (12, 7.0, 3),
            (15, 7.0, 4),
            (20, 7.0, 6),
            (24, 8.0, 8),
            (30, 8.0, 10),
        ] {
            assert!((longest_usual_run(points) - run).abs() < 1e-9, "{points}");
            assert_eq!(fewest_usual_crossings(points), crossings, "{points}");
        }
    }

    #[test]
    fn eight_low_and_eight_high_weeks_are_a_shift() {
        let shifted = chart(&[
            41, 38, 44, 40, 47, 43, 39, 45, 52, 55, 58, 54, 61, 63, 59, 67,
        ]);
        let Signal::LongRun(stretch) = shifted.signal() else {
            panic!("no shift: {:?}", shifted.signal());
        };
        assert_eq!(
            (stretch.first, stretch.last, stretch.is_above),
            (8, 15, true)
        );
        assert!(
            shifted
                .caption()
                .contains("8 weeks in a row lie above the median")
        );
    }

    #[test]
    fn weeks_that_take_turns_are_chance() {
        let calm = chart(&[41, 58, 44, 60, 47, 53, 39, 55, 42, 55, 48, 54]);
        assert_eq!(calm.signal(), Signal::None);
        assert_eq!(chart(&[40, 60]).signal(), Signal::TooFewWeeks);
        assert_eq!(RunChart::default().signal(), Signal::TooFewWeeks);
        assert_eq!(chart(&[50; 12]).signal(), Signal::TooFewWeeks);
    }

    #[test]
    fn small_weeks_join_the_next_and_a_rest_waits() {
        let joined = RunChart::of_weeks(&[point(3, 6), point(4, 8), point(9, 12), point(2, 4)], 10);
        let counts: Vec<_> = joined
            .points
            .iter()
            .map(|point| (point.hits, point.all))
            .collect();
        assert_eq!(counts, [(7, 14), (9, 12)]);
        assert_eq!(joined.points[0].label, "3/6");
    }
}
