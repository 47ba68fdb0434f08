//! Everything that may be done in a record, asked one after another.

use super::{Action, Asking, Obstacle};
use crate::domain::code::{
    BarrierKind, CloseReason, ContactOutcome, ContactWith, DecisionReason, DecisionValue,
    HandedHow, Instrument, Mode, NeedBasis, OutcomeValue, SafetyReason, ScreenMode, Setting,
    StepKind,
};
use crate::domain::fold::Record;
use crate::domain::guard::Breach;
use crate::domain::id::{DocumentId, EntryId, PartnerId};
use crate::domain::join::Patient;
use crate::domain::payload::{PatientDescribed, Revisit};
use crate::refusal::Refusal;
use crate::usecase::{
    AcceptOwnership, AddNote, BookAppointment, CloseLoop, Command, ConfirmSharingPlan,
    DescribePatient, Desk, EndEncounter, GiveMaterial, HandSafety, IdentifyNeed, OfferHandoff,
    OfferOwnership, RaiseSafety, ReadBackToHer, RecordArrival, RecordBarrier, RecordContact,
    RecordDecision, RecordOutcome, RecordScreen, ReleaseOwnership, ResolveSafety, SetNextStep,
    SettleReview, StartEncounter,
};
use crate::view::May;
use jiff::ToSpan;

/// Some text where the rule asks for one: what it says is for the person to write.
fn text() -> String {
    "-".to_owned()
}

impl May {
    /// What may be done in the record at hand, and what stands before the rest.
    pub(in crate::view) fn of(desk: &Desk<'_>) -> (Self, Vec<Obstacle>) {
        let Some((patient, record)) = desk.patient.zip(desk.record) else {
            return (Self::default(), Vec::new());
        };
        let mut asking = Asking::at(desk);
        let id = record.id;
        let mut may = Self::default();
        may.of_visit(&mut asking, id);
        may.of_answer(&mut asking, id);
        may.of_connection(&mut asking, desk, record);
        may.of_visit_there(&mut asking, record);
        may.of_owner(&mut asking, desk, record);
        may.of_safety(&mut asking, patient, id);
        may.of_end(&mut asking, patient, record);
        (may, asking.problems)
    }

    fn of_visit(&mut self, asking: &mut Asking<'_, '_>, record: DocumentId) {
        self.describe = asking.may(
            Action::Describe,
            Command::DescribePatient(DescribePatient::now(
                record,
                PatientDescribed {
                    preferred_name: Some(text()),
                    ..PatientDescribed::default()
                },
            )),
        );
        self.start_encounter = asking.may(
            Action::StartEncounter,
            Command::StartEncounter(StartEncounter {
                record,
                setting: Setting::Home,
                site: None,
                signal: None,
                family_present: None,
                ok_to_discuss_in_front: None,
                staff: Vec::new(),
                at: None,
            }),
        );
        self.end_encounter = asking.may(
            Action::EndEncounter,
            Command::EndEncounter(EndEncounter {
                record,
                encounter: None,
                at: None,
            }),
        );
        self.screen = asking.may(
            Action::RecordScreen,
            Command::RecordScreen(RecordScreen {
                record,
                instrument: Instrument::Phq2,
                mode: ScreenMode::Interview,
                items: vec![None, None],
                total: None,
                language: None,
                encounter: None,
                at: None,
            }),
        );
        self.note = asking.may(
            Action::Note,
            Command::AddNote(AddNote {
                record,
                text: text(),
                at: None,
            }),
        );
        self.barrier = asking.may(
            Action::RecordBarrier,
            Command::RecordBarrier(RecordBarrier {
                record,
                kind: BarrierKind::Transport,
                barrier: None,
                detail: None,
                plan: None,
                plan_owner: None,
                status: None,
                encounter: None,
                at: None,
            }),
        );
    }

    fn of_answer(&mut self, asking: &mut Asking<'_, '_>, record: DocumentId) {
        self.identify = asking.may(
            Action::Identify,
            Command::IdentifyNeed(IdentifyNeed {
                record,
                basis: NeedBasis::Judgement,
                need: None,
                urgency: None,
                screen: None,
                owner: None,
                encounter: None,
                at: None,
            }),
        );
        self.offer = asking.may(
            Action::Offer,
            Command::OfferHandoff(OfferHandoff {
                record,
                mode: Mode::Phone,
                script: None,
                language: None,
                outreach: false,
                encounter: None,
                at: None,
            }),
        );
        self.decide = asking.may(
            Action::Decide,
            Command::RecordDecision(RecordDecision {
                record,
                value: DecisionValue::NotToday,
                offer: None,
                reasons: vec![DecisionReason::PrefersNotToSay],
                patient_initiated: false,
                revisit: Some(Revisit::NextEncounter),
                words: None,
                outreach: false,
                encounter: None,
                at: None,
            }),
        );
        self.give_material = asking.may(
            Action::GiveMaterial,
            Command::GiveMaterial(GiveMaterial {
                record,
                what: text(),
                encounter: None,
                at: None,
            }),
        );
        self.confirm_plan = asking.may(
            Action::ConfirmPlan,
            Command::ConfirmSharingPlan(ConfirmSharingPlan {
                record,
                items: Vec::new(),
                encounter: None,
                at: None,
            }),
        );
        self.read_back = asking.may(
            Action::ReadBack,
            Command::ReadBackToHer(ReadBackToHer {
                record,
                verified_by: None,
                corrections: Vec::new(),
                encounter: None,
                at: None,
            }),
        );
    }

    fn of_connection(&mut self, asking: &mut Asking<'_, '_>, desk: &Desk<'_>, record: &Record) {
        let any: Option<&PartnerId> = desk.sheet.partners.first().map(|p| &p.id);
        let none = || Refusal::NotHere("a practice");
        let id = record.id;
        let call = |with, partner: Option<PartnerId>| {
            Command::RecordContact(RecordContact {
                record: id,
                with,
                direction: None,
                channel: None,
                outcome: ContactOutcome::NoAnswer,
                basis: None,
                partner,
                contact_name: None,
                ended_at: None,
                patient_on_line: false,
                introduced_by_name: false,
                context_given: false,
                retry_at: None,
                reason: None,
                encounter: None,
                at: None,
            })
        };
        self.contact_partner = asking.may_if(
            Action::ContactPartner,
            any.map(|p| call(ContactWith::Partner, Some(p.clone()))),
            none(),
        );
        self.contact_patient = asking.may(Action::ContactPatient, call(ContactWith::Patient, None));
        let tomorrow = desk
            .now
            .to_zoned(super::super::when::clock(desk))
            .saturating_add(1.day());
        self.step = asking.may(
            Action::SetStep,
            Command::SetNextStep(SetNextStep {
                record: id,
                what: StepKind::OurCallback,
                due_at: tomorrow.clone(),
                contact_name: text(),
                contact_channel: None,
                contact_value: text(),
                partner: None,
                owner: None,
                replaces: None,
                encounter: None,
                at: None,
            }),
        );
        // Noon is a time on every day; which one it takes the place of is asked on the form.
        let noon = tomorrow.date().at(12, 0, 0, 0);
        let live = record.appointments.iter().filter(|a| a.is_live());
        let also: Vec<EntryId> = live.map(|a| a.id).collect();
        let book = any.map(|partner| {
            Command::BookAppointment(BookAppointment {
                record: id,
                partner: partner.clone(),
                start_local: noon,
                zone: None,
                second_hour: false,
                modality: None,
                booked_by: None,
                minutes: None,
                clinician: None,
                location: None,
                replaces: Vec::new(),
                also,
                rebooks: None,
                proposed: false,
                accepts: None,
                outreach: false,
                encounter: None,
                at: None,
            })
        });
        self.book = asking.may_if(Action::Book, book, none());
    }

    /// At the visit that stands first.
    fn of_visit_there(&mut self, asking: &mut Asking<'_, '_>, record: &Record) {
        let id = record.id;
        let first = record
            .appointments
            .iter()
            .filter(|a| a.is_live())
            .min_by_key(|a| (a.slot.start, a.id))
            .map(|a| a.id);
        let none = || Refusal::NotHere("an appointment");
        let arrive = first.map(|appointment| {
            Command::RecordArrival(RecordArrival {
                record: id,
                appointment,
                source: None,
                at: None,
            })
        });
        self.arrive = asking.may_if(Action::Arrive, arrive, none());
        let outcome = first.map(|appointment| {
            Command::RecordOutcome(RecordOutcome {
                record: id,
                appointment,
                value: OutcomeValue::Attended,
                source: None,
                at: None,
            })
        });
        self.outcome = asking.may_if(Action::Outcome, outcome, none());
    }

    fn of_owner(&mut self, asking: &mut Asking<'_, '_>, desk: &Desk<'_>, record: &Record) {
        let id = record.id;
        self.offer_ownership = asking.may(
            Action::OfferOwnership,
            Command::OfferOwnership(OfferOwnership {
                record: id,
                to: desk.person.id.clone(),
                at: None,
            }),
        );
        let offer = record.owner_offers.iter().rev().find(|o| o.taken.is_none());
        self.accept_ownership = asking.may(
            Action::AcceptOwnership,
            Command::AcceptOwnership(AcceptOwnership {
                record: id,
                offer: offer.map(|o| o.entry.id),
                at: None,
            }),
        );
        self.release_ownership = asking.may(
            Action::ReleaseOwnership,
            Command::ReleaseOwnership(ReleaseOwnership {
                record: id,
                at: None,
            }),
        );
    }

    fn of_safety(&mut self, asking: &mut Asking<'_, '_>, patient: &Patient, record: DocumentId) {
        let flags: Vec<EntryId> = patient.open_flags().map(|f| f.id).collect();
        let none = || Refusal::NotHere("an open safety flag");
        let open = !flags.is_empty();
        self.raise_safety = asking.may(
            Action::RaiseSafety,
            Command::RaiseSafety(RaiseSafety {
                record,
                reason: SafetyReason::StaffConcern,
                words: None,
                encounter: None,
                at: None,
            }),
        );
        let hand = open.then(|| {
            Command::HandSafety(HandSafety {
                record,
                flags: flags.clone(),
                to: text(),
                how: HandedHow::Phone,
                at: None,
            })
        });
        self.hand_safety = asking.may_if(Action::HandSafety, hand, none());
        let resolve = open.then(|| {
            Command::ResolveSafety(ResolveSafety {
                record,
                flags: flags.clone(),
                note: text(),
                at: None,
            })
        });
        self.resolve_safety = asking.may_if(Action::ResolveSafety, resolve, none());
    }

    fn of_end(&mut self, asking: &mut Asking<'_, '_>, patient: &Patient, record: &Record) {
        let id = record.id;
        let mut open = patient.questions(record).filter(|i| i.is_open());
        let settle = open.find_map(|item| {
            let keep = item.choices.first().copied()?;
            Some(Command::SettleReview(SettleReview {
                record: id,
                keep: Some(keep),
                items: vec![item.id],
                at: None,
            }))
        });
        self.settle = asking.may_if(
            Action::Settle,
            settle,
            Refusal::NotAllowed(Breach::NoSuchItem),
        );
        let close = |proposed| {
            Command::CloseLoop(CloseLoop {
                record: id,
                reason: CloseReason::Attended,
                proposed: Some(proposed),
                accepts: None,
                at: None,
            })
        };
        self.close = asking.may(Action::Close, close(false));
        self.propose_close = super::would(asking.desk, close(true));
    }
}
