//! Rows of screens and safety: raising is never guarded, and only a licensed clinician moves a flag to its end.

use super::*;
use warmhand_core::domain::code::{FlagStatus, SelfHarm};

const EVERYBODY: [&str; 10] = ["n1", "n2", "d1", "ma", "a2", "c1", "p1", "sup", "adm", "pp"];

fn screen(self_harm: &str) -> ScreenRecorded {
    said(
        json!({"instrument": "phq9", "mode": "interview", "result": "positive", "self_harm": self_harm}),
    )
}

fn amended(screen: EntryId, instrument: &str, self_harm: &str) -> ScreenAmended {
    said(
        json!({"screen": screen, "instrument": instrument, "mode": "interview", "result": "negative",
        "self_harm": self_harm}),
    )
}

#[test]
fn a_screen_is_recorded_by_clinical_roles_and_by_doulas_and_assistants_where_the_sheet_allows() {
    let mut ledger = Ledger::record();
    none_of(&mut ledger, &["d1", "a2", "sup", "adm", "pp"], screen("no"));
    all_of(&mut ledger, &["n1", "c1", "p1"], screen("no"));
    ledger.sheet.settings.doula_may_screen = true;
    none_of(&mut ledger, &["a2"], screen("no"));
    ledger.says("d1", screen("yes")).unwrap();
    ledger.sheet.settings.assistant_may_screen = true;
    ledger.says("a2", screen("no")).unwrap();
    assert_eq!(ledger.joined().open_flags().count(), 1);
}

#[test]
fn scores_are_in_range_add_up_or_are_a_total_alone() {
    let mut ledger = Ledger::empty();
    let opened: ScreensOpened =
        said(json!({"patient": ledger.patient, "site": "home", "record": ledger.doc}));
    ledger.says("n1", opened).unwrap();
    let answered = |items: Value, total: Value, total_only: bool| -> ScreenAnswered {
        said(
            json!({"screen": EntryId(uuid::Uuid::nil()), "record": ledger_doc(), "instrument": "phq2",
            "items": items, "total": total, "total_only": total_only}),
        )
    };
    for unfit in [
        answered(json!([3]), json!(3), false),
        answered(json!([3, 4]), json!(7), false),
        answered(json!([3, 1]), json!(5), false),
        answered(json!([]), json!(7), true),
        answered(json!([]), Value::Null, true),
        answered(json!([3, 1]), json!(4), true),
        answered(json!([3, null]), json!(3), false),
    ] {
        assert_eq!(ledger.says("n1", unfit), Err(Breach::ScoreUnfit));
    }
    ledger
        .says("n1", answered(json!([3, 1]), json!(4), false))
        .unwrap();
    ledger
        .says("n1", answered(json!([3, null]), Value::Null, false))
        .unwrap();
    ledger
        .says("n1", answered(json!([]), json!(6), true))
        .unwrap();
    none_of(
        &mut ledger,
        &["d1", "sup", "adm", "pp"],
        answered(json!([]), json!(6), true),
    );
}

fn ledger_doc() -> uuid::Uuid {
    uuid::Uuid::nil()
}

#[test]
fn a_screen_is_amended_in_its_own_instrument_and_raises_what_its_version_raises() {
    let mut ledger = Ledger::record();
    let first = ledger.says("n1", screen("no")).unwrap();
    let visit = ledger.says("n1", encounter()).unwrap();
    assert_eq!(
        ledger.says("n1", amended(visit, "phq9", "no")),
        Err(Breach::NoSuchScreen)
    );
    assert_eq!(
        ledger.says("n1", amended(first, "epds", "no")),
        Err(Breach::NoSuchScreen)
    );
    none_of(
        &mut ledger,
        &["d1", "a2", "sup", "adm", "pp"],
        amended(first, "phq9", "no"),
    );
    let second = ledger.says("c1", amended(first, "phq9", "yes")).unwrap();
    let record = ledger.fold();
    assert_eq!(record.screens.len(), 1);
    assert_eq!(record.screens[0].versions.len(), 2);
    assert_eq!(record.screens[0].self_harm, SelfHarm::Yes);
    assert_eq!(ledger.joined().flags[0].id, second);
}

#[test]
fn a_clinician_signs_a_version_and_it_is_the_one_that_counts() {
    let mut ledger = Ledger::record();
    let first = ledger.says("n1", screen("yes")).unwrap();
    let second = ledger.says("n1", amended(first, "phq9", "no")).unwrap();
    assert_eq!(
        ledger.fold().screens[0].self_harm,
        SelfHarm::Yes,
        "the most cautious of all"
    );
    none_of(
        &mut ledger,
        &["n1", "d1", "c1", "sup", "adm", "pp"],
        ScreenSigned { version: second },
    );
    let visit = ledger.says("n1", encounter()).unwrap();
    assert_eq!(
        ledger.says("p1", ScreenSigned { version: visit }),
        Err(Breach::NoSuchScreen)
    );
    ledger.says("p1", ScreenSigned { version: second }).unwrap();
    let record = ledger.fold();
    assert_eq!(record.screens[0].signed, Some(second));
    assert_eq!(record.screens[0].self_harm, SelfHarm::No);
    assert_eq!(
        ledger.joined().open_flags().count(),
        1,
        "a signature resolves no flag"
    );
}

#[test]
fn a_worry_is_taken_from_everybody_in_every_state() {
    let mut ledger = Ledger::record();
    all_of(&mut ledger, &EVERYBODY, raised("staff_concern"));
    assert_eq!(ledger.joined().open_flags().count(), 10);
    let mut ledger = Ledger::record();
    ledger.says("stranger", raised("violence")).unwrap();
    assert_eq!(ledger.joined().flags[0].status, FlagStatus::Open);
}

#[test]
fn putting_the_panel_away_and_tapping_a_call_are_logged_and_move_nothing() {
    let mut ledger = Ledger::record();
    let flag = ledger.says("d1", raised("staff_concern")).unwrap();
    let away = SafetyPanelDismissed { flags: vec![flag] };
    let tapped: SafetyCallTapped = said(json!({"call": "988", "flags": [flag]}));
    all_of(
        &mut ledger,
        &["n1", "d1", "a2", "c1", "p1", "sup"],
        away.clone(),
    );
    all_of(
        &mut ledger,
        &["n1", "d1", "a2", "c1", "p1", "sup"],
        tapped.clone(),
    );
    none_of(&mut ledger, &["adm", "pp"], away);
    none_of(&mut ledger, &["adm", "pp"], tapped);
    assert_eq!(ledger.joined().flags[0].status, FlagStatus::Open);
}

#[test]
fn a_flag_is_handed_to_a_named_clinician_by_anybody_at_work() {
    let mut ledger = Ledger::record();
    let flag = ledger.says("d1", raised("staff_concern")).unwrap();
    let handed = |to: &str, flags: Vec<EntryId>| -> SafetyHanded {
        said(json!({"flags": flags, "to": to, "how": "phone"}))
    };
    assert_eq!(
        ledger.says("n1", handed(" ", vec![flag])),
        Err(Breach::TextMissing)
    );
    assert_eq!(
        ledger.says("n1", handed("Dr. Lima", Vec::new())),
        Err(Breach::FlagsUnnamed)
    );
    let other = ledger.entries()[0].id;
    assert_eq!(
        ledger.says("n1", handed("Dr. Lima", vec![other])),
        Err(Breach::FlagsUnnamed)
    );
    none_of(&mut ledger, &["adm"], handed("Dr. Lima", vec![flag]));
    all_of(
        &mut ledger,
        &["n1", "d1", "a2", "c1", "p1", "sup", "pp"],
        handed("Dr. Lima", vec![flag]),
    );
    assert_eq!(ledger.joined().flags[0].status, FlagStatus::Handed);
}

#[test]
fn only_a_licensed_clinician_assesses_and_resolves_and_only_the_flags_that_are_named() {
    let mut ledger = Ledger::record();
    let one = ledger.says("d1", raised("staff_concern")).unwrap();
    let two = ledger.says("n1", raised("violence")).unwrap();
    let not = ["n1", "d1", "ma", "a2", "c1", "sup", "adm", "pp"];
    none_of(&mut ledger, &not, SafetyAssessing { flags: vec![one] });
    let resolved = |flags: &[EntryId], note: &str| SafetyResolved {
        flags: flags.to_vec(),
        note: note.into(),
        seen: Vec::new(),
    };
    none_of(&mut ledger, &not, resolved(&[one], "seen"));
    assert_eq!(
        ledger.says("p1", SafetyAssessing { flags: Vec::new() }),
        Err(Breach::FlagsUnnamed)
    );
    assert_eq!(
        ledger.says("p1", resolved(&[one], " ")),
        Err(Breach::TextMissing)
    );
    let other = ledger.entries()[0].id;
    assert_eq!(
        ledger.says("p1", resolved(&[other], "seen")),
        Err(Breach::FlagsUnnamed)
    );
    ledger
        .says("p1", SafetyAssessing { flags: vec![one] })
        .unwrap();
    ledger.says("p1", resolved(&[one], "seen")).unwrap();
    let open: Vec<_> = ledger.joined().open_flags().map(|f| f.id).collect();
    assert_eq!(open, [two]);
    // A licence does not make a doula or an assistant a clinician here.
    let licensed = |ledger: &mut Ledger, id: &str| {
        let person = ledger
            .sheet
            .people
            .iter_mut()
            .find(|p| p.id == id.into())
            .unwrap();
        person.licensed_clinician = true;
    };
    for by in ["d1", "a2"] {
        licensed(&mut ledger, by);
        none_of(&mut ledger, &[by], resolved(&[two], "seen"));
    }
    licensed(&mut ledger, "n1");
    ledger.says("n1", resolved(&[two], "seen")).unwrap();
}

#[test]
fn flags_of_one_event_are_linked_by_a_clinician_and_both_stay() {
    let mut ledger = Ledger::record();
    let one = ledger.says("d1", raised("staff_concern")).unwrap();
    let two = ledger.says("n1", raised("patient_said")).unwrap();
    let linked = |flags: &[EntryId]| FlagsLinked {
        flags: flags.to_vec(),
    };
    none_of(
        &mut ledger,
        &["n1", "d1", "c1", "sup", "adm", "pp"],
        linked(&[one, two]),
    );
    for unfit in [
        linked(&[]),
        linked(&[one]),
        linked(&[one, one]),
        linked(&[one, ledger.entries()[0].id]),
    ] {
        assert_eq!(ledger.says("p1", unfit), Err(Breach::FlagsUnnamed));
    }
    ledger.says("p1", linked(&[one, two])).unwrap();
    let patient = ledger.joined();
    assert_eq!(patient.flag_groups(), vec![vec![one, two]]);
    assert_eq!(patient.open_flags().count(), 2);
}
