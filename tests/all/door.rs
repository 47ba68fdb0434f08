//! The door of the dashboard against whoever guesses: as many tries as one likes at once, under as many names, of any
//! length, and nobody at the desk of a visit that has ended.

use axum::body::{Body, BodyDataStream, to_bytes};
use axum::http::Request;
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tower::ServiceExt;
use warmhand_server::account::{Shut, token_hash};
use warmhand_server::clock::{Random, SetClock};
use warmhand_server::news::{self, Heard};
use warmhand_server::store::SessionRow;
use warmhand_server::{Server, Settings};
use warmhand_tests::town::Town;
use warmhand_tests::visit::{self, goes_on};

const PASSWORD: &str = "a long password";

/// A town whose supervisor has a password.
fn town() -> Town {
    let town = Town::default();
    let server = Arc::clone(town.server());
    town.run(server.set_password("sup".into(), PASSWORD.into()))
        .unwrap();
    town
}

fn tries(town: &Town, name: &str, password: &str, from: &str) -> Result<String, Shut> {
    town.run(town.server().sign_in(name, password.into(), from))
}

fn waits(told: &Result<String, Shut>) -> bool {
    matches!(told, Err(Shut::Wait(_)))
}

#[test]
fn wrong_passwords_at_once_get_no_further_than_one_after_the_other() {
    let town = town();
    let free = town.server().settings.sign_in_tries as usize;
    let at_once = (0..200).map(|_| town.server().sign_in("sup", "guessed".into(), "here"));
    let told = town.run(join_all(at_once));
    let wrong = |told: &&Result<_, _>| **told == Err(Shut::Wrong);
    assert_eq!(told.iter().filter(wrong).count(), free);
    assert_eq!(told.iter().filter(|told| waits(told)).count(), 200 - free);
    assert!(waits(&tries(&town, "sup", PASSWORD, "here")));
    assert!(tries(&town, "sup", PASSWORD, "elsewhere").is_ok());
}

#[test]
fn a_crowd_of_names_is_let_in_by_few_and_the_rest_waits_a_little() {
    let town = town();
    let names: Vec<(String, String)> = (0..300)
        .map(|n| (format!("name {n}"), format!("192.0.2.{n}")))
        .collect();
    let at_once = names
        .iter()
        .map(|(name, from)| town.server().sign_in(name, "guessed".into(), from));
    let told = town.run(join_all(at_once));
    assert!(
        told.iter()
            .all(|told| waits(told) || *told == Err(Shut::Wrong))
    );
    assert!(told.iter().any(waits), "nobody was held up");
    // Who was told to wait has tried nothing.
    assert!(tries(&town, "sup", PASSWORD, "192.0.2.299").is_ok());
}

#[test]
fn whatever_she_is_called_it_is_her_password_that_is_guessed() {
    let town = town();
    let sheet = town.run(town.server().store.sheet()).unwrap();
    let name = sheet.person(&"sup".into()).unwrap().name.clone();
    let called = ["sup", &name, &name.to_uppercase(), "  sup "];
    for turn in 0..town.server().settings.sign_in_tries as usize {
        let told = tries(&town, called[turn % called.len()], "guessed", "here");
        assert_eq!(told, Err(Shut::Wrong));
    }
    for name in called {
        assert!(waits(&tries(&town, name, PASSWORD, "here")), "{name}");
    }
}

#[test]
fn what_nobody_is_called_is_turned_away_before_anything_and_kept_nowhere() {
    let town = town();
    let long = "m".repeat(101);
    for _ in 0..200 {
        assert_eq!(tries(&town, &long, "guessed", "here"), Err(Shut::Wrong));
    }
    assert!(tries(&town, "sup", PASSWORD, "here").is_ok());
    let form = format!("name={}&password=x", "m".repeat(20_000));
    let request = Request::post("/sign-in")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form))
        .unwrap();
    let answer = town.run(town.server().router().oneshot(request)).unwrap();
    assert_eq!(answer.status(), 413);
    let body = town.run(to_bytes(answer.into_body(), 1_000));
    assert!(body.is_ok(), "it is not sent back");
}

#[test]
fn one_address_has_so_many_tries_whatever_the_names_and_whoever_mistypes_gets_hers_back() {
    let town = town();
    let settings = Settings {
        sign_in_tries: 1,
        ..Settings::default()
    };
    let (store, clock) = (
        Arc::clone(&town.server().store),
        Arc::clone(&town.server().clock),
    );
    let server = Server::new(store, clock, Arc::new(Random::seeded(4)), settings);
    let tries = |name: &str, word: &str, from| town.run(server.sign_in(name, word.into(), from));
    // Ten times as many as under one name; to sign in takes nothing of them.
    for turn in 0..10 {
        assert!(tries("sup", PASSWORD, "here").is_ok());
        let told = tries(&format!("name {turn}"), "guessed", "here");
        assert_eq!(told, Err(Shut::Wrong));
    }
    assert!(waits(&tries("one more", "guessed", "here")));
    assert!(waits(&tries("sup", PASSWORD, "here")));
    assert!(tries("sup", PASSWORD, "elsewhere").is_ok());
}

#[test]
fn a_visit_that_was_ended_is_not_begun_again_by_what_was_under_way() {
    let town = town();
    let (_, _, record, _) = town.shared_handoff();
    visit::begins(&town, "sup", &[]);
    let (store, token, now) = (&town.server().store, token_hash("visit-of-sup"), town.now());
    assert_eq!(town.run(store.touch_session(token, now)), Ok(true));
    town.run(store.end_session(token)).unwrap();
    // As a request would that had read the visit before.
    assert_eq!(town.run(store.touch_session(token, now)), Ok(false));
    let opened = store.open_record(token, record, "a reason".into(), now);
    assert_eq!(town.run(opened), Ok(false));
    assert_eq!(town.run(store.session(token)), Ok(None));
}

#[test]
fn a_password_that_was_replaced_while_it_was_looked_at_opens_nothing() {
    let town = town();
    let (store, now) = (&town.server().store, town.now());
    let old = town.run(store.account("sup".into())).unwrap().unwrap();
    town.run(store.save_account("sup".into(), "new".into()))
        .unwrap();
    let session = SessionRow {
        user: "sup".into(),
        csrf: String::new(),
        began_at: now,
        used_at: now,
        reasons: BTreeMap::new(),
    };
    let began = store.begin_session([3; 32], session, old);
    assert_eq!(town.run(began), Ok(false));
    assert_eq!(town.run(store.session([3; 32])), Ok(None));
}

#[test]
fn of_records_that_are_opened_at_once_each_keeps_its_reason() {
    let town = town();
    let mut ana = town.device("ana", &["n1"]);
    let records: Vec<_> = ["Rosa", "Lucia", "Marta", "Ines"]
        .iter()
        .map(|name| ana.handoff(&town, name).0)
        .collect();
    ana.sync(&town);
    visit::begins(&town, "sup", &[]);
    let open = |record| {
        let request = Request::post(format!("/handoffs/{record}/open"))
            .header("cookie", "warmhand=visit-of-sup")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from("csrf=true&reason=other&other=why"))
            .unwrap();
        town.server().router().oneshot(request)
    };
    let told = town.run(join_all(records.iter().map(open)));
    assert!(told.into_iter().all(|told| told.unwrap().status() == 303));
    let session = town.run(town.server().store.session(token_hash("visit-of-sup")));
    let reasons = session.unwrap().unwrap().reasons;
    let kept: Vec<_> = records.iter().map(|r| reasons.get(r).cloned()).collect();
    assert_eq!(kept, vec![Some("why".to_owned()); records.len()]);
}

/// What a page hears that listens: until this is said, or to the end.
fn hears(town: &Town, live: &mut BodyDataStream, said: &str) -> bool {
    let mut heard = String::new();
    let listening = async {
        while !heard.contains(said) {
            let Some(bytes) = live.next().await else {
                break;
            };
            heard.push_str(std::str::from_utf8(&bytes.unwrap()).unwrap());
        }
    };
    // Also where it is kept open and nothing of the kind comes.
    let latest = Duration::from_secs(20);
    let heard_in_time = async { tokio::time::timeout(latest, listening).await };
    town.run(heard_in_time).expect("it comes, or the end");
    heard.contains(said)
}

fn listens(town: &Town, cookie: &str) -> BodyDataStream {
    let request = Request::get("/live").header("cookie", format!("warmhand={cookie}"));
    let request = request.body(Body::empty()).unwrap();
    let answer = town.run(town.server().router().oneshot(request)).unwrap();
    assert_eq!(answer.status(), 200);
    answer.into_body().into_data_stream()
}

#[test]
fn a_page_that_listens_keeps_no_visit_and_hears_that_it_has_ended() {
    let town = town();
    visit::begins(&town, "sup", &[]);
    town.wait(10);
    let mut live = listens(&town, "visit-of-sup");
    town.server().tell(1);
    assert!(hears(&town, &mut live, "event: changed"));
    town.wait(6);
    town.server().tell(2);
    assert!(hears(&town, &mut live, "event: ended"));
    let session = town.server().store.session(token_hash("visit-of-sup"));
    assert_eq!(town.run(session), Ok(None), "nobody was there");
    assert!(hears(&town, &mut listens(&town, "nobody"), "event: ended"));
}

#[test]
fn also_where_nothing_happens_it_is_looked_whether_the_visit_lasts() {
    let town = town();
    visit::begins(&town, "sup", &[]);
    let (look, looks) = mpsc::unbounded_channel::<()>();
    let looks = stream::unfold(looks, |mut looks| async move {
        looks.recv().await.map(|()| ((), looks))
    });
    let mut heard = news::of_visit(town.server(), "visit-of-sup".to_owned(), looks);
    look.send(()).unwrap();
    town.server().tell(7);
    assert_eq!(town.run(heard.next()), Some(Heard::Moved(Some(7))));
    let out = goes_on(&town, "sup", "POST", "/sign-out", "csrf=true");
    assert_eq!(out.0, 303);
    look.send(()).unwrap();
    assert_eq!(town.run(heard.next()), Some(Heard::Ended));
    assert_eq!(town.run(heard.next()), None);
}

#[test]
fn a_visit_of_one_minute_goes_on_as_long_as_somebody_is_there() {
    let town = town();
    let clock = Arc::new(SetClock::at(town.now()));
    let settings = Settings {
        session_idle: SignedDuration::from_secs(60),
        ..Settings::default()
    };
    let store = Arc::clone(&town.server().store);
    let server = Server::new(store, clock.clone(), Arc::new(Random::seeded(4)), settings);
    let token = town
        .run(server.sign_in("sup", PASSWORD.into(), ""))
        .unwrap();
    let there = |seconds| {
        clock.set(town.now() + SignedDuration::from_secs(seconds));
        town.run(server.visit(&token, true)).unwrap().is_some()
    };
    for turn in 1..10 {
        assert!(there(turn * 40), "{turn}");
    }
    assert!(!there(9 * 40 + 61));
}
