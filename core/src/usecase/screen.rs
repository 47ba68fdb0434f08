//! Recording a screen: its result in the record, its answers in a document of their own.

use super::desk::{Draft, Target};
use super::{Desk, Plan};
use crate::domain::code::{Instrument, ScreenMode};
use crate::domain::guard::Breach;
use crate::domain::id::{DocumentId, EntryId};
use crate::domain::instrument::NoScore;
use crate::domain::payload;
use crate::refusal::{Problem, Refusal};
use jiff::Zoned;
use serde::{Deserialize, Serialize};

/// Records a screen by its items, or by its total alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordScreen {
    /// The record.
    pub record: DocumentId,
    /// Which.
    pub instrument: Instrument,
    /// How it was filled in.
    pub mode: ScreenMode,
    /// One score an item; null is a blank, never 0. Yes/no instruments: 1 and 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Option<u8>>,
    /// The total, when the items are not at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u16>,
    /// In which language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// In which encounter; the open one if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// Another version of a screen: an item put right, or a form read again. The version before stays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AmendScreen {
    /// The record.
    pub record: DocumentId,
    /// Which.
    pub screen: EntryId,
    /// How this version was filled in.
    pub mode: ScreenMode,
    /// One score an item; null is a blank, never 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<Option<u8>>,
    /// The total, when the items are not at hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u16>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// A clinician stands by one version of a screen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignScreen {
    /// The record.
    pub record: DocumentId,
    /// The version: what recorded it, or what amended it.
    pub version: EntryId,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

fn unfit(no: NoScore, items: &[Option<u8>]) -> Refusal {
    let problem = match no {
        NoScore::ItemCount => Problem::ItemCount,
        NoScore::OutOfRange => Problem::OutOfRange,
        NoScore::Empty => Problem::Empty,
    };
    Refusal::Invalid {
        field: if items.is_empty() && problem != Problem::Empty {
            "total"
        } else {
            "items"
        },
        problem,
    }
}

/// The answers, where only some may look.
fn answers(desk: &Desk<'_>, at: Option<&Zoned>, answered: payload::ScreenAnswered) -> Draft {
    Draft {
        id: desk.entry_id(),
        target: if answered.instrument.is_about_substances() {
            Target::Sud
        } else {
            Target::Screens
        },
        at: at.cloned(),
        role: None,
        body: answered.into(),
    }
}

impl AmendScreen {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let record = desk.record()?;
        let screen = record
            .screens
            .iter()
            .find(|s| s.entry.id == self.screen)
            .ok_or(Refusal::NotAllowed(Breach::NoSuchScreen))?;
        let instrument = screen.instrument;
        let cutoff = desk.sheet.cutoff(instrument);
        let score = instrument
            .score(&self.items, self.total, cutoff)
            .map_err(|no| unfit(no, &self.items))?;
        let mut plan = desk.one(
            self.at.clone(),
            payload::ScreenAmended {
                screen: self.screen,
                instrument,
                mode: self.mode,
                result: score.result,
                self_harm: score.self_harm,
                cutoff,
                language: None,
                reason: self.reason,
            },
        );
        if let Some(version) = plan.made {
            let answered = payload::ScreenAnswered {
                screen: version,
                record: self.record,
                instrument,
                total_only: self.items.is_empty(),
                items: self.items,
                total: score.total,
                amends: Some(self.screen),
            };
            plan.drafts.push(answers(desk, self.at.as_ref(), answered));
        }
        Ok(plan)
    }
}

impl SignScreen {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Plan {
        desk.one(
            self.at,
            payload::ScreenSigned {
                version: self.version,
            },
        )
    }
}

impl RecordScreen {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let cutoff = desk.sheet.cutoff(self.instrument);
        let score = self
            .instrument
            .score(&self.items, self.total, cutoff)
            .map_err(|no| unfit(no, &self.items))?;
        let mut plan = desk.one(
            self.at.clone(),
            payload::ScreenRecorded {
                instrument: self.instrument,
                mode: self.mode,
                result: score.result,
                self_harm: score.self_harm,
                cutoff,
                language: self.language,
                encounter: desk.encounter(self.encounter, self.at.as_ref())?,
            },
        );
        // Who may see the record learns the result; the answers lie where only some may look.
        if let Some(screen) = plan.made {
            let answered = payload::ScreenAnswered {
                screen,
                record: self.record,
                instrument: self.instrument,
                total_only: self.items.is_empty(),
                items: self.items.clone(),
                total: score.total,
                amends: None,
            };
            plan.drafts.push(answers(desk, self.at.as_ref(), answered));
        }
        Ok(plan)
    }
}
