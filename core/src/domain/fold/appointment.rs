//! Appointments: what was booked, moved, called off and came of it. Two bookings that did not know of each other both
//! stand until a person settles it.

use super::item::ReviewItem;
use crate::domain::code::{AppointmentStatus, BookedBy, Modality, OutcomeValue, ReviewKind};
use crate::domain::entry::{Body, Entry};
use crate::domain::id::{EntryId, PartnerId};
use crate::domain::past::Past;
use crate::domain::payload::AppointmentBooked;
use crate::domain::time;
use jiff::Timestamp;
use jiff::civil::DateTime;
use std::sync::Arc;

/// An appointment.
#[derive(Clone, Debug)]
pub struct Appointment {
    /// The entry that booked it.
    pub id: EntryId,
    /// That entry.
    pub entry: Arc<Entry>,
    /// What was booked.
    pub said: AppointmentBooked,
    /// When it is: the booking's slot or that of the move that stands.
    pub slot: Slot,
    /// Where it stands.
    pub status: AppointmentStatus,
    /// When it was superseded, cancelled or its outcome recorded, as the author says.
    pub status_at: Timestamp,
    /// The cancellations and replacements that ended it.
    pub ended_by: Vec<EntryId>,
    /// The settlement by which another one was kept for it.
    pub lost_to: Option<EntryId>,
    /// What was heard of it: outcomes, and that she is there.
    pub heard: Vec<EntryId>,
    /// The first booking of its series.
    pub series: EntryId,
    /// Entries of its series up to now, less one: the SEQUENCE of its calendar entry.
    pub sequence: u32,
}

/// A time and a way to meet.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// The wall time: the source.
    pub local: DateTime,
    /// Its IANA zone.
    pub zone: String,
    /// The instant: computed.
    pub start: Timestamp,
    /// How.
    pub modality: Modality,
    /// The entries that say so: the booking, or the moves.
    pub said_by: Vec<EntryId>,
}

impl Appointment {
    /// With whom.
    pub fn partner(&self) -> &PartnerId {
        &self.said.partner
    }

    /// Who made it.
    pub fn booked_by(&self) -> BookedBy {
        self.said.booked_by
    }

    /// Is it still to be kept, as far as is known?
    pub fn is_live(&self) -> bool {
        matches!(
            self.status,
            AppointmentStatus::Booked | AppointmentStatus::Arrived
        )
    }

    /// Was it standing at its start, or does it stand now if that is to come? A visit missed was kept standing.
    pub fn is_kept(&self, now: Timestamp) -> bool {
        match self.status {
            AppointmentStatus::Booked
            | AppointmentStatus::Arrived
            | AppointmentStatus::Attended
            | AppointmentStatus::NoShow
            | AppointmentStatus::OutcomeDisputed => true,
            AppointmentStatus::Proposed => false,
            // Told afterwards that it was called off: it did not stand when it was to begin.
            AppointmentStatus::Cancelled if self.ended_by.is_empty() => false,
            AppointmentStatus::Superseded | AppointmentStatus::Cancelled => {
                self.slot.start <= now && self.status_at > self.slot.start
            }
        }
    }
}

/// The appointments, their outcomes and moves judged by what is settled; supersession comes after (`supersede`).
pub(super) fn appointments(past: &Past, items: &[ReviewItem]) -> Vec<Appointment> {
    let mut found: Vec<Appointment> = past
        .standing()
        .iter()
        .filter_map(|entry| match &entry.body {
            Body::AppointmentBooked(said) => Some(appointment(past, items, entry, said)),
            _ => None,
        })
        .collect();
    number(past, &mut found);
    found
}

fn appointment(
    past: &Past,
    items: &[ReviewItem],
    entry: &Arc<Entry>,
    said: &AppointmentBooked,
) -> Appointment {
    let slot = slot(past, items, entry, said);
    let settled_for = |id: EntryId| {
        // An item about this entry that stands open, or was settled for another, takes its force away. An error that was
        // called without knowing of it takes nothing away until a person has said so.
        let about = |i: &&ReviewItem| {
            let booking = i.kind == ReviewKind::TwoBooked && i.choices.contains(&id);
            i.kind != ReviewKind::VoidDisputed && !booking && i.entries.contains(&id)
        };
        items.iter().filter(about).all(|i| {
            i.settled
                .as_ref()
                .is_some_and(|s| s.keep == Some(id) || !s.named)
        })
    };
    let of = |pick: &dyn Fn(&Body) -> bool| -> Vec<&Arc<Entry>> {
        past.standing()
            .iter()
            .filter(|e| pick(&e.body) && settled_for(e.id))
            .collect()
    };
    let cancelled =
        of(&|b| matches!(b, Body::AppointmentCancelled(p) if p.appointment == entry.id));
    let declined =
        of(&|b| matches!(b, Body::PartnerDeclined(p) if p.appointment == Some(entry.id)));
    let replaced =
        of(&|b| matches!(b, Body::AppointmentBooked(p) if p.replaces.contains(&entry.id)));
    let disputed = items.iter().any(|i| {
        i.kind == ReviewKind::OutcomeDisputed
            && i.is_open()
            && i.entries
                .iter()
                .chain(&i.choices)
                .filter_map(|id| past.get(*id))
                .any(|e| matches!(&e.body, Body::OutcomeRecorded(p) if p.appointment == entry.id))
    });
    // Moved by somebody who knew that she was there, it is still to come: she has not arrived at the new time.
    let moved_since = |id: EntryId| {
        past.standing().iter().any(|e| {
            matches!(&e.body, Body::AppointmentChanged(p) if p.appointment == entry.id)
                && past.saw(e.id, id)
        })
    };
    let mut heard = of(&|b| match b {
        Body::OutcomeRecorded(p) => p.appointment == entry.id,
        Body::PatientArrived(p) => p.appointment == entry.id,
        _ => false,
    });
    let all_heard = heard.iter().map(|e| e.id).collect();
    heard.retain(|e| !moved_since(e.id));
    let (came, at_last) = came(past, &heard);
    let first_at =
        |entries: &[&Arc<Entry>]| entries.iter().map(|e| e.occurred_at.timestamp()).min();
    let (status, status_at) = if disputed {
        (AppointmentStatus::OutcomeDisputed, slot.start)
    } else if came == Some(AppointmentStatus::Attended) {
        // Whoever was seen has come, whatever else was booked for her.
        (AppointmentStatus::Attended, at_last)
    } else if let Some(at) = first_at(&replaced) {
        (AppointmentStatus::Superseded, at)
    } else if let Some(status) = came {
        (status, at_last)
    } else if let Some(at) = first_at(&cancelled)
        .into_iter()
        .chain(first_at(&declined))
        .min()
    {
        (AppointmentStatus::Cancelled, at)
    } else {
        (AppointmentStatus::Booked, entry.occurred_at.timestamp())
    };
    let ended_by = cancelled
        .iter()
        .chain(&declined)
        .chain(&replaced)
        .map(|e| e.id)
        .collect();
    Appointment {
        id: entry.id,
        entry: Arc::clone(entry),
        said: said.clone(),
        slot,
        status,
        status_at,
        ended_by,
        lost_to: None,
        heard: all_heard,
        series: entry.id,
        sequence: 0,
    }
}

/// What was last heard of a visit, and when. That she is there says less than what became of it: of two that did not
/// know of each other the outcome tells.
fn came(past: &Past, heard: &[&Arc<Entry>]) -> (Option<AppointmentStatus>, Timestamp) {
    let status = |e: &Entry| match &e.body {
        Body::PatientArrived(_) => Some(AppointmentStatus::Arrived),
        Body::OutcomeRecorded(p) => match p.value {
            OutcomeValue::Unknown => None,
            OutcomeValue::Attended => Some(AppointmentStatus::Attended),
            OutcomeValue::NoShow => Some(AppointmentStatus::NoShow),
            _ => Some(AppointmentStatus::Cancelled),
        },
        _ => None,
    };
    heard
        .iter()
        .filter(|o| !heard.iter().any(|l| past.saw(l.id, o.id)))
        .map(|e| (status(e), e.occurred_at.timestamp(), e.id))
        .max_by_key(|(status, at, id)| (*status != Some(AppointmentStatus::Arrived), *at, *id))
        .map_or((None, Timestamp::MIN), |(status, at, _)| (status, at))
}

/// The slot that stands: the newest move; of two that a person has not settled yet, the earlier one.
fn slot(past: &Past, items: &[ReviewItem], entry: &Arc<Entry>, said: &AppointmentBooked) -> Slot {
    let booked = Slot {
        local: said.start_local,
        zone: said.zone.clone(),
        start: time::start(said.start_local, &said.zone, said.second_hour)
            .unwrap_or(entry.occurred_at.timestamp()),
        modality: said.modality,
        said_by: vec![entry.id],
    };
    let moves: Vec<_> = past
        .standing()
        .iter()
        .filter_map(|e| match &e.body {
            Body::AppointmentChanged(p) if p.appointment == entry.id => {
                let start = time::start(p.start_local, &p.zone, p.second_hour).ok()?;
                Some((
                    e.id,
                    Slot {
                        local: p.start_local,
                        zone: p.zone.clone(),
                        start,
                        modality: p.modality.unwrap_or(said.modality),
                        said_by: vec![e.id],
                    },
                ))
            }
            _ => None,
        })
        .collect();
    let lost = |id: EntryId| {
        items.iter().any(|i| {
            i.entries.contains(&id)
                && i.settled
                    .as_ref()
                    .is_some_and(|s| s.named && s.keep != Some(id))
        })
    };
    let standing: Vec<_> = moves
        .iter()
        .filter(|(id, _)| !lost(*id) && !moves.iter().any(|(later, _)| past.saw(*later, *id)))
        .collect();
    let first = standing.iter().min_by_key(|(id, slot)| (slot.start, *id));
    first.map_or(booked, |(_, slot)| Slot {
        said_by: standing
            .iter()
            .filter(|(_, other)| other.start == slot.start)
            .map(|(id, _)| *id)
            .collect(),
        ..slot.clone()
    })
}

/// What a settled disagreement about two bookings does, or about a booking that took the place of one that was moved: the
/// other one is superseded at once.
pub(super) fn supersede(appointments: &mut [Appointment], items: &[ReviewItem]) {
    let kinds = [ReviewKind::TwoBooked, ReviewKind::TwoValues];
    for item in items.iter().filter(|i| kinds.contains(&i.kind)) {
        let settled = item.settled.as_ref();
        let Some((keep, settled)) = settled.and_then(|s| Some((s.keep?, s))) else {
            continue;
        };
        for appointment in appointments.iter_mut() {
            if !item.choices.contains(&appointment.id) || appointment.id == keep {
                continue;
            }
            appointment.lost_to.get_or_insert(settled.by);
            if appointment.is_live() {
                appointment.status = AppointmentStatus::Superseded;
                appointment.status_at = settled.at;
            }
        }
    }
}

/// Series and sequence: booked, moved, called off and rebooked entries of one series count.
fn number(past: &Past, appointments: &mut [Appointment]) {
    let rebooks: Vec<_> = appointments
        .iter()
        .map(|a| (a.id, a.said.rebooks))
        .collect();
    let root = |mut id: EntryId| {
        for _ in 0..rebooks.len() {
            match rebooks
                .iter()
                .find(|(own, _)| *own == id)
                .and_then(|(_, before)| *before)
            {
                Some(before) if rebooks.iter().any(|(own, _)| *own == before) => id = before,
                _ => break,
            }
        }
        id
    };
    let about = |body: &Body, own: EntryId| match body {
        Body::AppointmentBooked(_) => Some(own),
        Body::AppointmentChanged(p) => Some(p.appointment),
        Body::AppointmentCancelled(p) => Some(p.appointment),
        _ => None,
    };
    for appointment in appointments.iter_mut() {
        appointment.series = root(appointment.id);
        let count = past
            .standing()
            .iter()
            .filter(|e| about(&e.body, e.id).is_some_and(|id| root(id) == appointment.series))
            .count();
        appointment.sequence = u32::try_from(count.saturating_sub(1)).unwrap_or(u32::MAX);
    }
}
