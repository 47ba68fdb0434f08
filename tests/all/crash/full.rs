//! The disk is full, as the system says it: a write is cut short and the next one fails. Whoever asked is told so in a
//! word of its own, nothing changes, nothing acknowledged is lost, and once there is room work goes on by itself.

use super::{Ground, Look, Verified, wrote};
use serde_json::json;
use warmhand_core::app::{Carried, SyncStep};
use warmhand_tests::load::server::morning;
use warmhand_tests::victim::{Disk, beside, written};

#[test]
fn a_device_without_room_says_so_keeps_what_it_has_and_goes_on_once_there_is_room() {
    let ground = Ground::new();
    let listening = ground.serve();
    drop(ground.device("ana.db", "n1", &listening.url, 1));
    let (file, disk) = (ground.file("ana.db"), Disk::watched(ground.files.path()));
    let refused = |said: &[String]| said.iter().filter(|l| l.starts_with("refused")).count();
    let mut acknowledged = Vec::new();
    // Full at a commit's first byte, in its first frame, between two, in a later one.
    for (seed, more) in [0, 100, 4_120, 9_000, 20_000].into_iter().enumerate() {
        let mut victim = ground.device_apart("ana.db", "-", seed as u64, Some(&disk));
        victim.until(|said| wrote(said).len() >= 2);
        disk.fill(written(&beside(&file, "-wal")) + more);
        victim.until(|said| refused(said) >= 3);
        disk.free();
        let enough = wrote(&victim.said()).len() + 3;
        victim.until(|said| wrote(said).len() >= enough);
        let said = victim.kill();
        let others = said.iter().filter(|line| line.starts_with("refused"));
        // One sentence for all of them; a record that was not opened is not there to write in.
        for line in others {
            assert_eq!(line, r#"refused {"Storage":"Full"}"#);
        }
        acknowledged.extend(wrote(&said));
        ground.look_at_copy(&file).holds(&acknowledged);
    }
    let there = Look::of(&file).texts.len();
    // Of each run one command more may be there, which was killed before it said so.
    assert!(
        there <= acknowledged.len() + 5,
        "something refused is there"
    );
}

#[test]
fn a_server_without_room_says_so_and_takes_everything_once_there_is_room() {
    let ground = Ground::new();
    let (mut ana, victim, disk) = ground.watched();
    let mut texts = Vec::new();
    for (n, more) in [0, 100, 4_120, 9_000, 40_000].into_iter().enumerate() {
        let name = format!("p{n}");
        let opened = json!({"OpenRecord": {"site": "home", "preferred_name": name}});
        texts.push(name);
        let now = morning() + jiff::SignedDuration::from_hours(n as i64);
        ana.does(opened, now);
        disk.fill(written(&beside(&ground.database(), "-wal")) + more);
        ana.app.sync_wanted();
        let SyncStep::Send(asked) = ana.app.sync_next(now).unwrap() else {
            panic!("nothing to send")
        };
        let carried = ana.carry(&asked);
        let Carried::Answer { status, body } = &carried else {
            panic!("no answer")
        };
        let sentence = String::from_utf8_lossy(body);
        assert_eq!(*status, 503, "{sentence}");
        assert!(sentence.starts_with("the disk is full"), "{sentence}");
        ana.app.sync_answered(asked.number, &carried, now).unwrap();
        assert!(!ana.is_green());
        disk.free();
        ana.sync(now);
        assert!(ana.is_green());
    }
    drop(victim.kill());
    assert_eq!(ground.verify(), Verified::SOUND);
    let there = Look::of(&ground.database());
    there.holds(&texts);
    assert_eq!(there.texts.len(), texts.len());
}
