//! The nudge: whoever listens hears that the log moved, as soon as somebody else's work is committed; strangers hear
//! nothing.

use axum::body::Body;
use axum::body::BodyDataStream;
use axum::http::Request;
use futures_util::StreamExt;
use futures_util::stream;
use std::time::Duration;
use tokio::sync::mpsc;
use tower::ServiceExt;
use warmhand_server::news::{self, Heard};
use warmhand_tests::town::Town;

#[test]
fn a_listening_device_is_nudged_when_another_has_sent_something() {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    let mut carla = town.device("carla", &["c1"]);
    carla.sync(&town);
    let ask = |bearer: &str| {
        let request = Request::get("/v1/nudge").header("authorization", format!("Bearer {bearer}"));
        let request = request.body(Body::empty()).unwrap();
        town.run(town.server().router().oneshot(request)).unwrap()
    };
    assert_eq!(ask("nobody").status(), 401);
    let listening = ask(&carla.bearer);
    assert_eq!(listening.status(), 200);
    let mut news = listening.into_body().into_data_stream();
    ana.handoff(&town, "Rosa");
    ana.sync(&town);
    let head = town.run(town.server().store.head()).unwrap();
    let mut heard = String::new();
    town.run(async {
        // A news that does not come ends the test instead of hanging it.
        while !heard.contains(&format!("data: {head}")) {
            let next = tokio::time::timeout(Duration::from_secs(20), news.next()).await;
            let bytes = next.expect("the news comes").expect("it goes on").unwrap();
            heard.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    });
    assert!(heard.contains("event: head"), "{heard}");
}

/// Hears until this is said; false if the stream ends before.
async fn hears(news: &mut BodyDataStream, said: &str) -> bool {
    let mut heard = String::new();
    let listening = async {
        while !heard.contains(said) {
            let Some(bytes) = news.next().await else {
                return false;
            };
            heard.push_str(std::str::from_utf8(&bytes.unwrap()).unwrap());
        }
        true
    };
    let latest = Duration::from_secs(20);
    let heard_in_time = tokio::time::timeout(latest, listening).await;
    heard_in_time.expect("it comes, or the end")
}

#[test]
fn a_device_has_four_streams_and_one_more_ends_the_oldest() {
    let town = Town::default();
    let mut devices = [town.device("ana", &["n1"]), town.device("carla", &["c1"])];
    for device in &mut devices {
        device.sync(&town);
    }
    let listens = |bearer: &str| {
        let request = Request::get("/v1/nudge").header("authorization", format!("Bearer {bearer}"));
        let request = request.body(Body::empty()).unwrap();
        let answer = town.run(town.server().router().oneshot(request)).unwrap();
        assert_eq!(answer.status(), 200);
        answer.into_body().into_data_stream()
    };
    let mut other = listens(&devices[1].bearer);
    let mut own: Vec<_> = (0..5).map(|_| listens(&devices[0].bearer)).collect();
    town.run(async {
        assert!(!hears(&mut own[0], "nothing").await, "the oldest has ended");
        town.server().tell(4711);
        for news in own[1..].iter_mut().chain([&mut other]) {
            assert!(hears(news, "data: 4711").await);
        }
    });
    // Those that ended by themselves are none.
    own.clear();
    let mut own: Vec<_> = (0..4).map(|_| listens(&devices[0].bearer)).collect();
    town.run(async {
        town.server().tell(4712);
        assert!(hears(&mut own[0], "data: 4712").await);
    });
}

#[test]
fn a_device_that_is_taken_out_of_service_hears_so_and_then_no_more() {
    let town = Town::default();
    let mut lost = town.device("lena", &["d1"]);
    lost.sync(&town);
    let id = lost.app.id().unwrap();
    let (look, looks) = mpsc::unbounded_channel::<()>();
    let looks = stream::unfold(looks, |mut looks| async move {
        looks.recv().await.map(|()| ((), looks))
    });
    let mut heard = news::of_device(town.server(), id, looks);
    look.send(()).unwrap();
    town.server().tell(1);
    assert_eq!(town.run(heard.next()), Some(Heard::Moved(Some(1))));
    town.run(town.server().store.revoke(id, "sup".into(), town.now()))
        .unwrap();
    town.server().tell(2);
    assert_eq!(town.run(heard.next()), Some(Heard::Moved(Some(2))));
    look.send(()).unwrap();
    assert_eq!(town.run(heard.next()), None);
    let request =
        Request::get("/v1/nudge").header("authorization", format!("Bearer {}", lost.bearer));
    let request = request.body(Body::empty()).unwrap();
    let answer = town.run(town.server().router().oneshot(request)).unwrap();
    assert_eq!(answer.status(), 403);
}
