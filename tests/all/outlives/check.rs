//! The daily check looks at what `verify` looks at, part by part, and nobody waits for it.

use super::{device, revoke, town};
use rusqlite::Connection;
use std::sync::Arc;
use std::time::Duration;
use warmhand_server::metrics::Standing;
use warmhand_server::store::check::Check;
use warmhand_server::store::sqlite::Verified;
use warmhand_tests::town::Town;

fn checked(town: &Town) -> Verified {
    let checked = town.run(town.server().check(Duration::ZERO));
    assert_eq!(town.server().last_check.get(), Some(checked.clone()));
    checked.found.unwrap()
}

#[test]
fn a_check_finds_what_verify_finds_and_says_so() {
    let mut town = town();
    let (mut ana, _, record, _) = town.shared_handoff();
    assert_eq!(checked(&town), Verified::SOUND);
    for (sql, unsound) in [
        (
            "update change set bytes = cast(substr(bytes, 1, instr(bytes, cast('RecordOpened' as blob)) - 1)
                 || 'RecordMisput' || substr(bytes, instr(bytes, cast('RecordOpened' as blob)) + 12) as blob)
                 where instr(bytes, cast('RecordOpened' as blob)) > 0",
            "records",
        ),
        ("update visibility set to_seq = from_seq", "visibility"),
        ("update log set chain = zeroblob(32) where seq = 3", "log"),
        (
            "update change set bytes = cast(bytes || x'00' as blob) where seq = (select max(seq) from change)",
            "changes",
        ),
    ] {
        town.close();
        let db = Connection::open(town.database()).unwrap();
        db.execute_batch(sql).unwrap();
        drop(db);
        town.open(None);
        let found = checked(&town);
        assert_eq!(found, town.verify(), "{sql}");
        let last = town.server().last_check.get().unwrap();
        assert!(
            !last.is_sound() && last.unsound().contains(&unsound),
            "{last:?}"
        );
        let standing = town.run(Standing::read(
            &*town.server().store,
            town.folder(),
            None,
            Some(last),
            town.now(),
        ));
        assert_eq!(standing.unwrap().check_sound, Some(0));
    }
    ana.note(&town, record, "it goes on serving");
    ana.sync(&town);
}

#[test]
fn a_change_that_is_no_text_any_more_does_not_end_the_check() {
    let mut town = town();
    town.shared_handoff();
    town.close();
    let sql = "update change set bytes = cast(substr(bytes, 1, instr(bytes, cast('RecordOpened' as blob)) - 1)
        || x'ff' || substr(bytes, instr(bytes, cast('RecordOpened' as blob)) + 1) as blob)
        where instr(bytes, cast('RecordOpened' as blob)) > 0";
    let db = Connection::open(town.database()).unwrap();
    assert_eq!(db.execute(sql, []).unwrap(), 1);
    drop(db);
    town.open(None);
    let damaged = Verified {
        changes: false,
        records: false,
        ..Verified::SOUND
    };
    let found = town.verify();
    assert_eq!(
        (found.changes, found.records, found.log),
        (false, false, true)
    );
    assert_eq!(
        Verified {
            visibility: true,
            ..found
        },
        damaged
    );
}

#[test]
fn a_check_goes_on_beside_a_writer_and_between_its_parts_everybody_writes() {
    let town = town();
    let (mut ana, carla, record, _) = town.shared_handoff();
    let mut check = Check::default();
    let mut parts = 0;
    while !check.is_done() {
        // Somebody else has the writer for all of this part.
        let other = Connection::open(town.database()).unwrap();
        other.execute_batch("begin immediate").unwrap();
        check = town
            .run(town.server().store.check(check, town.now()))
            .unwrap();
        other.execute_batch("rollback").unwrap();
        ana.note(&town, record, &format!("after part {parts}"));
        ana.sync(&town);
        town.run(town.server().store.snapshot(town.now())).unwrap();
        if parts == 2 {
            revoke(&town, &carla);
        }
        parts += 1;
        assert!(parts < 50, "it does not end");
    }
    assert!(parts > 5, "{parts}");
    assert_eq!(check.found, Verified::SOUND);
    assert!(device(&town, &carla).revoked_at.is_some());
}

#[test]
fn the_server_checks_itself_in_the_night_and_again_in_the_next_one() {
    let town = town();
    town.shared_handoff();
    // Time that the runtime waits for passes at once, whenever nothing else is to be done.
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build().unwrap();
    runtime.spawn(warmhand_server::check::daily(Arc::clone(town.server())));
    let a_minute_goes_by = || {
        runtime.block_on(async {
            tokio::time::sleep(Duration::from_secs(60)).await;
        });
    };
    let checked_at = || town.server().last_check.get().map(|checked| checked.at);
    a_minute_goes_by();
    // Three in the morning where the organisation is.
    let night: jiff::Timestamp = "2026-03-03T08:00:00Z".parse().unwrap();
    town.wait(night.duration_since(town.now()).as_mins() - 1);
    a_minute_goes_by();
    assert_eq!(checked_at(), None);
    let mut last = None;
    for _ in 0..2 {
        town.wait(if last.is_none() { 1 } else { 24 * 60 });
        while checked_at() == last {
            a_minute_goes_by();
        }
        last = checked_at();
        assert_eq!(last, Some(town.now()));
        assert!(town.server().last_check.get().unwrap().is_sound());
        // Until the next night nothing is checked.
        for _ in 0..5 {
            a_minute_goes_by();
        }
        assert_eq!(checked_at(), last);
    }
}
