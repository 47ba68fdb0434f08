//! Rows of the connection: contact, next steps, appointments, outcomes, and what practices answer.

use super::*;
use warmhand_core::domain::code::{AppointmentStatus, TaskKind};
use warmhand_core::domain::read::TaskState;

const CARE: [&str; 4] = ["n1", "d1", "c1", "p1"];

fn sent(ledger: &mut Ledger, partner: &str) -> EntryId {
    let plan = ledger.says("n1", plan(&["name"])).unwrap();
    let sent: ElectronicSent =
        said(json!({"partner": partner, "transport": "portal", "plan": plan, "items": ["name"]}));
    ledger.says("n1", sent).unwrap()
}

#[test]
fn a_practice_is_contacted_when_she_agreed_or_calls_herself_or_in_an_emergency_with_its_reason() {
    let (mut ledger, visit) = identified();
    assert_eq!(ledger.says("n1", call(Some(visit))), Err(Breach::NotAgreed));
    let mut own = call(Some(visit));
    own.basis = warmhand_core::domain::code::ContactBasis::PatientCalls;
    ledger.says("d1", own).unwrap();
    let mut urgent = call(None);
    urgent.basis = warmhand_core::domain::code::ContactBasis::Emergency;
    assert_eq!(
        ledger.says("n1", urgent.clone()),
        Err(Breach::EmergencyUnsaid)
    );
    urgent.reason = Some("she cannot wait".into());
    ledger.says("n1", urgent).unwrap();
    let patient: ContactAttempted = said(
        json!({"with": "patient", "basis": "agreed", "direction": "to_patient",
        "channel": "voice", "outcome": "no_answer"}),
    );
    ledger.says("n1", patient).unwrap();

    let (mut ledger, visit) = agreed();
    all_of(
        &mut ledger,
        &["n1", "d1", "c1", "p1", "pp"],
        call(Some(visit)),
    );
    none_of(&mut ledger, &["a2", "sup", "adm"], call(Some(visit)));
    let mut nameless = call(None);
    nameless.partner = None;
    assert_eq!(ledger.says("n1", nameless), Err(Breach::PartnerMissing));
    let mut other = call(None);
    other.partner = Some("jun".into());
    none_of(&mut ledger, &["pp"], other);
    let mut backwards = call(None);
    backwards.ended_at = Some(ledger.zoned().saturating_sub(jiff::ToSpan::minutes(5)));
    assert_eq!(ledger.says("n1", backwards), Err(Breach::EndsBeforeStart));
}

#[test]
fn a_next_step_has_a_date_and_a_named_contact_and_ends_when_done_or_given_up() {
    let (mut ledger, visit) = agreed();
    let step = |name: &str, value: &str| -> NextStepSet {
        said(
            json!({"what": "our_callback", "due_at": "2026-03-05T13:00-05:00[America/New_York]",
            "contact_name": name, "contact_channel": "voice", "contact_value": value, "encounter": visit}),
        )
    };
    for half in [step("", "555-0142"), step("Mia", " ")] {
        assert_eq!(ledger.says("n1", half), Err(Breach::StepIncomplete));
    }
    none_of(
        &mut ledger,
        &["a2", "sup", "adm", "pp"],
        step("Mia", "555-0142"),
    );
    let first = ledger.says("d1", step("Mia", "555-0142")).unwrap();
    let mut moved = step("Mia", "555-0142");
    moved.replaces = Some(first);
    let second = ledger.says("n1", moved.clone()).unwrap();
    moved.replaces = Some(visit);
    assert_eq!(ledger.says("n1", moved), Err(Breach::NoSuchStep));
    let record = ledger.fold();
    assert!(!record.steps[0].is_live() && record.steps[1].is_live());
    let unknown = NextStepFulfilled { step: visit };
    assert_eq!(ledger.says("n1", unknown), Err(Breach::NoSuchStep));
    none_of(
        &mut ledger,
        &["a2", "sup", "adm", "pp"],
        NextStepFulfilled { step: second },
    );
    let cancelled: NextStepCancelled = said(json!({"step": visit, "reason": "x"}));
    assert_eq!(ledger.says("n1", cancelled), Err(Breach::NoSuchStep));
    let cancelled: NextStepCancelled =
        said(json!({"step": second, "reason": "she called herself"}));
    none_of(&mut ledger, &["a2", "sup", "adm", "pp"], cancelled.clone());
    all_of(&mut ledger, &CARE, cancelled);
    all_of(&mut ledger, &CARE, NextStepFulfilled { step: second });
    let mut early = Ledger::record();
    let bare: NextStepSet = said(
        json!({"what": "our_callback", "due_at": "2026-03-05T13:00-05:00[America/New_York]",
        "contact_name": "Mia", "contact_channel": "voice", "contact_value": "1"}),
    );
    assert_eq!(early.says("n1", bare), Err(Breach::NotIdentified));
}

#[test]
fn an_appointment_is_booked_with_her_agreement_or_by_herself_and_says_what_it_replaces() {
    let (mut ledger, _) = identified();
    assert_eq!(
        ledger.says("n1", booking("har", "2026-03-05T13:00")),
        Err(Breach::NotAgreed)
    );
    let mut own = booking("har", "2026-03-05T13:00");
    own.booked_by = warmhand_core::domain::code::BookedBy::Patient;
    let first = ledger.says("n1", own).unwrap();

    let (mut ledger, _) = agreed();
    none_of(
        &mut ledger,
        &["a2", "sup", "adm"],
        booking("har", "2026-03-05T13:00"),
    );
    none_of(&mut ledger, &["pp"], booking("jun", "2026-03-05T13:00"));
    assert_eq!(
        ledger.says("n1", booking("har", "2026-03-08T02:30")),
        Err(Breach::NoSuchTime)
    );
    let mut nowhere = booking("har", "2026-03-05T13:00");
    nowhere.zone = "Nowhere/Land".into();
    assert_eq!(ledger.says("n1", nowhere), Err(Breach::NoSuchTime));
    let booked = ledger
        .says("pp", booking("har", "2026-03-05T13:00"))
        .unwrap();
    assert_eq!(
        ledger.says("n1", booking("jun", "2026-03-06T09:00")),
        Err(Breach::LiveAppointment)
    );
    let mut instead = booking("jun", "2026-03-06T09:00");
    instead.replaces = vec![booked, first];
    assert_eq!(
        ledger.says("n1", instead.clone()),
        Err(Breach::NoSuchAppointment)
    );
    instead.replaces = vec![booked];
    let second = ledger.says("d1", instead).unwrap();
    let mut beside = booking("inh", "2026-03-07T09:00");
    beside.also = vec![second];
    ledger.says("c1", beside).unwrap();
    let status: Vec<_> = ledger
        .fold()
        .appointments
        .iter()
        .map(|a| a.status)
        .collect();
    assert_eq!(
        status,
        [
            AppointmentStatus::Superseded,
            AppointmentStatus::Booked,
            AppointmentStatus::Booked
        ]
    );
    let mut early = Ledger::record();
    assert_eq!(
        early.says("n1", booking("har", "2026-03-05T13:00")),
        Err(Breach::NotIdentified)
    );
}

#[test]
fn a_practice_may_propose_a_time_and_staff_accept_it() {
    let (mut ledger, _) = agreed();
    let mut proposed = booking("har", "2026-03-05T13:00");
    proposed.proposed = true;
    let proposal = ledger.says("pp", proposed).unwrap();
    assert!(ledger.fold().appointments.is_empty());
    let mut accepted = booking("har", "2026-03-05T13:00");
    accepted.accepts = Some(proposal);
    ledger.says("c1", accepted).unwrap();
    assert_eq!(ledger.fold().appointments.len(), 1);
}

fn moved(id: EntryId, at: &str) -> AppointmentChanged {
    said(json!({"appointment": id, "start_local": at, "zone": "America/New_York"}))
}

#[test]
fn an_appointment_that_stands_is_moved_or_called_off_and_its_calendar_entry_counts_on() {
    let (mut ledger, visit) = agreed();
    let booked = ledger
        .says("n1", booking("har", "2026-03-05T13:00"))
        .unwrap();
    assert_eq!(
        ledger.says("n1", moved(visit, "2026-03-06T13:00")),
        Err(Breach::NoSuchAppointment)
    );
    assert_eq!(
        ledger.says("n1", moved(booked, "2026-03-08T02:30")),
        Err(Breach::NoSuchTime)
    );
    none_of(
        &mut ledger,
        &["a2", "sup", "adm"],
        moved(booked, "2026-03-06T13:00"),
    );
    all_of(
        &mut ledger,
        &["n1", "d1", "c1", "p1", "pp"],
        moved(booked, "2026-03-06T13:00"),
    );
    assert_eq!(ledger.fold().appointments[0].sequence, 5);
    let off: AppointmentCancelled = said(json!({"appointment": booked, "cancelled_by": "patient"}));
    none_of(&mut ledger, &["a2", "sup", "adm"], off.clone());
    ledger.says("pp", off.clone()).unwrap();
    assert_eq!(ledger.says("n1", off), Err(Breach::AppointmentOver));
    assert_eq!(
        ledger.says("n1", moved(booked, "2026-03-07T13:00")),
        Err(Breach::AppointmentOver)
    );
}

#[test]
fn an_outcome_comes_after_the_visit_began_unless_it_says_that_it_is_called_off() {
    let (mut ledger, visit) = agreed();
    let booked = ledger
        .says("n1", booking("har", "2026-03-04T13:00"))
        .unwrap();
    let outcome = |value: &str, id: EntryId| -> OutcomeRecorded {
        said(json!({"appointment": id, "value": value, "source": "partner"}))
    };
    assert_eq!(
        ledger.says("n1", outcome("attended", booked)),
        Err(Breach::TooEarly)
    );
    ledger
        .says("n1", outcome("cancelled_patient", booked))
        .unwrap();
    for value in ["attended", "no_show"] {
        let early = ledger.says("n1", outcome(value, booked));
        assert_eq!(early, Err(Breach::TooEarly), "{value}, though called off");
    }
    ledger.wait(60 * 48);
    assert_eq!(
        ledger.says("n1", outcome("attended", visit)),
        Err(Breach::NoSuchAppointment)
    );
    none_of(
        &mut ledger,
        &["d1", "a2", "sup", "adm"],
        outcome("attended", booked),
    );
    all_of(
        &mut ledger,
        &["n1", "c1", "p1", "pp"],
        outcome("attended", booked),
    );
}

#[test]
fn what_was_kept_or_missed_is_neither_moved_nor_replaced_and_what_ended_is_booked_again_there() {
    for value in ["attended", "no_show"] {
        let (mut ledger, _) = agreed();
        let booked = ledger
            .says("n1", booking("har", "2026-03-04T13:00"))
            .unwrap();
        let again = |partner: &str| {
            let mut again = booking(partner, "2026-03-12T13:00");
            again.rebooks = Some(booked);
            again
        };
        // It stands: nothing is booked again.
        assert_eq!(ledger.says("n1", again("har")), Err(Breach::NotToRebook));
        ledger.wait(60 * 48);
        let came: OutcomeRecorded =
            said(json!({"appointment": booked, "value": value, "source": "partner"}));
        ledger.says("n1", came).unwrap();
        let mut other = booking("har", "2026-03-12T13:00");
        other.replaces = vec![booked];
        assert_eq!(ledger.says("n1", other), Err(Breach::AppointmentOver));
        assert_eq!(
            ledger.says("n1", moved(booked, "2026-03-12T13:00")),
            Err(Breach::AppointmentOver)
        );
        assert_eq!(
            ledger.says("n1", again("jun")),
            Err(Breach::NotToRebook),
            "another practice has a calendar of its own"
        );
        let said = ledger.says("n1", again("har"));
        assert_eq!(said.is_ok(), value == "no_show");
    }
}

#[test]
fn a_designated_assistant_has_the_coordinators_rights_at_that_site_alone() {
    let mut ledger = Ledger::empty();
    let opened = RecordOpened {
        patient: ledger.patient,
        site: "clinic".into(),
    };
    ledger.says("ma", opened).unwrap();
    ledger.says("ma", need()).unwrap();
    ledger.says("ma", offer(None)).unwrap();
    none_of(&mut ledger, &["a2"], offer(None));
    let mut home = Ledger::record();
    none_of(&mut home, &["ma", "a2"], need());
}

#[test]
fn a_practice_accepts_what_was_sent_to_it_and_staff_relay_what_it_said_by_phone() {
    let (mut ledger, _) = agreed();
    let accepted = |relayed: Option<&str>| -> PartnerAccepted {
        said(json!({"partner": "har", "relayed_by": relayed, "missing": ["insurance"]}))
    };
    assert_eq!(ledger.says("pp", accepted(None)), Err(Breach::NothingSent));
    assert_eq!(ledger.says("n1", accepted(None)), Err(Breach::NothingSent));
    assert_eq!(
        ledger.says("n1", accepted(Some("c1"))),
        Err(Breach::NothingSent)
    );
    ledger.says("n1", accepted(Some("n1"))).unwrap();
    none_of(&mut ledger, &["a2", "sup", "adm"], accepted(Some("a2")));
    sent(&mut ledger, "har");
    ledger.says("pp", accepted(None)).unwrap();
    let other: PartnerAccepted = said(json!({"partner": "jun"}));
    none_of(&mut ledger, &["pp"], other);
}

#[test]
fn a_practice_that_declines_leaves_the_next_one_to_try_and_its_appointment_falls() {
    let (mut ledger, visit) = agreed();
    let booked = ledger
        .says("n1", booking("har", "2026-03-05T13:00"))
        .unwrap();
    let declined = |appointment: Option<EntryId>| -> PartnerDeclined {
        said(
            json!({"partner": "har", "reason": "no_capacity", "relayed_by": "n1", "appointment": appointment}),
        )
    };
    assert_eq!(
        ledger.says("n1", declined(Some(visit))),
        Err(Breach::NoSuchAppointment)
    );
    none_of(&mut ledger, &["a2", "sup", "adm"], declined(None));
    ledger.says("n1", declined(Some(booked))).unwrap();
    let reading = ledger.reading();
    assert_eq!(reading.appointments[0].status, AppointmentStatus::Cancelled);
    assert_eq!(reading.declined_by, vec!["har".into()]);
    let next = |ledger: &Ledger| {
        let now = ledger.now;
        let reading = ledger.reading();
        reading
            .tasks
            .iter()
            .find(|t| t.kind == TaskKind::TryNextPartner)
            .map(|t| t.state(now))
    };
    assert_eq!(next(&ledger), Some(TaskState::Open));
    assert_eq!(
        ledger.says("n1", declined(Some(booked))),
        Err(Breach::AppointmentOver)
    );
    let mut other = call(None);
    other.partner = Some("jun".into());
    ledger.says("n1", other).unwrap();
    assert_eq!(next(&ledger), Some(TaskState::Done));
}
