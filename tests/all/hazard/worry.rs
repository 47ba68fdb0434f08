//! A worry of somebody who may not see the record beside which she raised it: it is everybody's to follow up, and changes
//! nothing else.

use super::follow_up::{states, tasks};
use super::*;
use warmhand_core::domain::code::{FlagStatus, TaskKind};
use warmhand_core::domain::id::UserId;
use warmhand_core::domain::payload::{EncounterStarted, EnteredInError, SafetyResolved, TaskDone};
use warmhand_core::domain::read::TaskState;

/// Whose the call of the next day is.
fn owners(ledger: &Ledger) -> Vec<UserId> {
    let tasks = tasks(ledger, TaskKind::SafetyNextDay);
    tasks.into_iter().flat_map(|task| task.owners).collect()
}

#[test]
fn what_follows_is_everybodys_where_whoever_raised_it_does_not_see_the_record() {
    let mut ledger = Ledger::record();
    // Of the clinic alone.
    let worry = ledger.says("ma", raised("patient_said")).unwrap();
    assert_eq!(owners(&ledger), []);
    let resolved: SafetyResolved = said(json!({"flags": [worry], "note": "spoke with her"}));
    ledger.says("p1", resolved).unwrap();
    assert_eq!(owners(&ledger), []);
    ledger.wait(60 * 25);
    let task = tasks(&ledger, TaskKind::SafetyNextDay)[0].id;
    let ticked: TaskDone = said(json!({"task": task}));
    ledger.says("n1", ticked).unwrap();
    assert_eq!(states(&ledger, TaskKind::SafetyNextDay), [TaskState::Done]);
    // Of the site: hers.
    let mut ledger = Ledger::record();
    ledger.says("d1", raised("patient_said")).unwrap();
    assert_eq!(owners(&ledger), ["d1".into()]);
    // Somebody else's record: hers, beside her who raised it and can see it.
    let (mut ledger, _) = identified();
    ledger.says("ma", raised("patient_said")).unwrap();
    ledger.says("d1", raised("patient_said")).unwrap();
    let mut all = owners(&ledger);
    all.sort();
    assert_eq!(all, ["c1".into(), "c1".into(), "d1".into()]);
}

#[test]
fn it_holds_up_nobody_who_takes_back_the_visit_in_which_it_was_raised() {
    let mut ledger = Ledger::record();
    let visit: EncounterStarted = said(json!({"site": "home", "setting": "home"}));
    let visit = ledger.says("n1", visit).unwrap();
    let taken_back = EnteredInError {
        entry: visit,
        reason: "another patient".to_owned(),
    };
    let mut worry = raised("patient_said");
    worry.encounter = Some(visit);
    both(&mut ledger, ("n1", taken_back), ("ma", worry));
    assert_eq!(open(&ledger), []);
    assert!(ledger.fold().encounters.is_empty());
    let flags: Vec<_> = ledger.joined().flags.iter().map(|f| f.status).collect();
    assert_eq!(flags, [FlagStatus::Open]);
}
