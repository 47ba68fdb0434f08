//! Recording a screen: its result in the record, its answers in a document of their own.

use super::desk::{Draft, Target};
use super::{Desk, Plan};
use crate::domain::code::{Instrument, ScreenMode};
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

impl RecordScreen {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let cutoff = desk.sheet.cutoff(self.instrument);
        let score = self
            .instrument
            .score(&self.items, self.total, cutoff)
            .map_err(|no| match no {
                NoScore::ItemCount => Refusal::Invalid {
                    field: "items",
                    problem: Problem::ItemCount,
                },
                NoScore::OutOfRange => Refusal::Invalid {
                    field: "items",
                    problem: Problem::OutOfRange,
                },
                NoScore::Empty => Refusal::Invalid {
                    field: "items",
                    problem: Problem::Empty,
                },
            })?;
        let mut plan = desk.one(
            self.at.clone(),
            payload::ScreenRecorded {
                instrument: self.instrument,
                mode: self.mode,
                result: score.result,
                self_harm: score.self_harm,
                cutoff,
                language: self.language,
                encounter: desk.encounter(self.encounter)?,
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
            };
            let body = answered.into();
            plan.drafts.push(Draft {
                id: desk.entry_id(),
                target: Target::Screens,
                at: self.at.clone(),
                role: None,
                body,
            });
        }
        Ok(plan)
    }
}
