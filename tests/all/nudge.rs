//! The nudge: whoever listens hears that the log moved, as soon as somebody else's work is committed; strangers hear
//! nothing.

use axum::body::Body;
use axum::http::Request;
use futures_util::StreamExt;
use std::time::Duration;
use tower::ServiceExt;
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
