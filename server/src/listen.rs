//! Taking connections, in the clear or over TLS: so many at a time and from one address, none that only waits or takes
//! nothing, and each is ended in peace. Knows no route.

mod crowd;
mod stall;

use crate::caller::Proxies;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use crowd::Crowd;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use stall::Impatient;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

/// Requests under way have this long once the server is told to stop.
const PATIENCE: Duration = Duration::from_secs(2);
/// A peer has this long to agree on a key.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// A peer has this long to say what it wants, and may be silent this long between two requests.
const HEADERS: Duration = Duration::from_secs(60);

/// A peer that takes nothing of its answer for so long has gone. One without signal for a while comes back and asks again.
const STALLED: Duration = Duration::from_secs(30);

/// How much is borne.
#[derive(Clone, Debug)]
pub struct Limits {
    /// So many connections at a time; the rest wait in the system's queue.
    pub connections: usize,
    /// So many from one address; what is more is ended at once.
    pub from_one: usize,
    /// But from these as many as they bring.
    pub proxies: Proxies,
    /// A peer that takes nothing for so long is left.
    pub stalled: Duration,
}

impl Limits {
    /// So many connections. Two thirds of them may be one address's: behind one there may be a whole organisation, with
    /// several hundred devices that listen; and one machine that means harm still leaves a third to everybody else.
    pub fn of(connections: usize, proxies: Proxies) -> Self {
        Self {
            connections,
            from_one: (connections / 3 * 2).max(1),
            proxies,
            stalled: STALLED,
        }
    }
}

/// Where connections come in.
pub struct Entrance {
    /// Bound.
    pub listener: TcpListener,
    /// What makes a TLS connection of one; none: plain HTTP.
    pub tls: Option<TlsAcceptor>,
    /// How much is borne.
    pub limits: Limits,
}

impl Entrance {
    /// In the clear, for this machine's own.
    pub fn plain(listener: TcpListener) -> Self {
        Self {
            listener,
            tls: None,
            limits: Limits {
                connections: Semaphore::MAX_PERMITS,
                from_one: usize::MAX,
                proxies: Proxies::default(),
                stalled: STALLED,
            },
        }
    }
}

/// Serves until told to stop; requests under way are answered first.
pub async fn serve(entrance: Entrance, router: Router, stop: impl Future<Output = ()> + Send) {
    let Entrance {
        listener,
        tls,
        limits,
    } = entrance;
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(limits.connections));
    let crowd = Crowd::new(limits.from_one, limits.proxies);
    let mut stop = pin!(stop);
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (place, accept(&listener).await)
        };
        let (place, (stream, peer)) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        let Some(own) = crowd.enters(peer.ip()) else {
            tracing::debug!(%peer, "too many connections from one address");
            continue;
        };
        let stream = Impatient::new(stream, limits.stalled);
        let (tls, router, watcher) = (tls.clone(), router.clone(), graceful.watcher());
        tokio::spawn(async move {
            let _held = (place, own);
            match tls {
                None => answer(stream, peer, router, watcher).await,
                Some(tls) => match timeout(HANDSHAKE, tls.accept(stream)).await {
                    Ok(Ok(stream)) => answer(stream, peer, router, watcher).await,
                    // Strangers knock at any open port: not worth more than a line for whoever looks for it.
                    Ok(Err(error)) => tracing::debug!(%error, "no TLS"),
                    Err(_) => tracing::debug!("no TLS in time"),
                },
            }
        });
    }
    // Nobody new is let in from here on.
    drop(listener);
    tokio::select! {
        () = graceful.shutdown() => {}
        // A page that listens for news never ends by itself.
        () = sleep(PATIENCE) => {}
    }
}

/// The next connection. Troubles of a single one are its own; when the process has no file left to open, it waits until
/// others have ended.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are small and whole: waiting for more to send gains nothing.
                let _ = stream.set_nodelay(true);
                return (stream, peer);
            }
            Err(error)
                if matches!(
                    error.kind(),
                    ConnectionAborted | ConnectionRefused | ConnectionReset
                ) => {}
            Err(error) => {
                tracing::error!(%error, "no connection can be taken");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn answer(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: SocketAddr,
    router: Router,
    watcher: Watcher,
) {
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    // A peer that went away is no trouble of ours.
    let _ = watcher.watch(connection).await;
}
