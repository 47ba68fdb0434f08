//! The audit: who did what is read from the terminal, and a row that was changed or taken out is named by its number.

use rusqlite::Connection;
use warmhand_core::domain::id::DocumentId;
use warmhand_server::check::Checked;
use warmhand_server::store::sqlite::Verified;
use warmhand_tests::cli::said;
use warmhand_tests::town::Town;

/// A town whose supervisor looked at five records, one a day.
fn town() -> (Town, Vec<DocumentId>) {
    let town = Town::default();
    town.keys().save(town.folder()).unwrap();
    let records: Vec<DocumentId> = (1..=5)
        .map(|n| DocumentId(uuid::Uuid::from_u128(n)))
        .collect();
    for record in &records {
        let (user, why) = ("sup".into(), "her\nown question".to_owned());
        let store = &town.server().store;
        let audit = store.audit(town.now(), user, "opened a record", Some(*record), why);
        town.run(audit).unwrap();
        town.wait(24 * 60);
    }
    (town, records)
}

fn meddled(town: &mut Town, sql: &str) {
    town.close();
    let db = Connection::open(town.database()).unwrap();
    db.execute_batch(sql).unwrap();
    drop(db);
    town.open(None);
}

#[test]
fn a_row_of_the_audit_that_was_changed_or_taken_out_is_named_by_its_number() {
    for (sql, row) in [
        ("update audit set why = 'another' where id = 2", 2),
        ("update audit set record = null where id = 1", 1),
        ("update audit set at = at + 1 where id = 5", 5),
        ("update audit set user = x'ff' where id = 4", 4),
        ("update audit set chain = x'00' where id = 5", 5),
        ("delete from audit where id = 3", 3),
        ("delete from audit where id = 1", 1),
        // The end leaves no gap.
        ("delete from audit where id >= 4", 4),
        ("delete from audit", 1),
        // Nor is it enough to count anew.
        (
            "delete from audit where id = 2; update audit set id = id - 1 where id > 2",
            2,
        ),
    ] {
        let (mut town, _) = town();
        assert_eq!(town.verify(), Verified::SOUND);
        meddled(&mut town, sql);
        let broken = Verified {
            audit_breaks_at: Some(row),
            ..Verified::SOUND
        };
        assert_eq!(town.verify(), broken, "{sql}");
        let checked: Checked = town.run(town.server().check(std::time::Duration::ZERO));
        assert_eq!(checked.unsound(), ["audit"], "{sql}");
        assert_eq!(checked.found, Ok(broken), "{sql}");
        // The work goes on, and stays broken where it is.
        let audit =
            town.server()
                .store
                .audit(town.now(), "sup".into(), "signed in", None, String::new());
        town.run(audit).unwrap();
        assert_eq!(town.verify(), broken, "{sql}");
    }
}

#[test]
fn verify_says_which_row_of_the_audit_it_is() {
    let (mut town, _) = town();
    meddled(&mut town, "delete from audit where id = 3");
    let run =
        warmhand_tests::cli::run_in(&[], &["verify", "--data", town.folder().to_str().unwrap()]);
    assert!(!run.went_well);
    let line = "row 3 of the audit is missing, or is not what was written";
    assert!(run.out.contains(line), "{}", run.out);
    assert!(run.out.contains("NOT SOUND  audit: "), "{}", run.out);
}

#[test]
fn an_audit_of_many_parts_holds_and_breaks_where_it_breaks() {
    let (mut town, _) = town();
    let store = &town.server().store;
    for _ in 0..500 {
        let audit = store.audit(town.now(), "sup".into(), "signed in", None, String::new());
        town.run(audit).unwrap();
    }
    assert_eq!(town.verify(), Verified::SOUND);
    meddled(
        &mut town,
        "update audit set what = 'nothing' where id = 505",
    );
    assert_eq!(town.verify().audit_breaks_at, Some(505));
}

#[test]
fn the_audit_is_read_from_the_terminal_by_day_and_by_record() {
    let (town, records) = town();
    let audit = |more: &[&str]| {
        let line = ["audit", "--data", town.folder().to_str().unwrap()];
        let (went_well, text) = said(&[&line[..], more].concat());
        assert!(went_well, "{text}");
        let mut lines = text.lines().map(str::to_owned);
        let heading = lines.next().unwrap();
        assert!(heading.ends_with("why"), "{heading}");
        lines.collect::<Vec<_>>()
    };
    let all = audit(&[]);
    assert_eq!(all.len(), 5);
    let words: Vec<&str> = all[1]
        .split("  ")
        .map(str::trim)
        .filter(|w| !w.is_empty())
        .collect();
    let record = records[1].to_string();
    assert_eq!(
        words,
        [
            "2",
            "2026-03-03T13:00:00Z",
            "sup",
            "opened a record",
            &record,
            "her own question"
        ]
    );
    assert_eq!(audit(&["--since", "2026-03-05"]), all[3..]);
    assert_eq!(audit(&["--record", &record]), all[1..2]);
    assert_eq!(
        audit(&["--record", &record, "--since", "2026-03-05"]),
        [""; 0]
    );
}
