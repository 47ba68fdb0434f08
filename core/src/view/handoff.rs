//! One record: who she is, where it stands, what has to be said before she leaves, and what happened, with the truth
//! about where each entry is.

use crate::domain::authority;
use crate::domain::code::{DecisionState, Grade, LeaveCheck, Role};
use crate::domain::entry::Body;
use crate::domain::fold::Record;
use crate::domain::id::{DocumentId, EntryId};
use crate::domain::organisation::{Organisation, Person};
use crate::domain::payload;
use crate::domain::read::{Receipts, Summary};
use jiff::{Timestamp, Zoned};
use serde::Serialize;

/// The screen of one record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HandoffScreen {
    /// Everything that is read from it.
    pub summary: Summary,
    /// The owners' names.
    pub owners: Vec<String>,
    /// The strip, while a visit is under way.
    pub before_leaving: Option<BeforeLeaving>,
    /// What happened, causes first.
    pub timeline: Vec<TimelineRow>,
    /// What the signed-in person may do here.
    pub may: May,
}

/// What has to be so before she leaves. It informs and never blocks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four marks on a strip, each on its own"
)]
pub struct BeforeLeaving {
    /// The visit.
    pub encounter: EntryId,
    /// Somebody spoke with the practice, the patient on the line.
    pub spoke: bool,
    /// An appointment stands.
    pub appointment: bool,
    /// A dated step with a contact stands.
    pub next_step: bool,
    /// She said not today, with reason and revisit.
    pub not_today: bool,
    /// The grade if she left now.
    pub grade: Grade,
}

/// An entry on the timeline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TimelineRow {
    /// The entry.
    pub entry: EntryId,
    /// When it happened, as its author says.
    pub at: Zoned,
    /// Who said it.
    pub by: String,
    /// In which role.
    pub role: Role,
    /// What kind; an unknown one was recorded by a newer version.
    pub kind: String,
    /// Does this version know the kind?
    pub is_known: bool,
    /// Where the entry is.
    pub state: EntryState,
    /// When the server had it.
    pub received_at: Option<Timestamp>,
    /// Entries that its author and theirs had not seen of each other, saying the same fact otherwise.
    pub beside: Vec<EntryId>,
}

/// Where an entry is: computed from acknowledged hashes and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryState {
    /// On this device alone.
    OnDevice,
    /// On the server.
    OnServer,
}

/// What the signed-in person may do in this record, as far as role and record allow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one answer for each thing that a shell can offer"
)]
pub struct May {
    /// Begin the handoff.
    pub identify: bool,
    /// Offer.
    pub offer: bool,
    /// Contact a practice with her agreement.
    pub contact_partner: bool,
    /// Book.
    pub book: bool,
    /// Settle what is left open.
    pub settle: bool,
    /// Resolve safety flags.
    pub resolve_safety: bool,
    /// Close the loop.
    pub close: bool,
}

impl HandoffScreen {
    /// The screen of one record for one person.
    pub fn of(
        record: &Record,
        summary: Summary,
        receipts: &Receipts,
        sheet: &Organisation,
        person: &Person,
    ) -> Self {
        let owners = record
            .owners
            .iter()
            .map(|o| sheet.name_of(o).to_owned())
            .collect();
        let before_leaving = record.open_encounter().map(|encounter| BeforeLeaving {
            encounter: encounter.id,
            spoke: encounter.direct_contact,
            appointment: encounter.booked,
            next_step: encounter.dated_step,
            not_today: encounter.leave_check != LeaveCheck::NotApplicable
                && matches!(
                    record.decision,
                    DecisionState::Hesitant | DecisionState::NotToday
                ),
            grade: encounter.grade,
        });
        let timeline = record
            .entries()
            .iter()
            .map(|e| {
                let received_at = receipts.received_at(e.id);
                let beside = record.review.iter().filter(|i| i.entries.contains(&e.id));
                TimelineRow {
                    entry: e.id,
                    at: e.occurred_at.clone(),
                    by: sheet.name_of(&e.by).to_owned(),
                    role: e.role,
                    kind: e.body.kind().to_owned(),
                    is_known: !matches!(e.body, Body::Unknown(_)),
                    state: if received_at.is_some() {
                        EntryState::OnServer
                    } else {
                        EntryState::OnDevice
                    },
                    received_at,
                    beside: beside
                        .flat_map(|i| i.entries)
                        .filter(|id| *id != e.id)
                        .collect(),
                }
            })
            .collect();
        let may = May::of(record, sheet, person);
        Self {
            summary,
            owners,
            before_leaving,
            timeline,
            may,
        }
    }
}

impl May {
    fn of(record: &Record, sheet: &Organisation, person: &Person) -> Self {
        let site = record.site.as_ref();
        let on = record
            .entries()
            .last()
            .map(|e| e.occurred_at.date())
            .unwrap_or_default();
        let may = |body: Body| authority::acting_role(person, &body, site, sheet, on).is_some();
        let agreed = record.decision == DecisionState::Agreed;
        let handoff = record.need.is_some();
        let nobody = record.id;
        Self {
            identify: !handoff && may(probe::need()),
            offer: handoff && may(probe::offer()),
            contact_partner: agreed && may(probe::offer()),
            book: agreed && may(probe::offer()),
            settle: record
                .review
                .iter()
                .any(crate::domain::fold::ReviewItem::is_open)
                && may(probe::settle(nobody)),
            resolve_safety: !record.flags.is_empty() && may(probe::resolve()),
            close: handoff && may(probe::close()),
        }
    }
}

/// Entries to ask the role matrix about.
mod probe {
    use super::{Body, DocumentId, EntryId, payload};
    use crate::domain::code::{CloseReason, Mode, NeedBasis, NeedKind, Urgency};

    pub(super) fn need() -> Body {
        let (basis, need, urgency) = (NeedBasis::Judgement, NeedKind::Therapy, Urgency::Routine);
        payload::NeedIdentified {
            basis,
            need,
            urgency,
            screen: None,
            encounter: None,
            owner: None,
        }
        .into()
    }

    pub(super) fn offer() -> Body {
        payload::Offered {
            mode: Mode::Phone,
            encounter: None,
            script: None,
            language: None,
        }
        .into()
    }

    pub(super) fn settle(any: DocumentId) -> Body {
        payload::ReviewSettled {
            items: Vec::new(),
            keep: Some(EntryId(any.0)),
        }
        .into()
    }

    pub(super) fn resolve() -> Body {
        payload::SafetyResolved {
            flags: Vec::new(),
            note: String::new(),
        }
        .into()
    }

    pub(super) fn close() -> Body {
        payload::LoopClosed {
            reason: CloseReason::Attended,
            flags_seen: Vec::new(),
            proposed: false,
            accepts: None,
        }
        .into()
    }
}
