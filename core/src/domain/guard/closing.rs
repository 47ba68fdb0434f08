//! Rules of ticking, settling, closing, linking and taking back.

use super::{Breach, Case, ensure};
use crate::domain::authority;
use crate::domain::code::{CloseReason, FlagStatus, ReviewKind, Role, TaskKind};
use crate::domain::fold::ReviewItem;
use crate::domain::id::{DerivedId, EntryId, PatientId, UserId};
use crate::domain::payload::{EnteredInError, LoopClosed, PartnerTold, ReviewSettled};
use crate::domain::read;
use jiff::SignedDuration;

pub(super) fn told(said: &PartnerTold) -> Result<(), Breach> {
    let noted = said.note.as_ref().is_some_and(|n| !n.trim().is_empty());
    let says = said.accepting.is_some() || said.contact.is_some() || said.verified || noted;
    ensure(says, Breach::NothingSaid)?;
    match &said.contact {
        Some(contact) => {
            super::text(&contact.name)?;
            super::text(&contact.value)
        }
        None => Ok(()),
    }
}

impl Case<'_> {
    /// Whose task it is ticks it; a coordinator and a supervisor tick anybody's. What nobody holds whom the sheet still
    /// knows is everybody's.
    pub(super) fn ticked(&self, task: DerivedId) -> Result<(), Breach> {
        let tasks = read::tasks_of(self.past, self.sheet, self.at());
        let known = tasks.into_iter().find(|t| t.id == task);
        let cause = known.as_ref().and_then(|t| self.past.past.get(t.cause));
        // Whether she may see the record is not read from it alone: whoever writes in it may.
        let was_worried = cause.is_some_and(|e| e.body.is_said_beside() && e.by == self.entry.by);
        let owners = known.map(|t| t.owners).or_else(|| self.of_nobody(task));
        let owners = owners.ok_or(Breach::NoSuchTask)?;
        let on = self.entry.occurred_at.date();
        let coordinates = self.is(Role::Coordinator)
            || self.is(Role::Assistant)
                && self
                    .past
                    .sites()
                    .any(|site| authority::is_designated(self.person, Some(site), self.sheet, on));
        let hers = was_worried || owners.contains(&self.entry.by) || self.sheet.knows_none(&owners);
        ensure(
            hers || coordinates || self.is(Role::Supervisor),
            Breach::NotYourTask,
        )
    }

    /// Whose it is to ask her how she goes on. When nobody had her is read from more than this record: that something in it
    /// was the last has to be enough.
    fn of_nobody(&self, task: DerivedId) -> Option<Vec<UserId>> {
        let kind = TaskKind::NothingPlanned.as_str();
        let mut entries = self.past.entries().iter();
        let last = entries.find(|e| DerivedId::derive(kind, &[e.id]) == task)?;
        Some(match &self.past.owners[..] {
            [] => vec![last.by.clone()],
            owners => owners.to_vec(),
        })
    }

    pub(super) fn settled(&self, said: &ReviewSettled) -> Result<(), Breach> {
        ensure(!said.items.is_empty(), Breach::NoSuchItem)?;
        let asked = || self.past.review.iter().chain(&self.past.twins);
        let fits = |id: &DerivedId| match said.keep {
            Some(keep) => asked().any(|item| item.id == *id && item.choices.contains(&keep)),
            None => self
                .past
                .proposals
                .iter()
                .any(|p| p.id == *id && p.answered.is_none() && self.may_answer(&p.entry.body)),
        };
        ensure(said.items.iter().all(fits), Breach::NoSuchItem)?;
        // A doula settles what is not about safety.
        let about_safety = asked()
            .filter(|item| said.items.contains(&item.id))
            .any(|item| {
                matches!(
                    item.kind,
                    ReviewKind::ScreenVersions
                        | ReviewKind::DuplicateScreen
                        | ReviewKind::VoidDisputed
                )
            });
        ensure(!about_safety || !self.is(Role::Doula), Breach::Role)
    }

    /// Who could accept a proposal may decline it.
    fn may_answer(&self, proposed: &crate::domain::entry::Body) -> bool {
        let stated = proposed.clone().into_statement();
        let on = self.entry.occurred_at.date();
        let site = self.past.site.as_ref();
        crate::domain::authority::allowed(
            self.entry.role,
            self.person,
            &stated,
            site,
            self.sheet,
            on,
        )
    }

    pub(super) fn closed(&self, said: &LoopClosed) -> Result<(), Breach> {
        self.handoff()?;
        let past = self.past;
        if said.proposed {
            return Ok(());
        }
        let over = |id: EntryId| {
            past.flag_events.iter().any(|e| {
                matches!(e.status, FlagStatus::Resolved | FlagStatus::EnteredInError)
                    && e.flags.contains(&id)
            })
        };
        ensure(
            past.flags
                .iter()
                .all(|f| over(f.entry.id) && said.flags_seen.contains(&f.entry.id)),
            Breach::OpenFlag,
        )?;
        ensure(
            !past.review.iter().any(ReviewItem::is_open),
            Breach::OpenReview,
        )?;
        ensure(
            !past
                .appointments
                .iter()
                .any(|a| a.is_live() && a.slot.start > self.at()),
            Breach::FutureAppointment,
        )?;
        let unreachable = said.reason == CloseReason::Unreachable;
        ensure(
            !unreachable || self.is(Role::Supervisor),
            Breach::SupervisorOnly,
        )
    }

    pub(super) fn patients(&self, named: &[PatientId; 2]) -> Result<(), Breach> {
        let [a, b] = named;
        let own = self.past.patient.is_some_and(|p| p == *a || p == *b);
        ensure(a != b && own, Breach::NotTwoPatients)
    }

    /// Its author takes it back within a day, a supervisor later; what raised a flag is a clinician's to judge.
    pub(super) fn voided(&self, said: &EnteredInError) -> Result<(), Breach> {
        super::text(&said.reason)?;
        let target = self.past.past.get(said.entry).ok_or(Breach::Dangling)?;
        ensure(target.body.opens().is_none(), Breach::NotVoidable)?;
        let stands = self.stands(target.id) || target.body.is_proposed();
        ensure(stands, Breach::VoidedAlready)?;
        let raised = self.past.flags.iter().any(|f| f.entry.id == target.id);
        if raised {
            return ensure(self.person.licensed_clinician, Breach::NotVoidable);
        }
        let day = SignedDuration::from_hours(24);
        let own = target.by == self.entry.by && target.recorded_at.duration_until(self.at()) <= day;
        ensure(own || self.is(Role::Supervisor), Breach::NotYours)
    }
}
