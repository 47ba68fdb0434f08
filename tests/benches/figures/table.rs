//! The table of figures, as a person reads it and as JSON.

use serde_json::{Map, Value, json};
use std::fmt;
use warmhand_tests::load::stopwatch::{Lap, median};

/// One measured figure.
pub struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    cpu_us: Option<f64>,
    floor: Option<f64>,
    floor_cpu_us: Option<f64>,
    ratio: Option<f64>,
    goal: &'static str,
    is_reached: Option<bool>,
}

/// What is to be reached.
#[derive(Clone, Copy)]
pub enum Goal {
    /// At most so many times the floor.
    Times(f64, &'static str),
    /// At most so much.
    AtMost(f64, &'static str),
    /// At least so much.
    AtLeast(f64, &'static str),
    /// Only to be known.
    None,
}

/// All of them.
pub struct Table {
    only: String,
    figures: Vec<Figure>,
}

/// Product and floor, measured one after the other, many times over.
#[derive(Default)]
pub struct Pairs {
    product: Vec<Lap>,
    floor: Vec<Lap>,
}

impl Pairs {
    /// One pair more.
    pub fn push(&mut self, product: Lap, floor: Lap) {
        self.product.push(product);
        self.floor.push(floor);
    }

    fn of(laps: &[Lap], read: impl Fn(&Lap) -> f64) -> Vec<f64> {
        laps.iter().map(read).collect()
    }
}

impl Table {
    /// An empty one that takes the figures with this word in their name.
    pub fn new(only: String) -> Self {
        Self {
            only,
            figures: Vec::new(),
        }
    }

    /// Is this figure asked for?
    pub fn wants(&self, name: &str) -> bool {
        name.contains(&self.only) || self.only.contains(name)
    }

    /// Is any figure asked for that needs a county?
    pub fn wants_records(&self) -> bool {
        self.only.is_empty() || !"fold_80_us".contains(&self.only)
    }

    /// A figure from pairs: the median of each side, and the median of the pairs' ratios.
    pub fn pairs(&mut self, name: &str, unit: &'static str, pairs: &Pairs, goal: Goal) {
        let scale = if unit == "ms" { 1e3 } else { 1e6 };
        let wall = |lap: &Lap| lap.wall.as_secs_f64() * scale;
        let product = Pairs::of(&pairs.product, wall);
        let floor = Pairs::of(&pairs.floor, wall);
        let ratios: Vec<f64> = product.iter().zip(&floor).map(|(p, f)| p / f).collect();
        self.push(
            Figure {
                name: name.to_owned(),
                value: median(&product),
                unit,
                cpu_us: Some(median(&Pairs::of(&pairs.product, Lap::cpu_us))),
                floor: Some(median(&floor)),
                floor_cpu_us: Some(median(&Pairs::of(&pairs.floor, Lap::cpu_us))),
                ratio: Some(median(&ratios)),
                goal: "",
                is_reached: None,
            },
            goal,
        );
    }

    /// A figure from many laps without a floor.
    pub fn laps(&mut self, name: &str, unit: &'static str, laps: &[Lap], goal: Goal) {
        let scale = if unit == "ms" { 1e3 } else { 1e6 };
        let wall = Pairs::of(laps, |lap| lap.wall.as_secs_f64() * scale);
        self.push(
            Figure {
                name: name.to_owned(),
                value: median(&wall),
                unit,
                cpu_us: Some(median(&Pairs::of(laps, Lap::cpu_us))),
                floor: None,
                floor_cpu_us: None,
                ratio: None,
                goal: "",
                is_reached: None,
            },
            goal,
        );
    }

    /// A figure that was counted.
    pub fn counted(
        &mut self,
        name: &str,
        unit: &'static str,
        value: f64,
        floor: Option<f64>,
        goal: Goal,
    ) {
        self.push(
            Figure {
                name: name.to_owned(),
                value,
                unit,
                cpu_us: None,
                floor,
                floor_cpu_us: None,
                ratio: floor.map(|floor| value / floor),
                goal: "",
                is_reached: None,
            },
            goal,
        );
    }

    fn push(&mut self, figure: Figure, goal: Goal) {
        let (goal, is_reached) = match goal {
            Goal::Times(most, said) => (said, figure.ratio.map(|ratio| ratio <= most)),
            Goal::AtMost(most, said) => (said, Some(figure.value <= most)),
            Goal::AtLeast(least, said) => (said, Some(figure.value >= least)),
            Goal::None => ("", None),
        };
        let figure = Figure {
            goal,
            is_reached,
            ..figure
        };
        if self.wants(&figure.name) {
            self.figures.push(figure);
        }
    }

    /// `name -> {value, unit, floor, ratio, cpu_us, floor_cpu_us}`.
    pub fn json(&self) -> String {
        let all: Map<String, Value> = self
            .figures
            .iter()
            .map(|f| {
                let told = json!({"value": f.value, "unit": f.unit, "floor": f.floor, "ratio": f.ratio,
                    "cpu_us": f.cpu_us, "floor_cpu_us": f.floor_cpu_us});
                (f.name.clone(), told)
            })
            .collect();
        format!("{:#}\n", Value::Object(all))
    }
}

fn number(value: Option<f64>) -> String {
    match value {
        None => String::new(),
        Some(value) if value.abs() >= 100.0 || value.fract() == 0.0 => format!("{value:.0}"),
        Some(value) => format!("{value:.2}"),
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| figure | product | unit | CPU us | floor | floor CPU us | ratio | to reach | |\n|---|--:|---|--:|--:|--:|--:|---|---|"
        )?;
        for figure in &self.figures {
            let mark = match figure.is_reached {
                Some(true) => "yes",
                Some(false) => "NO",
                None => "",
            };
            writeln!(
                f,
                "| {} | {} | {} | {} | {} | {} | {} | {} | {mark} |",
                figure.name,
                number(Some(figure.value)),
                figure.unit,
                number(figure.cpu_us.map(f64::round)),
                number(figure.floor),
                number(figure.floor_cpu_us.map(f64::round)),
                figure.ratio.map(|r| format!("{r:.2}")).unwrap_or_default(),
                figure.goal,
            )?;
        }
        Ok(())
    }
}
