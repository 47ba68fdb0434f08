//! The demo's past over real HTTP, shortened to one week: no rule refuses anything of the script, everything that had a
//! link is on the server, and the first page has what it is there to show. Then it lives on.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::net::TcpListener;
use warmhand_core::domain::code::{FlagStatus, ReviewKind, TaskKind};
use warmhand_server::clock::Clock;
use warmhand_server::demo::{Living, Stage, plan};
use warmhand_tests::load::device::agent;

#[tokio::test(flavor = "multi_thread")]
async fn a_week_of_the_demo_is_refused_nothing_fills_the_first_page_and_lives_on() {
    let now: Timestamp = "2026-11-24T15:10:00Z".parse().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let plan = plan(5, 1, now).unwrap();
    let mut stage = Stage::open(listener, folder.path(), false, plan.from)
        .await
        .unwrap();
    let told = stage
        .play(&plan, &Arc::new(AtomicBool::new(false)))
        .await
        .unwrap();
    assert!(told.refused.is_empty(), "{:#?}", told.refused);
    assert!(told.done > 150, "{told:?}");
    assert!(stage.not_green().is_empty(), "{:?}", stage.not_green());
    assert!(
        stage
            .server
            .store
            .quarantine(stage.server.now())
            .await
            .unwrap()
            .rows
            .is_empty()
    );

    stage.clock.set(now);
    let seen = stage.server.store.snapshot(now).await.unwrap();
    let records = &seen.records;
    assert!(records.iter().filter(|r| r.is_open()).count() >= 5);
    let overdue = records.iter().flat_map(|r| r.overdue(now));
    let overdue: Vec<TaskKind> = overdue.map(|task| task.kind).collect();
    let missed = overdue.iter().filter(|k| **k == TaskKind::PromiseMissed);
    assert!(missed.count() >= 2, "{overdue:?}");
    assert!(overdue.contains(&TaskKind::RetryCall), "{overdue:?}");
    assert!(overdue.len() <= 14, "{overdue:?}");
    let handed = records
        .iter()
        .flat_map(|r| &r.flags)
        .filter(|f| f.status == FlagStatus::Handed);
    let recent = handed.filter(|f| now.duration_since(f.raised_at).as_mins() <= 60);
    assert_eq!(recent.count(), 1);
    let questions = records.iter().flat_map(|r| &r.review);
    let kinds: BTreeSet<ReviewKind> = questions
        .filter(|item| item.is_open())
        .map(|item| item.kind)
        .collect();
    for kind in [
        ReviewKind::TwoBooked,
        ReviewKind::DecisionDisputed,
        ReviewKind::SharingNarrowed,
        ReviewKind::TwoNumbers,
        ReviewKind::ContactRuleDisputed,
    ] {
        assert!(kinds.contains(&kind), "no {kind} among {kinds:?}");
    }
    let reopened = records.iter().filter(|r| {
        let handed = r.flags.iter().any(|f| f.status == FlagStatus::Handed);
        handed && r.loop_history.last().is_some_and(|p| p.closed.is_none())
    });
    assert_eq!(reopened.count(), 1, "closed, and open again for a worry");
    let silent = |at: Timestamp| now.duration_since(at).as_hours() >= 24;
    let silent = seen
        .devices
        .iter()
        .filter(|d| d.kind != "web" && d.last_seen_at.is_none_or(silent));
    let names: Vec<&str> = silent.clone().map(|d| d.name.as_str()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(silent.map(|d| d.unsent).sum::<u32>() > 0);

    // Two hundred small things, a few seconds apart.
    let (devices, names) = stage.devices();
    let zone = TimeZone::get("America/New_York").unwrap();
    let clock = stage.clock.clone();
    let mut living = Living::new(devices, names, clock.clone(), zone, 5, plan.handoffs);
    let living = tokio::task::block_in_place(|| {
        for nth in 0..200 {
            clock.set(now + SignedDuration::from_secs(7 * nth));
            living.tick();
        }
        living
    });
    let (begun, missed) = living.begun();
    assert!(
        begun >= 10 && missed == 0,
        "{missed} of {begun} came to no end"
    );
    let later = stage.server.store.snapshot(clock.now()).await.unwrap();
    assert!(later.records.len() >= records.len() + 10);
    assert!(
        stage
            .server
            .store
            .quarantine(stage.server.now())
            .await
            .unwrap()
            .rows
            .is_empty()
    );
    stage.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_says_that_it_lives_and_that_it_is_ready() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let now: Timestamp = "2026-11-24T15:10:00Z".parse().unwrap();
    let stage = Stage::open(listener, folder.path(), false, now)
        .await
        .unwrap();
    let asked = |path: &str| {
        let address = format!("{}{path}", stage.address);
        tokio::task::block_in_place(|| {
            let mut answer = agent().get(address).call().unwrap();
            let text = answer.body_mut().read_to_string().unwrap();
            (answer.status().as_u16(), text)
        })
    };
    assert_eq!(asked("/healthz"), (200, "alive\n".to_owned()));
    assert_eq!(asked("/readyz"), (200, "ready\n".to_owned()));
    assert_eq!(asked("/sign-in").0, 200);
    stage.close().await.unwrap();
}
