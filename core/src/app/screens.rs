//! One read method a screen. Each loads what its screen is read from and hands it over, as far as it is for the signed-in
//! person; none writes, and none computes anything itself.

use super::App;
use crate::domain::fold::Record;
use crate::domain::id::{DerivedId, DocumentId, PartnerId, PatientId};
use crate::domain::join::Patient;
use crate::domain::partner::Practice;
use crate::domain::read::{Receipts, Summary, read};
use crate::domain::visibility::Viewer;
use crate::refusal::Refusal;
use crate::store::Held;
use crate::usecase::{AcceptOwnership, Command, Counting, Desk, rehearse};
use crate::view::{
    AppointmentDraft, AppointmentForm, CallCard, DecisionDraft, DecisionScreen, DirectoryScreen,
    HandoffDraft, HandoffScreen, HistoryScreen, NewHandoffScreen, NextStepDraft, NextStepScreen,
    PartnerScreen, PatientCard, ReviewScreen, SafetyPanel, SameAs, SamePersonScreen, ScreenDraft,
    ScreenForm, SignInScreen, VisitScreen, WaitingRow,
};
use jiff::Timestamp;
use std::cell::RefCell;

const RECORD: Refusal = Refusal::NotHere("the record");
const PATIENT: Refusal = Refusal::NotHere("the patient");

/// What a screen of one record is read from.
struct Laid<'a, 'd> {
    desk: &'a Desk<'d>,
    receipts: &'a Receipts,
    summary: &'a Summary,
    viewer: Viewer<'a>,
    /// She may see it.
    is_hers: bool,
}

impl App {
    /// Lays a record before the signed-in person. One that is not for her is not here.
    fn at_record<T>(
        &self,
        record: DocumentId,
        now: Timestamp,
        look: impl FnOnce(&Laid<'_, '_>) -> Option<T>,
    ) -> Result<T, Refusal> {
        self.unlocked(now)?;
        self.lay(record, now, |laid| {
            laid.is_hers.then(|| look(laid)).flatten()
        })
    }

    /// The same, locked or not and hers or not: for what shows nothing of it then.
    fn lay<T>(
        &self,
        record: DocumentId,
        now: Timestamp,
        look: impl FnOnce(&Laid<'_, '_>) -> Option<T>,
    ) -> Result<T, Refusal> {
        let device = self.in_service()?;
        let sheet = self.sheet()?;
        let user = device.signed_in.clone().ok_or(Refusal::SignedOut)?;
        let person = sheet.person(&user).ok_or(Refusal::SignedOut)?;
        let (_, patient, hidden) = self.store.rows().document_row(record)?.ok_or(RECORD)?;
        let Held {
            patient,
            receipts,
            scopes,
            ..
        } = self.store.rows().patient(patient)?;
        let viewer = device.viewer(&sheet);
        let folded = patient.record(record).filter(|_| !hidden).ok_or(RECORD)?;
        let now = device.corrected(now);
        let reading = read(&patient, &receipts, &sheet, now);
        let mut found = reading.records.iter();
        let summary = found.find(|r| r.record == record).ok_or(RECORD)?;
        let mut ids = Counting::default();
        let desk = Desk {
            now,
            person,
            device: device.device,
            sheet: &sheet,
            patient: Some(&patient),
            record: Some(folded),
            reading: Some(&reading),
            rng: RefCell::new(&mut ids),
        };
        look(&Laid {
            desk: &desk,
            receipts: &receipts,
            summary,
            viewer,
            is_hers: viewer.sees(&scopes),
        })
        .ok_or(RECORD)
    }

    /// Who else may be the patient at hand. A list that cannot be read takes no screen away: what is known of her own record
    /// is there all the same.
    fn same_as(&self, laid: &Laid<'_, '_>) -> Vec<SameAs> {
        let desk = laid.desk;
        let Some(patient) = desk.patient.filter(|_| laid.is_hers) else {
            return Vec::new();
        };
        let rows = self.store.rows().list(&laid.viewer, desk.sheet, desk.now);
        SameAs::of(patient.id, &rows.unwrap_or_default())
    }

    /// A patient whom the signed-in person may see.
    fn other(&self, patient: PatientId) -> Result<Patient, Refusal> {
        let (device, sheet) = (self.in_service()?, self.sheet()?);
        let held = self.store.rows().patient(patient)?;
        let is_hers = device.viewer(&sheet).sees(&held.scopes);
        if held.patient.records.is_empty() || !is_hers {
            return Err(PATIENT);
        }
        Ok(held.patient)
    }

    /// Lays nothing but the sheet before her.
    fn at_desk<T>(
        &self,
        now: Timestamp,
        look: impl FnOnce(&Desk<'_>) -> Option<T>,
        lacking: Refusal,
    ) -> Result<T, Refusal> {
        let device = self.in_service()?;
        let sheet = self.sheet()?;
        let user = device.signed_in.clone().ok_or(Refusal::SignedOut)?;
        let person = sheet.person(&user).ok_or(Refusal::SignedOut)?;
        let mut ids = Counting::default();
        look(&Desk {
            now: device.corrected(now),
            person,
            device: device.device,
            sheet: &sheet,
            patient: None,
            record: None,
            reading: None,
            rng: RefCell::new(&mut ids),
        })
        .ok_or(lacking)
    }

    /// One record.
    pub fn handoff(&self, record: DocumentId, now: Timestamp) -> Result<HandoffScreen, Refusal> {
        self.at_record(record, now, |laid| {
            let same_as = self.same_as(laid);
            HandoffScreen::of(laid.desk, laid.summary.clone(), laid.receipts, same_as)
        })
    }

    /// A new handoff: for a patient to be named.
    pub fn new_handoff(
        &self,
        draft: &HandoffDraft,
        now: Timestamp,
    ) -> Result<NewHandoffScreen, Refusal> {
        let (device, sheet) = (self.in_service()?, self.sheet()?);
        let rows = self.store.rows();
        if let Some(patient) = draft.patient
            && !rows.may_name(patient, &device.viewer(&sheet))?
        {
            return Err(PATIENT);
        }
        let records = self.summaries(&sheet, now)?;
        let look = |desk: &Desk<'_>| Some(NewHandoffScreen::of(desk, draft, &records));
        self.at_desk(now, look, RECORD)
    }

    /// A new handoff in a record that is open.
    pub fn new_handoff_in(
        &self,
        record: DocumentId,
        draft: &HandoffDraft,
        now: Timestamp,
    ) -> Result<NewHandoffScreen, Refusal> {
        self.at_record(record, now, |laid| {
            Some(NewHandoffScreen::of(laid.desk, draft, &[]))
        })
    }

    /// The visit, with what has to be said before she leaves.
    pub fn visit(&self, record: DocumentId, now: Timestamp) -> Result<VisitScreen, Refusal> {
        self.at_record(record, now, |laid| {
            VisitScreen::of(laid.desk, laid.summary.stage, self.same_as(laid))
        })
    }

    /// The card in hand while a practice is called.
    pub fn call_card(
        &self,
        record: DocumentId,
        partner: Option<&PartnerId>,
        now: Timestamp,
    ) -> Result<CallCard, Refusal> {
        let told = |id: &PartnerId| self.store.rows().practice(id).ok();
        self.at_record(record, now, |laid| CallCard::of(laid.desk, partner, told))
    }

    /// The offer and what she says to it.
    pub fn decision(
        &self,
        record: DocumentId,
        draft: &DecisionDraft,
        now: Timestamp,
    ) -> Result<DecisionScreen, Refusal> {
        self.at_record(record, now, |laid| DecisionScreen::of(laid.desk, draft))
    }

    /// Booking a visit.
    pub fn appointment_form(
        &self,
        record: DocumentId,
        draft: &AppointmentDraft,
        now: Timestamp,
    ) -> Result<AppointmentForm, Refusal> {
        self.at_record(record, now, |laid| AppointmentForm::of(laid.desk, draft))
    }

    /// Writing down the scores of a form.
    pub fn screen_form(
        &self,
        record: DocumentId,
        draft: &ScreenDraft,
        now: Timestamp,
    ) -> Result<ScreenForm, Refusal> {
        self.at_record(record, now, |laid| ScreenForm::of(laid.desk, draft))
    }

    /// The next step.
    pub fn next_step(
        &self,
        record: DocumentId,
        draft: &NextStepDraft,
        now: Timestamp,
    ) -> Result<NextStepScreen, Refusal> {
        self.at_record(record, now, |laid| NextStepScreen::of(laid.desk, draft))
    }

    /// The card that she keeps.
    pub fn patient_card(&self, record: DocumentId, now: Timestamp) -> Result<PatientCard, Refusal> {
        self.at_record(record, now, |laid| PatientCard::of(laid.desk))
    }

    /// A question that two people left.
    pub fn review(
        &self,
        record: DocumentId,
        item: DerivedId,
        now: Timestamp,
    ) -> Result<ReviewScreen, Refusal> {
        self.at_record(record, now, |laid| {
            ReviewScreen::of(laid.desk, laid.summary, laid.receipts, item)
        })
    }

    /// The patient of a record beside another who may be she.
    pub fn same_person(
        &self,
        record: DocumentId,
        other: PatientId,
        now: Timestamp,
    ) -> Result<SamePersonScreen, Refusal> {
        let other = self.other(other)?;
        self.at_record(record, now, |laid| SamePersonScreen::of(laid.desk, &other))
    }

    /// The whole history of a record.
    pub fn history(&self, record: DocumentId, now: Timestamp) -> Result<HistoryScreen, Refusal> {
        self.at_record(record, now, |laid| {
            HistoryScreen::of(laid.desk, laid.receipts)
        })
    }

    /// Who may take the device in hand, by name.
    pub fn sign_in_screen(&self) -> Result<SignInScreen, Refusal> {
        let (device, sheet) = (self.device()?, self.sheet()?);
        let (name, people) = (&device.name, &device.people);
        Ok(SignInScreen::of(
            name,
            device.shared,
            people,
            device.signed_in.clone(),
            &sheet,
        ))
    }

    /// What to do when somebody is worried. Never fails: signed out, locked, not enrolled, without a sheet, beside a record
    /// that is not for her, or with a store that cannot be read, it says whom to call.
    pub fn safety_panel(&self, record: Option<DocumentId>, now: Timestamp) -> SafetyPanel {
        let has_link = self.engine.has_link(now);
        let unlit = || SafetyPanel::bare(self.sheet().ok().as_deref(), has_link);
        let bare = |why: &Refusal| unlit().because(why);
        let Some(record) = record else {
            let signed_in = self.at_desk(now, |_| Some(()), RECORD);
            return bare(&signed_in.err().unwrap_or(RECORD));
        };
        let panel = self.lay(record, now, |laid| {
            let same_as = self.same_as(laid);
            let panel = SafetyPanel::of(laid.desk, laid.receipts, has_link, same_as);
            Some((panel, laid.is_hers))
        });
        match (panel, self.unlocked(now)) {
            (Ok((panel, true)), Ok(_)) => panel,
            (Ok((panel, false)), Ok(_)) => unlit().hiding(panel, &RECORD),
            (Ok((panel, _)), Err(Refusal::Locked)) => unlit().hiding(panel, &Refusal::Locked),
            (Ok(_), Err(why)) | (Err(why), _) => bare(&why),
        }
    }

    /// Practices to call.
    pub fn directory(&self, now: Timestamp) -> Result<DirectoryScreen, Refusal> {
        let device = self.in_service()?;
        let sheet = self.sheet()?;
        let records = self.summaries(&sheet, now)?;
        let told: Vec<Practice> = sheet
            .partners
            .iter()
            .map(|p| self.practice(&p.id))
            .collect::<Result<_, _>>()?;
        let now = device.corrected(now);
        Ok(DirectoryScreen::of(&sheet, &records, &told, now))
    }

    /// One practice.
    pub fn partner(&self, partner: &PartnerId, now: Timestamp) -> Result<PartnerScreen, Refusal> {
        self.in_service()?;
        let sheet = self.sheet()?;
        let records = self.summaries(&sheet, now)?;
        let practice = self.practice(partner)?;
        let documents = self.practice_documents(partner)?;
        self.at_desk(
            now,
            |desk| PartnerScreen::of(desk, partner, &practice, &documents, &records),
            Refusal::NotHere("the practice"),
        )
    }

    /// The documents in which what is told about a practice is written: two devices may each have begun one.
    fn practice_documents(&self, partner: &PartnerId) -> Result<Vec<Record>, Refusal> {
        let rows = self.store.rows();
        let home = PatientId::of_practice(partner);
        let held = rows.documents_of(home, crate::domain::code::DocumentKind::Partner)?;
        let read = held
            .into_iter()
            .map(|doc| Ok(rows.record(doc)?.record))
            .collect::<Result<_, Refusal>>()?;
        Ok(read)
    }

    /// Whether one tap takes a handoff that waits: the command is asked, not the list.
    pub(super) fn settle_waiting(&self, rows: &mut [WaitingRow], now: Timestamp) {
        for row in rows {
            let accept = Command::AcceptOwnership(AcceptOwnership {
                record: row.record,
                offer: row.offer,
                at: None,
            });
            let asked = self.at_record(row.record, now, |laid| {
                rehearse(accept, laid.desk, None).ok()
            });
            row.can_accept = asked.is_ok();
        }
    }
}
