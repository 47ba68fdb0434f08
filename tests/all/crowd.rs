//! A crowd at the entrance: who asks and never reads is left, and one address does not take every place.

use axum::Router;
use axum::routing::get;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::timeout;
use warmhand_server::caller::Proxies;
use warmhand_server::listen::{self, Entrance, Limits};

/// What does not come by then fails the test instead of hanging it.
const LATEST: Duration = Duration::from_secs(30);
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// Serves this much at every request, within these limits.
async fn serves(bytes: usize, limits: Limits) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/", get(move || async move { vec![b'.'; bytes] }));
    let entrance = Entrance {
        listener,
        tls: None,
        limits,
    };
    tokio::spawn(listen::serve(entrance, router, std::future::pending()));
    address
}

async fn comes(from: &str, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    let from: IpAddr = from.parse().unwrap();
    socket.bind(SocketAddr::new(from, 0)).unwrap();
    socket.connect(to).await.unwrap()
}

/// Asks, and says whether it is answered and not turned away.
async fn is_served(stream: &mut TcpStream) -> bool {
    let asked = async {
        stream.write_all(REQUEST).await?;
        stream.read_exact(&mut [0; 15]).await
    };
    timeout(LATEST, asked).await.unwrap().is_ok()
}

#[tokio::test]
async fn who_asks_and_never_reads_is_left() {
    let limits = Limits {
        stalled: Duration::from_millis(50),
        ..Limits::of(9, Proxies::default())
    };
    let address = serves(100_000, limits).await;
    let mut greedy = comes("127.0.0.1", address).await;
    // As long as the server keeps the connection nothing ends this: its answers are not read.
    let asks = async { while greedy.write_all(REQUEST).await.is_ok() {} };
    timeout(LATEST, asks).await.expect("it is left");
    // Who reads, however often she asks, is served on.
    let mut patient = comes("127.0.0.1", address).await;
    for _ in 0..200 {
        patient.write_all(REQUEST).await.unwrap();
        let mut answer = vec![0; 100_000];
        patient.read_exact(&mut answer).await.unwrap();
    }
}

#[tokio::test]
async fn one_address_takes_two_thirds_of_the_places_and_a_proxy_as_many_as_it_brings() {
    let limits = Limits::of(9, Proxies::parse("127.0.0.3").unwrap());
    assert_eq!(limits.from_one, 6);
    let address = serves(1, limits).await;
    let mut held = Vec::new();
    for _ in 0..6 {
        let mut stream = comes("127.0.0.1", address).await;
        assert!(is_served(&mut stream).await);
        held.push(stream);
    }
    assert!(!is_served(&mut comes("127.0.0.1", address).await).await);
    let mut other = comes("127.0.0.2", address).await;
    assert!(is_served(&mut other).await, "others are served");
    // Whoever leaves makes room.
    drop((held, other));
    let again = async { while !is_served(&mut comes("127.0.0.1", address).await).await {} };
    timeout(LATEST, again).await.expect("there is room again");
    let mut brought = Vec::new();
    for _ in 0..8 {
        let mut stream = comes("127.0.0.3", address).await;
        assert!(is_served(&mut stream).await, "a proxy brings everybody");
        brought.push(stream);
    }
}
