//! The server: takes what devices send, decides who may see it, and shows supervisors how things stand.

pub mod account;
pub mod admission;
pub mod api;
mod begin;
pub mod caller;
pub mod check;
pub mod cli;
pub mod clock;
pub mod config;
pub mod dashboard;
pub mod data_folder;
pub mod demo;
pub mod enrolment;
pub mod hashing;
pub mod health;
pub mod journal;
pub mod key_file;
pub mod listen;
pub mod metrics;
pub mod news;
pub mod panics;
pub mod sealing;
pub mod store;
pub mod story;
pub mod throttle;
pub mod tls;

use axum::Router;
use axum::http::header::STRICT_TRANSPORT_SECURITY;
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::from_fn_with_state;
use caller::Proxies;
use clock::{Clock, Random};
use hashing::Hashing;
use jiff::{SignedDuration, Timestamp};
use metrics::Metrics;
use news::Listeners;
use std::sync::Arc;
use std::time::Duration;
use store::Store;
use throttle::Throttle;
use tokio::sync::broadcast;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

/// What an operator decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where devices and browsers reach the server, for codes and pictures; without one the address of the request.
    pub public_url: Option<String>,
    /// Cookies only over TLS, its own or a proxy's.
    pub secure_cookies: bool,
    /// Browsers are told to come over TLS from now on.
    pub lasting_tls: bool,
    /// A visit ends after so long without a touch.
    pub session_idle: SignedDuration,
    /// A visit ends after so long in any case.
    pub session_longest: SignedDuration,
    /// So many tries under one name cost nothing.
    pub sign_in_tries: u32,
    /// A request is given up after so long.
    pub request_timeout: Duration,
    /// Proxies that are believed.
    pub proxies: Proxies,
    /// Nobody but the proxies is answered.
    pub only_proxies: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: None,
            secure_cookies: false,
            lasting_tls: false,
            session_idle: SignedDuration::from_mins(15),
            session_longest: SignedDuration::from_hours(12),
            sign_in_tries: 5,
            request_timeout: Duration::from_secs(60),
            proxies: Proxies::default(),
            only_proxies: false,
        }
    }
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
    /// What is counted.
    pub metrics: Metrics,
    /// What the last check found.
    pub last_check: check::LastCheck,
    news: broadcast::Sender<u64>,
    listeners: Listeners,
    throttle: Throttle,
    by_address: Throttle,
    hashing: Hashing,
}

/// So many times as many tries as under one name come from one address, whatever the names: a house with many people has
/// many who mistype.
const NAMES_AT_AN_ADDRESS: u32 = 10;

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
            metrics: Metrics::default(),
            last_check: check::LastCheck::default(),
            news,
            listeners: Listeners::default(),
            throttle: Throttle::new(settings.sign_in_tries),
            by_address: Throttle::new(settings.sign_in_tries.saturating_mul(NAMES_AT_AN_ADDRESS)),
            hashing: Hashing::default(),
            settings,
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
        let router = api::router(Arc::clone(self))
            .merge(dashboard::route::router(Arc::clone(self)))
            .layer(TimeoutLayer::with_status_code(
                StatusCode::REQUEST_TIMEOUT,
                self.settings.request_timeout,
            ))
            .layer(CatchPanicLayer::custom(panics::Withheld))
            .layer(from_fn_with_state(Arc::clone(self), caller::in_the_clear))
            .layer(from_fn_with_state(Arc::clone(self), api::log::line))
            .layer(from_fn_with_state(Arc::clone(self), caller::noted));
        if self.settings.lasting_tls {
            router.layer(SetResponseHeaderLayer::overriding(
                STRICT_TRANSPORT_SECURITY,
                HeaderValue::from_static("max-age=31536000"),
            ))
        } else {
            router
        }
    }
}
