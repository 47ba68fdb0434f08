//! What a handoff is to be, and the practices that it may be to.

use super::cast::Visitor;
use super::tale::Tale;
use rand::Rng;
use warmhand_core::domain::code::{DecisionValue, Mode};

/// What a handoff is to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Intent {
    /// The patient's number.
    pub patient: usize,
    /// Who sees her.
    pub visitor: Visitor,
    /// How she is to meet the practice.
    pub mode: Mode,
    /// What she says to it at first.
    pub says: DecisionValue,
    /// How well things go, about 1: it gets better over the weeks.
    pub luck: f64,
}

impl Intent {
    /// Does something come about that does so with this chance?
    pub fn holds(&self, tale: &mut Tale<'_>, chance: f64) -> bool {
        tale.rng.random_bool((chance * self.luck).clamp(0.02, 0.97))
    }
}

/// A practice: its code, who answers there, and on which number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Practice {
    /// Its code.
    pub id: &'static str,
    /// Who answers.
    pub contact: &'static str,
    /// The number.
    pub number: &'static str,
}

/// Promises a call within 24 hours of the clock.
pub const HARBOR: Practice = Practice {
    id: "harbor",
    contact: "Grace Abernathy",
    number: "555-0142",
};
/// Promises a call within one working day.
pub const JUNIPER: Practice = Practice {
    id: "juniper",
    contact: "Desmond Pryce",
    number: "555-0117",
};
/// In the house.
pub const HALLWAY: Practice = Practice {
    id: "hallway",
    contact: "Kwame Osei, LCSW",
    number: "555-0163",
};
