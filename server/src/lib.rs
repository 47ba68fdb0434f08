//! The server: takes what devices send, decides who may see it, and shows supervisors how things stand.

pub mod account;
pub mod admission;
pub mod api;
pub mod cli;
pub mod clock;
pub mod dashboard;
pub mod demo;
pub mod enrolment;
pub mod receipt;
pub mod store;
pub mod story;
pub mod throttle;

use axum::Router;
use clock::{Clock, Random};
use jiff::Timestamp;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use throttle::Throttle;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, watch};

/// Requests under way have this long once the server is told to stop.
const PATIENCE: Duration = Duration::from_secs(2);

/// What an operator decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Where devices and browsers reach the server, for codes and pictures; without one the address of the request.
    pub public_url: Option<String>,
    /// Cookies only over TLS: set behind a proxy that terminates it.
    pub secure_cookies: bool,
}

/// A running server: storage, time, randomness, and the news that something changed.
pub struct Server {
    /// Storage.
    pub store: Arc<dyn Store>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub random: Arc<Random>,
    /// What an operator decided.
    pub settings: Settings,
    news: broadcast::Sender<u64>,
    throttle: Throttle,
}

impl Server {
    /// A server over a store.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        random: Arc<Random>,
        settings: Settings,
    ) -> Arc<Self> {
        let (news, _) = broadcast::channel(64);
        Arc::new(Self {
            store,
            clock,
            random,
            settings,
            news,
            throttle: Throttle::default(),
        })
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Tells whoever listens that the log has a new head. Losing it costs delay, never data.
    pub fn tell(&self, head: u64) {
        let _ = self.news.send(head);
    }

    /// Everything that the server answers: the devices' interface and the dashboard.
    pub fn router(self: &Arc<Self>) -> Router {
        api::router(Arc::clone(self))
            .merge(dashboard::route::router(Arc::clone(self)))
            .layer(axum::middleware::from_fn(api::log::line))
            .layer(tower_http::catch_panic::CatchPanicLayer::new())
    }

    /// Serves until told to stop; requests under way are answered first.
    pub async fn serve(
        self: &Arc<Self>,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        let service = self
            .router()
            .into_make_service_with_connect_info::<std::net::SocketAddr>();
        let (stopping, mut stopped) = watch::channel(false);
        let graceful = async move {
            stop.await;
            let _ = stopping.send(true);
        };
        let patience = async move {
            let _ = stopped.wait_for(|stopped| *stopped).await;
            tokio::time::sleep(PATIENCE).await;
        };
        tokio::select! {
            served = axum::serve(listener, service).with_graceful_shutdown(graceful) => served,
            // A page that listens for news never ends by itself.
            () = patience => Ok(()),
        }
    }
}
