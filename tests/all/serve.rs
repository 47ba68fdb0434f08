//! A server on its own address: TLS whose certificate is replaced while it serves, health, metrics, and who is believed
//! to be calling.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::Request;
use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsConnector;
use tower::ServiceExt;
use warmhand_core::wire::{EnrolRequest, pack};
use warmhand_server::account::Shut;
use warmhand_server::caller::Proxies;
use warmhand_server::clock::{Random, SetClock};
use warmhand_server::health::Front;
use warmhand_server::listen::{self, Entrance, Limits};
use warmhand_server::metrics;
use warmhand_server::tls::{Refreshed, Tls};
use warmhand_server::{Server, Settings};
use warmhand_tests::certificate::{Certificate, certificate, files};
use warmhand_tests::town::Town;

fn now() -> Timestamp {
    "2026-03-02T13:00:00Z".parse().unwrap()
}

/// What somebody is answered who trusts this certificate and no other; none if she does not believe the server.
pub async fn asked(address: SocketAddr, trusted: &Certificate, path: &str) -> Option<String> {
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_slice(trusted.certificate.as_bytes()).unwrap();
    roots.add(root).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    Some(text)
}

#[tokio::test]
async fn a_certificate_is_replaced_while_serving_and_a_bad_one_is_not_taken() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (certificate(2020, 2120), certificate(2020, 2121));
    first.put(folder.path());
    let tls = Tls::load(files(folder.path()), now()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let entrance = Entrance {
        listener,
        tls: Some(tls.acceptor().unwrap()),
        limits: Limits::of(10, Proxies::default()),
    };
    let front = Front::new(folder.path().to_owned(), 0);
    let (ended, end) = oneshot::channel::<()>();
    let stop = async { end.await.unwrap_or(()) };
    let serving = tokio::spawn(listen::serve(entrance, front.router(), stop));

    let told = asked(address, &first, "/healthz").await.unwrap();
    assert!(told.starts_with("HTTP/1.1 200 OK"), "{told}");
    assert!(asked(address, &second, "/healthz").await.is_none());

    // Half of the new pair: the old one goes on serving, and it is said once.
    std::fs::write(files(folder.path()).certificate, &second.certificate).unwrap();
    let Refreshed::Kept(sentence) = tls.refresh(now()) else {
        panic!("it was taken");
    };
    assert!(sentence.contains("does not fit the key"), "{sentence}");
    assert_eq!(tls.refresh(now()), Refreshed::Same);
    assert!(asked(address, &first, "/healthz").await.is_some());

    second.put(folder.path());
    let until = "2121-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(tls.refresh(now()), Refreshed::Replaced(until));
    assert_eq!(tls.until(), until);
    assert!(asked(address, &first, "/healthz").await.is_none());
    assert!(asked(address, &second, "/healthz").await.is_some());

    // Gone altogether: still served.
    std::fs::remove_file(files(folder.path()).key).unwrap();
    assert!(matches!(tls.refresh(now()), Refreshed::Kept(_)));
    assert!(asked(address, &second, "/healthz").await.is_some());

    ended.send(()).unwrap();
    serving.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

async fn told(router: &Router, request: Request<Body>) -> (u16, String) {
    let answer = router.clone().oneshot(request).await.unwrap();
    let status = answer.status().as_u16();
    let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8_lossy(&body).into_owned())
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

#[test]
fn it_lives_from_the_first_moment_and_is_ready_once_its_data_are_open() {
    let town = Town::default();
    let folder = tempfile::tempdir().unwrap();
    let front = Front::new(folder.path().to_owned(), 0);
    let router = front.router();
    let ask = |path: &str| town.run(told(&router, get(path)));
    assert_eq!(ask("/healthz"), (200, "alive\n".to_owned()));
    assert_eq!(
        ask("/readyz"),
        (503, "the data are being opened\n".to_owned())
    );
    assert_eq!(ask("/sign-in").0, 503);
    front.open(Arc::clone(town.server()));
    assert_eq!(ask("/readyz"), (200, "ready\n".to_owned()));
    assert_eq!(ask("/sign-in").0, 200);
}

#[test]
fn it_is_not_ready_when_the_disk_is_nearly_full_but_goes_on_serving() {
    let town = Town::default();
    let folder = tempfile::tempdir().unwrap();
    let front = Front::new(folder.path().to_owned(), u64::MAX);
    front.open(Arc::clone(town.server()));
    let router = front.router();
    let (status, sentence) = town.run(told(&router, get("/readyz")));
    assert_eq!(status, 503);
    assert!(sentence.contains("MB are left for the data"), "{sentence}");
    assert_eq!(town.run(told(&router, get("/healthz"))).0, 200);
    assert_eq!(town.run(told(&router, get("/sign-in"))).0, 200);
}

#[test]
fn it_is_not_ready_where_nothing_can_be_written_any_more() {
    let town = Town::default();
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let front = Front::new(folder.path().to_owned(), 0);
    front.open(Arc::clone(town.server()));
    // Root may write anywhere: one thread alone becomes somebody else.
    let asked = std::thread::spawn(move || {
        if rustix::process::geteuid().is_root() {
            let uid = rustix::process::Uid::from_raw(65_534);
            rustix::thread::set_thread_res_uid(uid, uid, uid).unwrap();
        }
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(told(&front.router(), get("/readyz")))
    });
    let (status, sentence) = asked.join().unwrap();
    assert_eq!(status, 503, "{sentence}");
    assert!(sentence.contains("cannot be written"), "{sentence}");
}

#[test]
fn metrics_count_what_became_of_changes_and_name_nobody() {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    ana.handoff(&town, "Rosa");
    ana.sync(&town);
    town.post("/v1/sync", Some("nobody"), Vec::new());
    town.post("/v1/sync", Some(&ana.bearer), vec![9]);
    town.wait(25 * 60);
    let folder = tempfile::tempdir().unwrap();
    let front = Front::new(folder.path().to_owned(), 0);
    let router = metrics::route::router(Arc::clone(&front), None);
    assert_eq!(town.run(told(&router, get("/metrics"))).0, 503);
    front.open(Arc::clone(town.server()));
    let (status, text) = town.run(told(&router, get("/metrics")));
    assert_eq!(status, 200);
    let is = |line: &str| assert!(text.lines().any(|l| l == line), "no {line} in\n{text}");
    // Nine commands, and the screen wrote in two documents.
    is(r#"warmhand_changes_total{state="accepted",reason=""} 10"#);
    is(r#"warmhand_syncs_total{outcome="unknown_device"} 1"#);
    is(r#"warmhand_syncs_total{outcome="unreadable"} 1"#);
    is("warmhand_devices 1");
    is("warmhand_devices_silent 1");
    is("warmhand_unsent_changes 0");
    is("warmhand_quarantine_changes 0");
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        let line = line.unwrap_or_else(|| panic!("no {name} in\n{text}"));
        line.trim().parse::<u64>().unwrap()
    };
    // Of each sync that was committed it is known how long that took.
    let committed = value("warmhand_sync_commit_seconds_count");
    assert!(committed > 0);
    assert_eq!(committed, value(r#"warmhand_syncs_total{outcome="ok"}"#));
    assert!(text.contains("warmhand_data_free_bytes"));
    // What is not known is left out.
    assert!(!text.contains("oldest"), "{text}");
    assert!(!text.contains("certificate"), "{text}");
    for private in ["ana", "Rosa", "n1", "Duarte"] {
        let words = text.split(|c: char| !c.is_alphanumeric());
        assert!(!words.into_iter().any(|word| word == private), "{private}");
    }
    let head = town.run(town.server().store.head()).unwrap();
    is(&format!("warmhand_log_head {head}"));
}

#[test]
fn the_age_of_what_waits_is_what_devices_have_said() {
    let town = Town::default();
    let mut ana = town.device("ana", &["n1"]);
    ana.handoff(&town, "Rosa");
    let since = town.now();
    // A device that only says how it is, as after a sync that failed.
    let state = warmhand_core::wire::DeviceState {
        unsent: 9,
        oldest_unsent_at: Some(since.as_millisecond()),
        ..Default::default()
    };
    ana.sync(&town);
    let hello = warmhand_core::wire::Hello {
        number: 1,
        build: String::new(),
        schema: warmhand_core::wire::SCHEMA,
        client_now: since.as_millisecond(),
        sheet_version: 1,
        cursor: warmhand_core::wire::Cursor::default(),
        high: warmhand_core::wire::Token::default(),
        box_key: 0,
    };
    let beat = pack(&warmhand_core::wire::Heartbeat { hello, state });
    assert_eq!(town.post("/v1/heartbeat", Some(&ana.bearer), beat).0, 200);
    town.wait(10);
    let folder = tempfile::tempdir().unwrap();
    let store = &*town.server().store;
    let read = || {
        town.run(metrics::Standing::read(
            store,
            folder.path(),
            None,
            town.server().last_check.get(),
            town.now(),
        ))
    };
    let standing = read().unwrap();
    assert_eq!((standing.unsent, standing.oldest_unsent), (9, Some(600)));
    // What was not checked yet is left out; it is not 0.
    assert_eq!((standing.checked_at, standing.check_sound), (None, None));
    let checked = town.run(town.server().check(std::time::Duration::ZERO));
    let standing = read().unwrap();
    assert_eq!(
        (standing.checked_at, standing.check_sound),
        (Some(checked.at.as_second()), Some(1))
    );
    // It syncs: nothing waits any more.
    ana.sync(&town);
    let standing = read().unwrap();
    assert_eq!((standing.unsent, standing.oldest_unsent), (0, None));
}

/// A town's data behind other settings.
fn settled(town: &Town, settings: Settings) -> (Arc<Server>, Arc<SetClock>) {
    let clock = Arc::new(SetClock::at(town.now()));
    let store = Arc::clone(&town.server().store);
    let random = Arc::new(Random::seeded(4));
    (Server::new(store, clock.clone(), random, settings), clock)
}

fn guess(peer: &str, forwarded: &str) -> Request<Body> {
    let guess = EnrolRequest {
        number: 1,
        code: "K7QM-4TXD-9RAB".to_owned(),
        build: String::new(),
        client_now: 0,
    };
    let peer: SocketAddr = peer.parse().unwrap();
    Request::post("/v1/enrol")
        .header("x-forwarded-for", forwarded)
        .extension(ConnectInfo(peer))
        .body(Body::from(pack(&guess)))
        .unwrap()
}

#[test]
fn behind_a_named_proxy_guessing_slows_down_who_guesses_and_nobody_else() {
    let town = Town::default();
    let settings = Settings {
        proxies: Proxies::parse("10.0.0.5").unwrap(),
        sign_in_tries: 2,
        ..Settings::default()
    };
    let router = settled(&town, settings).0.router();
    let guess = |peer, forwarded| town.run(told(&router, guess(peer, forwarded))).0;
    assert_eq!(guess("10.0.0.5:1", "198.51.100.7"), 404);
    assert_eq!(guess("10.0.0.5:1", "198.51.100.7"), 404);
    assert_eq!(guess("10.0.0.5:1", "198.51.100.7"), 429);
    assert_eq!(guess("10.0.0.5:1", "198.51.100.8"), 404);
    // Whoever is no proxy cannot take another name at each try.
    assert_eq!(guess("192.0.2.9:1", "198.51.100.1"), 404);
    assert_eq!(guess("192.0.2.9:1", "198.51.100.2"), 404);
    assert_eq!(guess("192.0.2.9:1", "198.51.100.3"), 429);
}

#[test]
fn without_tls_of_its_own_it_answers_its_proxies_alone() {
    let town = Town::default();
    let settings = Settings {
        proxies: Proxies::parse("10.0.0.5").unwrap(),
        only_proxies: true,
        ..Settings::default()
    };
    let server = settled(&town, settings).0;
    let router = server.router();
    let from = |peer: &str| {
        let mut request = get("/sign-in");
        let peer: SocketAddr = peer.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        town.run(told(&router, request)).0
    };
    assert_eq!(from("192.0.2.9:1"), 403);
    assert_eq!(from("10.0.0.5:1"), 200);
    assert_eq!(from("127.0.0.1:1"), 200);
    let (store, now) = (&*server.store, town.now());
    let standing = town.run(metrics::Standing::read(
        store,
        town.folder(),
        None,
        None,
        now,
    ));
    let told = server.metrics.text(standing.unwrap()).unwrap();
    assert!(
        told.contains(r#"http_requests_total{status="4xx"} 1"#),
        "{told}"
    );
}

#[test]
fn a_visit_lasts_as_long_as_the_operator_says() {
    let town = Town::default();
    let settings = Settings {
        session_idle: SignedDuration::from_mins(5),
        session_longest: SignedDuration::from_mins(12),
        sign_in_tries: 1,
        ..Settings::default()
    };
    let (server, clock) = settled(&town, settings);
    let word = "a long password".to_owned();
    town.run(server.set_password("sup".into(), word.clone()))
        .unwrap();
    let later = |minutes| clock.set(town.now() + SignedDuration::from_mins(minutes));
    let there = |token: &str| town.run(server.visit(token, true)).unwrap().is_some();
    let token = town.run(server.sign_in("sup", word.clone(), "")).unwrap();
    later(4);
    assert!(there(&token));
    later(8);
    assert!(there(&token));
    later(13);
    assert!(!there(&token), "it lasts no longer than twelve minutes");
    let token = town.run(server.sign_in("sup", word, "")).unwrap();
    later(19);
    assert!(!there(&token), "nobody was there for five minutes");
    let wrong = || town.run(server.sign_in("sup", "guessed".to_owned(), ""));
    assert_eq!(wrong(), Err(Shut::Wrong));
    assert!(matches!(wrong(), Err(Shut::Wait(_))));
}

#[test]
fn browsers_are_told_to_stay_with_tls_where_it_lasts() {
    let town = Town::default();
    let header = |lasting_tls| {
        let settings = Settings {
            lasting_tls,
            ..Settings::default()
        };
        let router = settled(&town, settings).0.router();
        let answer = town.run(router.oneshot(get("/sign-in"))).unwrap();
        answer.headers().get("strict-transport-security").cloned()
    };
    assert_eq!(header(true).unwrap(), "max-age=31536000");
    assert_eq!(header(false), None);
}
