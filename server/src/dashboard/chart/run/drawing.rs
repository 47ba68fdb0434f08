//! Where each part of a run chart lies, in the units of its own box. It refuses to know what the shares mean.

use super::{RunChart, Signal};
use crate::dashboard::chart::{percent, wilson};

const TOP: f64 = 16.0;
const BELOW: f64 = 34.0;
const LEFT: f64 = 44.0;
const RIGHT: f64 = 44.0;
/// Two names closer than this would run into each other.
const LETTERS: f64 = 16.0;

/// A run chart with every coordinate worked out; the template only walks it.
#[derive(Debug, Clone)]
pub struct RunDrawing {
    pub id: &'static str,
    pub width: u32,
    pub height: u32,
    pub title: String,
    pub left: String,
    pub right: String,
    pub ticks: Vec<Tick>,
    pub weeks: Vec<Tick>,
    /// Corners of the line, and of the band of intervals around it.
    pub line: String,
    pub band: String,
    pub dots: Vec<Dot>,
    /// The two names at the right edge.
    pub latest: Option<Tick>,
    pub median: Option<Tick>,
    pub shift: Option<Shift>,
}

/// A place on one axis, and its name.
#[derive(Debug, Clone)]
pub struct Tick {
    pub at: String,
    /// Where the letters stand.
    pub text_at: String,
    pub label: String,
}

#[derive(Debug, Clone)]
pub struct Dot {
    pub x: String,
    pub y: String,
    pub title: String,
    pub is_latest: bool,
}

/// The weeks that make an unusually long run.
#[derive(Debug, Clone)]
pub struct Shift {
    pub x: String,
    pub width: String,
    pub top: String,
    pub height: String,
    pub text_x: String,
    pub text_y: String,
    /// The words begin at the left edge, or end at the right one, whichever leaves them room.
    pub anchor: &'static str,
    pub label: String,
}

impl RunDrawing {
    pub(super) fn new(
        chart: &RunChart,
        id: &'static str,
        width: u32,
        height: u32,
        names: usize,
    ) -> Self {
        let plot = Plot {
            width: f64::from(width) - LEFT - RIGHT,
            height: f64::from(height) - TOP - BELOW,
            count: chart.points.len(),
        };
        let step = chart.points.len().div_ceil(names).max(1);
        let last = chart.points.len().saturating_sub(1);
        Self {
            id,
            width,
            height,
            title: format!("Share by week, from 0 to 100 percent. {}", chart.caption()),
            left: place(LEFT),
            right: place(LEFT + plot.width),
            ticks: [0.0, 0.25, 0.5, 0.75, 1.0]
                .map(|share| tick(plot.y(share), 4.0, percent(share)))
                .into(),
            weeks: chart
                .points
                .iter()
                .enumerate()
                .filter(|(index, _)| (last - index).is_multiple_of(step))
                .map(|(index, point)| tick(plot.x(index), 0.0, point.label.clone()))
                .collect(),
            line: corners(
                chart
                    .points
                    .iter()
                    .enumerate()
                    .map(|(index, point)| (plot.x(index), plot.y(point.share()))),
            ),
            band: plot.band(chart),
            dots: chart
                .points
                .iter()
                .enumerate()
                .map(|(index, point)| Dot {
                    x: place(plot.x(index)),
                    y: place(plot.y(point.share())),
                    title: format!(
                        "Week of {}: {} ({} / {})",
                        point.label,
                        point.percent(),
                        point.hits,
                        point.all
                    ),
                    is_latest: index == last,
                })
                .collect(),
            latest: chart
                .points
                .last()
                .map(|point| tick(plot.y(point.share()), 4.0, point.percent())),
            median: plot.median(chart),
            shift: plot.shift(chart),
        }
    }
}

struct Plot {
    width: f64,
    height: f64,
    count: usize,
}

impl Plot {
    fn x(&self, index: usize) -> f64 {
        let steps = count(self.count.saturating_sub(1)).max(1.0);
        LEFT + self.width * count(index) / steps
    }

    fn y(&self, share: f64) -> f64 {
        TOP + self.height * (1.0 - share)
    }

    fn band(&self, chart: &RunChart) -> String {
        let intervals: Vec<_> = chart
            .points
            .iter()
            .enumerate()
            .filter_map(|(index, point)| Some((self.x(index), wilson(point.hits, point.all)?)))
            .collect();
        let above = intervals
            .iter()
            .map(|(x, interval)| (*x, self.y(interval.high)));
        let below = intervals
            .iter()
            .rev()
            .map(|(x, interval)| (*x, self.y(interval.low)));
        corners(above.chain(below))
    }

    /// The median, its name moved away from the latest week's.
    fn median(&self, chart: &RunChart) -> Option<Tick> {
        let median = chart.median()?;
        let distance = self.y(median) - self.y(chart.points.last()?.share());
        let offset = if distance.abs() >= LETTERS {
            0.0
        } else if distance < 0.0 {
            -LETTERS - distance
        } else {
            LETTERS - distance
        };
        Some(tick(self.y(median), offset + 4.0, percent(median)))
    }

    fn shift(&self, chart: &RunChart) -> Option<Shift> {
        let Signal::LongRun(stretch) = chart.signal() else {
            return None;
        };
        let margin = self.width / count(self.count.max(2)) / 3.0;
        let x = self.x(stretch.first) - margin;
        let right = self.x(stretch.last) + margin;
        let is_late = stretch.first * 2 >= self.count;
        Some(Shift {
            x: place(x),
            width: place(right - x),
            top: place(TOP),
            height: place(self.height),
            text_x: place(if is_late { right - 8.0 } else { x + 8.0 }),
            anchor: if is_late { "end" } else { "start" },
            text_y: place(if stretch.is_above {
                TOP + self.height - 9.0
            } else {
                TOP + 16.0
            }),
            label: format!("{} in a row {} the median", stretch.length, stretch.side()),
        })
    }
}

fn tick(at: f64, text_offset: f64, label: String) -> Tick {
    Tick {
        at: place(at),
        text_at: place(at + text_offset),
        label,
    }
}

fn corners(points: impl Iterator<Item = (f64, f64)>) -> String {
    let corners: Vec<_> = points.map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    corners.join(" ")
}

fn place(value: f64) -> String {
    format!("{value:.1}")
}

fn count(value: usize) -> f64 {
    f64::from(u32::try_from(value).unwrap_or(u32::MAX))
}
