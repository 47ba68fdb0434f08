//! Settling what two people left open.

use super::{Desk, Plan};
use crate::domain::guard::Breach;
use crate::domain::id::{DerivedId, DocumentId, EntryId};
use crate::domain::payload;
use crate::refusal::Refusal;
use jiff::Zoned;
use serde::{Deserialize, Serialize};

/// Says which of the two stands. Closes the items named, or every open item that holds the entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettleReview {
    /// The record.
    pub record: DocumentId,
    /// The entry that stands; none declines the proposals named in `items`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<EntryId>,
    /// The items that were seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub items: Vec<DerivedId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

impl SettleReview {
    pub(super) fn plan(self, desk: &Desk<'_>) -> Result<Plan, Refusal> {
        let record = desk.record()?;
        let open =
            record.review.iter().chain(&record.twins).filter(|item| {
                item.is_open() && self.keep.is_some_and(|k| item.choices.contains(&k))
            });
        let items = if self.items.is_empty() {
            open.map(|item| item.id).collect()
        } else {
            self.items
        };
        if items.is_empty() {
            return Err(Refusal::NotAllowed(Breach::NoSuchItem));
        }
        Ok(desk.one(
            self.at,
            payload::ReviewSettled {
                items,
                keep: self.keep,
            },
        ))
    }
}
