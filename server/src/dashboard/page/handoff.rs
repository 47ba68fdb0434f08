//! One handoff. The page opens only after its reader has said why; then it shows the whole story, in causal order,
//! with what arrived when. It refuses to show what a screen scored: positive or not is all that leaves it.

mod sample;

use askama::Template;

use super::{ChoiceRow, Frame, SentenceRow, Tag};

#[derive(Debug, Clone, Template)]
#[template(path = "handoff.html")]
pub struct HandoffPage {
    pub frame: Frame,
    /// As it stands in addresses: `/handoffs/<id>`.
    pub id: String,
    pub code: String,
    pub state: Record,
}

#[derive(Debug, Clone)]
pub enum Record {
    Closed(Gate),
    Open(Box<OpenRecord>),
}

/// Asks for a reason before the record opens.
#[derive(Debug, Clone)]
pub struct Gate {
    pub reasons: Vec<ChoiceRow>,
    /// What was typed for a reason that is not in the list.
    pub other: String,
    /// Why the last try did not open it.
    pub error: Option<String>,
}

#[derive(Debug, Clone)]
pub struct OpenRecord {
    pub name: String,
    pub stage: Tag,
    /// `Identified Thu 5 Mar by Dr. Patel`.
    pub identified: String,
    pub owner: String,
    pub grade: Option<Grade>,
    /// Why this reader has it open, in the words of the list.
    pub reason: String,
    pub timeline: Vec<Moment>,
    pub to_do: Vec<SentenceRow>,
    pub reach: Vec<SentenceRow>,
    pub devices: Vec<SentenceRow>,
}

/// How she left: `W3`, and what that means.
#[derive(Debug, Clone)]
pub struct Grade {
    pub code: String,
    pub meaning: String,
}

/// One step down the timeline.
#[derive(Debug, Clone)]
pub enum Moment {
    Entry(Entry),
    AtOnce(AtOnce),
}

#[derive(Debug, Clone, Default)]
pub struct Entry {
    pub key: String,
    /// The time its author claims.
    pub at: String,
    pub who: String,
    /// The rest of the sentence: `offered; she agreed`.
    pub what: String,
    /// Words the patient or her author used, as typed; empty for none.
    pub words: String,
    /// Where, and on which device.
    pub place: String,
    /// `recorded offline, received Fri 18:30`, where the two times differ.
    pub received: Option<String>,
    /// `clock 2 h fast`, where the device's clock was wrong.
    pub clock: Option<String>,
    pub is_late: bool,
    pub is_safety: bool,
    /// It was entered by a newer version than this server knows; only its kind can be shown.
    pub newer_kind: Option<String>,
    /// Who voided it and why; the entry stays.
    pub voided: Option<String>,
}

/// Entries that were made without seeing each other and cannot both stand.
#[derive(Debug, Clone)]
pub struct AtOnce {
    pub key: String,
    /// `Two people booked without seeing each other`.
    pub what: String,
    pub sides: Vec<Side>,
    pub settle: Settle,
}

/// What one person said.
#[derive(Debug, Clone)]
pub struct Side {
    pub who: String,
    /// `booked Harbor Counseling`.
    pub what: String,
    /// The fact in question: `Mon 16 Mar 14:00`.
    pub fact: String,
    /// How and when it was said.
    pub how: String,
}

#[derive(Debug, Clone)]
pub enum Settle {
    /// This reader may answer: one button for each choice. `item` is the id of the open question.
    Ask {
        item: String,
        choices: Vec<ChoiceRow>,
    },
    /// Somebody else decides, or somebody has.
    Said(String),
}

impl Side {
    /// Where one of the two stands in a record that this reader may not open.
    pub const ELSEWHERE: &str = "The other was said in a record of another site.";

    pub fn new(who: &str, what: &str, fact: &str, how: &str) -> Self {
        Self {
            who: who.into(),
            what: what.into(),
            fact: fact.into(),
            how: how.into(),
        }
    }
}

impl Gate {
    /// The reasons that the list offers; the last asks for words.
    pub fn new() -> Self {
        Self {
            reasons: vec![
                ChoiceRow::new("follow_up", "I follow up this handoff"),
                ChoiceRow::new("quality_review", "Quality review"),
                ChoiceRow::new("asked", "The patient or family asked"),
                ChoiceRow::new("safety", "Safety concern"),
                ChoiceRow::new("other", "Other (say which)"),
            ],
            other: String::new(),
            error: None,
        }
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}
