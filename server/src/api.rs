//! What devices speak with: six requests and a nudge. Bodies are bounded, every answer is typed, no text of an error
//! says anything about a patient.

pub mod log;

use crate::Server;
use crate::caller::Caller;
use crate::news;
use crate::store::StoreError;
use crate::throttle::Key;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use futures_util::{Stream, StreamExt};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tower_http::set_header::SetResponseHeaderLayer;
use warmhand_core::domain::id::DeviceId;
use warmhand_core::wire::{
    DocsRequest, EnrolRequest, Heartbeat, HeartbeatAnswer, Hello, MAX_MESSAGE, ReconcileRequest,
    SCHEMA, SyncAnswer, SyncRequest, Unreadable, WipedReport, pack, unpack,
};

/// The devices' interface.
pub fn router(server: Arc<Server>) -> Router {
    Router::new()
        .route("/v1/sync", post(sync))
        .route("/v1/reconcile", post(reconcile))
        .route("/v1/docs", post(docs))
        .route("/v1/heartbeat", post(heartbeat))
        .route("/v1/wiped", post(wiped))
        .route("/v1/enrol", post(enrol))
        .route("/v1/nudge", get(nudge))
        .layer(DefaultBodyLimit::max(MAX_MESSAGE))
        .layer(SetResponseHeaderLayer::if_not_present(
            header::CACHE_CONTROL,
            HeaderValue::from_static("no-store"),
        ))
        .with_state(server)
}

/// Why a request was not taken.
#[derive(Debug)]
enum Refused {
    NoDevice,
    Unreadable(Unreadable),
    OtherVersion,
    Wait,
    OutOfService,
    Store(StoreError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Unreadable> for Refused {
    fn from(error: Unreadable) -> Self {
        Self::Unreadable(error)
    }
}

impl Refused {
    /// How a sync ended that was refused for this.
    fn outcome(&self) -> &'static str {
        match self {
            Self::NoDevice => "unknown_device",
            Self::Unreadable(_) => "unreadable",
            Self::OtherVersion => "other_version",
            Self::Wait => "throttled",
            Self::OutOfService => "out_of_service",
            Self::Store(_) => "store_failed",
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, sentence) = match self {
            Self::NoDevice => (
                StatusCode::UNAUTHORIZED,
                "this device is not known here".to_owned(),
            ),
            Self::Unreadable(Unreadable::TooBig) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                Unreadable::TooBig.to_string(),
            ),
            Self::Unreadable(error) => (StatusCode::BAD_REQUEST, error.to_string()),
            Self::OtherVersion => (
                StatusCode::UPGRADE_REQUIRED,
                "this server does not know the app's version; update whichever is older".to_owned(),
            ),
            Self::Wait => (
                StatusCode::TOO_MANY_REQUESTS,
                "too many tries; wait a little".to_owned(),
            ),
            Self::OutOfService => (
                StatusCode::FORBIDDEN,
                "this device was taken out of service; a sync says what to do".to_owned(),
            ),
            Self::Store(StoreError::NotFound(sentence)) => {
                (StatusCode::NOT_FOUND, sentence.to_owned())
            }
            Self::Store(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
        };
        (status, sentence).into_response()
    }
}

fn answer<T: minicbor::Encode<()>>(message: &T) -> Response {
    (
        [(header::CONTENT_TYPE, "application/octet-stream")],
        pack(message),
    )
        .into_response()
}

/// The device that the credential proves.
async fn device(server: &Server, headers: &HeaderMap) -> Result<DeviceId, Refused> {
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let token = bearer
        .and_then(|value| value.strip_prefix("Bearer "))
        .ok_or(Refused::NoDevice)?;
    server
        .store
        .device_of(token.to_owned(), server.now())
        .await?
        .ok_or(Refused::NoDevice)
}

/// Documents are spoken of in a version that this server knows, or not at all. How a device is can be heard in any.
fn understood(hello: &Hello) -> Result<(), Refused> {
    if (1..=SCHEMA).contains(&hello.schema) {
        Ok(())
    } else {
        Err(Refused::OtherVersion)
    }
}

async fn sync(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    match synced(&server, &headers, &body).await {
        Ok(done) => Ok(answer(&done)),
        Err(refused) => {
            server.metrics.ended(refused.outcome());
            Err(refused)
        }
    }
}

async fn synced(server: &Server, headers: &HeaderMap, body: &[u8]) -> Result<SyncAnswer, Refused> {
    let device = device(server, headers).await?;
    let request: SyncRequest = unpack(body)?;
    understood(&request.hello)?;
    let pushed = !request.push.is_empty();
    let arrived_at = server.now();
    let done = server.store.sync(device, request, arrived_at).await?;
    // By the one clock there is: when somebody sets it, one measurement is off.
    let took = Duration::try_from(server.now().duration_since(arrived_at)).unwrap_or_default();
    server.metrics.synced(&done, took);
    if pushed {
        server.tell(done.high.seq);
    }
    Ok(done)
}

async fn reconcile(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let device = device(&server, &headers).await?;
    let request: ReconcileRequest = unpack(&body)?;
    understood(&request.hello)?;
    Ok(answer(
        &server
            .store
            .reconcile(device, request, server.now())
            .await?,
    ))
}

async fn docs(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let device = device(&server, &headers).await?;
    let request: DocsRequest = unpack(&body)?;
    understood(&request.hello)?;
    Ok(answer(
        &server.store.docs(device, request, server.now()).await?,
    ))
}

async fn heartbeat(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let device = device(&server, &headers).await?;
    let beat: Heartbeat = unpack(&body)?;
    let (number, now) = (beat.hello.number, server.now());
    server.store.heartbeat(device, beat, now).await?;
    Ok(answer(&HeartbeatAnswer {
        number,
        server_now: now.as_millisecond(),
    }))
}

/// A device that was taken out of service says that it holds nothing any more.
async fn wiped(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refused> {
    let device = device(&server, &headers).await?;
    let report: WipedReport = unpack(&body)?;
    let noted = server.store.wiped(device, report, server.now()).await?;
    server.tell(server.store.head().await?);
    Ok(answer(&noted))
}

async fn enrol(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    body: Bytes,
) -> Result<Response, Refused> {
    let request: EnrolRequest = unpack(&body)?;
    let (key, now) = (Key::of(&["enrol", &caller.key()]), server.now());
    if server.throttle.wait(key, now).is_some() {
        return Err(Refused::Wait);
    }
    match server.enrol(&request.code).await {
        Ok(mut enrolled) => {
            server.throttle.succeeded(key);
            enrolled.number = request.number;
            server.tell(enrolled.high.seq);
            Ok(answer(&enrolled))
        }
        Err(error) => {
            // Counted only now: a house may enrol all of its devices at once, and of the codes that there can be so many
            // at once are as good as none.
            let _ = server.throttle.tries(key, now);
            Err(error.into())
        }
    }
}

/// Tells a device that the log moved, and nothing else. Its number is never a position.
async fn nudge(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refused> {
    let device = device(&server, &headers).await?;
    if server.store.is_revoked(device).await? {
        return Err(Refused::OutOfService);
    }
    let heard = news::of_device(&server, device, news::every_minute());
    let events = heard.map(|heard| Ok(heard.event("head")));
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}
