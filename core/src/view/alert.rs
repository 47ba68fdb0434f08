//! What somebody has to know though nothing is asked of her. An alert blocks nothing and stands until what it tells of is
//! over.

use super::when::When;
use crate::domain::code::AlertKind;
use crate::domain::id::{DocumentId, EntryId, UserId};
use crate::domain::organisation::Organisation;
use crate::domain::read::Summary;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

/// An alert.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlertRow {
    /// The record.
    pub record: DocumentId,
    /// The patient's name.
    pub name: Option<String>,
    /// What.
    pub kind: AlertKind,
    /// The entry that was not seen: the new worry, or that she takes her consent back.
    pub entry: EntryId,
    /// Who said it.
    pub by: String,
    /// When.
    pub when: When,
    /// Who had not seen it: she cleared another worry, or sent the referral.
    pub unseen_by: String,
    /// When she did.
    pub unseen_when: When,
    /// The practice that has what was sent.
    pub partner: Option<String>,
    /// Whom it is for.
    #[serde(skip)]
    pub for_whom: Vec<UserId>,
}

/// The alerts of one record that are not over.
pub(super) fn rows(
    summary: &Summary,
    sheet: &Organisation,
    zone: &TimeZone,
    now: Timestamp,
) -> Vec<AlertRow> {
    let open = summary.alerts.iter().filter(|a| !a.is_over);
    open.map(|alert| AlertRow {
        record: summary.record,
        name: summary.name.clone(),
        kind: alert.kind,
        entry: alert.entry,
        by: sheet.name_of(&alert.by).to_owned(),
        when: When::of(alert.at, zone, now),
        unseen_by: sheet.name_of(&alert.unseen_by).to_owned(),
        unseen_when: When::of(alert.unseen_at, zone, now),
        partner: alert
            .partner
            .as_ref()
            .map(|id| super::fact::practice(id, sheet)),
        for_whom: alert.for_whom.clone(),
    })
    .collect()
}
