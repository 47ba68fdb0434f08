//! What a person may write, and what becomes of it when the disk is full.

use super::*;
use crate::domain::code::SafetyReason;
use crate::domain::entry::Body;
use crate::domain::payload::PatientDescribed;
use crate::refusal::{Problem, StorageTrouble};
use crate::usecase::{DescribePatient, RaiseSafety};

#[test]
fn text_is_kept_as_it_was_typed_and_what_is_no_text_is_refused() {
    let mut server = Server::default();
    let mut app = enrolled(&mut server, 1);
    for name in ["Día 👶🏽", "שָׂרָה", "O'Neill \"Jo\"", "ﷺ\u{200f}"] {
        let (patient, _) = patient_of(&open_record(&mut app, name).unwrap());
        assert_eq!(app.patient(patient).unwrap().0.name(), Some(name));
    }
    let record = patient_of(&open_record(&mut app, "Ada").unwrap()).1;
    let refused = |problem| {
        Err(Refusal::Invalid {
            field: "text",
            problem,
        })
    };
    assert!(note(&mut app, record, "two\nlines").is_ok());
    assert_eq!(
        note(&mut app, record, "bell\u{7}"),
        refused(Problem::NotText)
    );
    assert_eq!(
        note(&mut app, record, &"x".repeat(4_001)),
        refused(Problem::TooLong)
    );
    assert!(note(&mut app, record, &"👶".repeat(4_000)).is_ok());
    // Each field within the letters allowed, and yet more bytes than an entry may have.
    let long = Some("👶".repeat(4_000));
    let said = PatientDescribed {
        preferred_name: long.clone(),
        pronouns: long,
        ..PatientDescribed::default()
    };
    let described = DescribePatient::now(record, said);
    let too_long = app.dispatch(Command::DescribePatient(described), now());
    assert_eq!(
        too_long.map(|_| ()),
        refused(Problem::TooLong).map(|_: EntryId| ())
    );
    assert_eq!(shown(&app, record).len(), 4);
}

#[test]
fn a_worry_is_taken_with_the_tabs_and_line_ends_of_wherever_it_was_typed() {
    let mut server = Server::default();
    let mut app = enrolled(&mut server, 1);
    let (patient, record) = patient_of(&open_record(&mut app, "Ada").unwrap());
    let raised = Command::RaiseSafety(RaiseSafety {
        record,
        reason: SafetyReason::StaffConcern,
        words: Some("not\tsafe\r\nat home\rtonight".to_owned()),
        encounter: None,
        at: None,
    });
    app.dispatch(raised, now()).unwrap();
    let flag = app.patient(patient).unwrap().0.flags[0].clone();
    let Body::SafetyRaised(said) = &flag.entry.body else {
        panic!("a worry")
    };
    assert_eq!(said.words.as_deref(), Some("not safe\nat home\ntonight"));
}

#[test]
fn a_full_record_says_so_and_takes_no_more() {
    let mut server = Server::default();
    let mut app = enrolled(&mut server, 1);
    let record = patient_of(&open_record(&mut app, "Ada").unwrap()).1;
    let text = "x".repeat(4_000);
    let refusal = std::iter::from_fn(|| Some(note(&mut app, record, &text)))
        .take(100)
        .find_map(Result::err);
    assert_eq!(
        refusal,
        Some(Refusal::Invalid {
            field: "record",
            problem: Problem::TooLong
        })
    );
    run(&mut app, &mut server).unwrap();
    assert!(
        shown(&app, record)
            .values()
            .all(|state| *state == EntryState::OnServer)
    );
}

#[test]
fn a_full_disk_refuses_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::default();
    let mut app = open(&Place::File(folder.path().join("device.db")), 1);
    enrol(&mut app, &mut server).unwrap();
    let record = patient_of(&open_record(&mut app, "Ada").unwrap()).1;
    app.store.allow_pages(0);
    let text = "x".repeat(4_000);
    let refused = std::iter::from_fn(|| Some(note(&mut app, record, &text)))
        .take(9)
        .find_map(Result::err);
    assert_eq!(refused, Some(Refusal::Storage(StorageTrouble::Full)));
    let before = shown(&app, record);
    // Nor does an answer that cannot be stored count as taken.
    let mut other = enrolled(&mut server, 2);
    for _ in 0..9 {
        let theirs = patient_of(&open_record(&mut other, "Theirs").unwrap()).1;
        note(&mut other, theirs, &text).unwrap();
    }
    run(&mut other, &mut server).unwrap();
    assert_eq!(
        run(&mut app, &mut server),
        Err(Refusal::Storage(StorageTrouble::Full))
    );
    assert_eq!(shown(&app, record), before);
    assert!(
        matches!(app.sync_next(now()), Ok(SyncStep::Idle(Some(_)))),
        "not in a ring"
    );
    app.store.allow_pages(10_000);
    run(&mut app, &mut server).unwrap();
    assert!(
        shown(&app, record)
            .values()
            .all(|state| *state == EntryState::OnServer)
    );
}
