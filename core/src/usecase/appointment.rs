//! Appointments: local wall time and zone are their source.

use super::{Desk, Plan};
use crate::domain::code::{BookedBy, Modality, OutcomeSource, OutcomeValue};
use crate::domain::id::{DocumentId, EntryId, PartnerId};
use crate::domain::payload;
use crate::refusal::Refusal;
use jiff::Zoned;
use jiff::civil::{DateTime};
use serde::{Deserialize, Serialize};

/// Books a visit. A live appointment that was seen must be named in `replaces` or `also`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BookAppointment {
    /// The record.
    pub record: DocumentId,
    /// With whom.
    pub partner: PartnerId,
    /// The wall time there.
    pub start_local: DateTime,
    /// Its zone; the practice's if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// In the hour that occurs twice: the second one.
    #[serde(default)]
    pub second_hour: bool,
    /// How; in person if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modality: Option<Modality>,
    /// Who made it; staff if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_by: Option<BookedBy>,
    /// How long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minutes: Option<u16>,
    /// With which clinician.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clinician: Option<String>,
    /// Where to go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Appointments whose place it takes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaces: Vec<EntryId>,
    /// Appointments that stand beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<EntryId>,
    /// The missed or cancelled one that it makes up for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rebooks: Option<EntryId>,
    /// By phone, outside any encounter.
    #[serde(default)]
    pub outreach: bool,
    /// In which encounter; the open one if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encounter: Option<EntryId>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// Moves a visit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeAppointment {
    /// The record.
    pub record: DocumentId,
    /// Which.
    pub appointment: EntryId,
    /// The new wall time.
    pub start_local: DateTime,
    /// Its zone; as before if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// In the hour that occurs twice: the second one.
    #[serde(default)]
    pub second_hour: bool,
    /// How; as before if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modality: Option<Modality>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// Calls a visit off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelAppointment {
    /// The record.
    pub record: DocumentId,
    /// Which.
    pub appointment: EntryId,
    /// Who.
    pub cancelled_by: BookedBy,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}

/// What became of a visit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordOutcome {
    /// The record.
    pub record: DocumentId,
    /// Which.
    pub appointment: EntryId,
    /// What.
    pub value: OutcomeValue,
    /// Who says so; the practice if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<OutcomeSource>,
    /// When it happened; now if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Zoned>,
}
