//! Requests of the dashboard: who asks, what she may see, which page answers. Forms carry the visit's token; pages
//! allow no foreign script, style or frame.

mod act;
mod confirm;
mod device;
mod door;
mod show;
mod sight;

use super::page::message::MessagePage;
use super::programme::{DeviceSeen, Missing, Programme, Visitor};
use crate::Server;
use crate::news;
use crate::store::{SessionRow, StoreError};
use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::sse::{KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum_extra::extract::CookieJar;
use futures_util::StreamExt;
use std::convert::Infallible;
use std::sync::Arc;
use warmhand_core::domain::code::Role;
use warmhand_core::domain::id::SiteId;
use warmhand_core::domain::read::Summary;

const COOKIE: &str = "warmhand";
/// Strangers send it: a name, a password and a path need no more bytes.
const LONGEST_SIGN_IN: usize = 16 * 1024;

/// The dashboard's pages.
pub fn router(server: Arc<Server>) -> Router {
    Router::new()
        .route("/", get(show::overview))
        .route("/handoffs", get(show::handoffs))
        .route("/handoffs/{id}", get(show::record))
        .route("/handoffs/{id}/open", post(act::open))
        .route("/handoffs/{id}/settle", post(act::settle))
        .route("/work", get(show::work))
        .route("/safety", get(show::safety))
        .route("/review", get(show::review))
        .route("/quarantine", get(show::quarantine))
        .route("/quarantine/{id}/release", post(act::release))
        .route("/quarantine/{id}/dismiss", post(act::dismiss))
        .route("/devices", get(show::devices).post(act::enrol))
        .route(
            "/devices/{id}/revoke",
            get(device::revoking).post(device::revoke),
        )
        .route(
            "/devices/{id}/reinstate",
            get(device::reinstating).post(device::reinstate),
        )
        .route(
            "/devices/{id}/people",
            get(device::people).post(device::set_people),
        )
        .route(
            "/devices/{id}/confirm",
            get(confirm::show).post(confirm::act),
        )
        .route(
            "/sign-in",
            get(door::show)
                .post(door::sign_in)
                .layer(DefaultBodyLimit::max(LONGEST_SIGN_IN)),
        )
        .route("/sign-out", post(door::sign_out))
        .route("/live", get(live))
        .route(
            "/assets/warmhand.css",
            get(|| async {
                asset(
                    "text/css; charset=utf-8",
                    include_str!("../../assets/warmhand.css"),
                )
            }),
        )
        .route(
            "/assets/live.js",
            get(|| async {
                asset(
                    "text/javascript; charset=utf-8",
                    include_str!("../../assets/live.js"),
                )
            }),
        )
        .route(
            "/assets/warmhand.svg",
            get(|| async { asset("image/svg+xml", include_str!("../../assets/warmhand.svg")) }),
        )
        .fallback(|| async { Nothing::Here.into_response() })
        .layer(middleware::from_fn(guarded))
        .with_state(server)
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    (
        [
            (header::CONTENT_TYPE, kind),
            (header::CACHE_CONTROL, "max-age=300"),
        ],
        text,
    )
        .into_response()
}

/// Nothing of a page is kept by a browser or a proxy, framed by another site, or loaded from one.
async fn guarded(request: axum::extract::Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    let policy = "default-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'";
    let headers = answer.headers_mut();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(policy),
    );
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    headers.insert(
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    );
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    answer
}

/// Why there is no page; each has a sentence and a way out.
pub(super) enum Nothing {
    Here,
    SignedOut(String),
    Forged,
    Refused(String),
    Store(StoreError),
}

impl From<StoreError> for Nothing {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(_) => Self::Here,
            StoreError::Refused(sentence) => Self::Refused(sentence),
            other => Self::Store(other),
        }
    }
}

impl IntoResponse for Nothing {
    fn into_response(self) -> Response {
        let (status, title, sentence, link, href) = match self {
            Self::SignedOut(next) => {
                let next = serde_urlencoded::to_string([("next", next)]).unwrap_or_default();
                return Redirect::to(&format!("/sign-in?{next}")).into_response();
            }
            Self::Here => (
                StatusCode::NOT_FOUND,
                "Nothing here",
                "This address leads nowhere, or to a record of another site.".to_owned(),
                "To the overview",
                "/",
            ),
            Self::Forged => (
                StatusCode::FORBIDDEN,
                "Please try again",
                "The form was older than your visit. Nothing was changed.".to_owned(),
                "To the overview",
                "/",
            ),
            Self::Refused(sentence) => (
                StatusCode::CONFLICT,
                "That was not done",
                format!("Nothing was changed: {sentence}."),
                "To the handoffs",
                "/handoffs",
            ),
            Self::Store(error) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Not available right now",
                format!("Devices keep their work until this is mended: {error}."),
                "Try again",
                "/",
            ),
        };
        let page = MessagePage {
            title: title.into(),
            sentence,
            link: link.into(),
            href: href.into(),
        };
        (status, html(&page)).into_response()
    }
}

/// A page as an answer.
pub(super) fn html(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => Html(text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn token(jar: &CookieJar) -> String {
    let cookie = jar.get(COOKIE);
    cookie.map_or_else(String::new, |cookie| cookie.value().to_owned())
}

/// Who asks: taken from the visit's cookie before any page is filled.
pub(super) struct Guest {
    pub token: String,
    pub session: SessionRow,
}

impl FromRequestParts<Arc<Server>> for Guest {
    type Rejection = Nothing;

    async fn from_request_parts(parts: &mut Parts, server: &Arc<Server>) -> Result<Self, Nothing> {
        let jar = CookieJar::from_headers(&parts.headers);
        let path = parts
            .uri
            .path_and_query()
            .map_or("/", |p| p.as_str())
            .to_owned();
        let token = token(&jar);
        // A page that refreshes itself is nobody at the desk.
        let touched = !parts.headers.contains_key("warmhand-live");
        match server.visit(&token, touched).await? {
            Some(session) => Ok(Self { token, session }),
            None => Err(Nothing::SignedOut(path)),
        }
    }
}

impl Guest {
    /// A form of this very visit?
    pub fn check(&self, csrf: &str) -> Result<(), Nothing> {
        use subtle::ConstantTimeEq;
        let same = bool::from(self.session.csrf.as_bytes().ct_eq(csrf.as_bytes()));
        if same { Ok(()) } else { Err(Nothing::Forged) }
    }
}

/// What this visitor may see of everything, of one site or of all of hers.
pub(super) async fn programme(
    server: &Server,
    guest: &Guest,
    site: Option<&str>,
) -> Result<(Programme, Visitor), Nothing> {
    let snapshot = server.store.snapshot(server.now()).await?;
    let user = guest.session.user.clone();
    let person = snapshot
        .sheet
        .person(&user)
        .filter(|p| p.has_role(Role::Supervisor));
    let person = person
        .ok_or_else(|| Nothing::SignedOut("/".to_owned()))?
        .clone();
    let sees_all = sight::sees_all(&snapshot.sheet, &person);
    let sites = sight::sites(&snapshot, &person, sees_all);
    let is_all = sees_all && site.is_none();
    let asked: Vec<SiteId> = sites
        .iter()
        .filter(|s| site.is_none_or(|site| site == s.as_str()))
        .cloned()
        .collect();
    if asked.is_empty() {
        return Err(Nothing::Here);
    }
    let is_asked = |r: &Summary| is_all || r.site.as_ref().is_some_and(|s| asked.contains(s));
    let mut aside = server.store.quarantine(server.now()).await?;
    if !is_all {
        sight::retain_at(&mut aside.rows, &snapshot, &asked);
    }
    let kept = snapshot
        .records
        .into_iter()
        .filter(|r| is_asked(r))
        .collect();
    let at_sites = |people: &[warmhand_core::domain::id::UserId]| {
        people
            .iter()
            .filter_map(|p| snapshot.sheet.person(p))
            .any(|p| asked.iter().any(|s| p.works_at(s)))
    };
    let devices = snapshot
        .devices
        .into_iter()
        // Of one that waits nobody knows whose it is: everybody may know of it.
        .filter(|d| d.kind != "web" && (is_all || at_sites(&d.people) || !d.is_confirmed))
        .map(|d| DeviceSeen {
            id: d.id,
            name: d.name,
            kind: d.kind,
            people: d.people,
            last_seen_at: d.last_seen_at,
            unsent: d.unsent,
            next_due_at: d.next_due_at,
            offset_ms: d.offset_ms,
            revoked_at: d.revoked_at,
            loss: d.loss,
            is_confirmed: d.is_confirmed,
            proposed: d.proposed,
        })
        .collect();
    let programme = Programme {
        sheet: Arc::new(snapshot.sheet.clone()),
        kept,
        devices,
        aside: aside.rows,
        missing: Missing {
            patients: snapshot.damaged,
            aside: aside.damaged,
        },
        checked: server.last_check.get(),
        now: server.now(),
    };
    Ok((
        programme,
        Visitor {
            user,
            csrf: guest.session.csrf.clone(),
            sites,
        },
    ))
}

/// Says that something changed, and nothing else: the page asks for itself again. Whoever is not there, or no longer, is
/// told so in the same stream, since a browser hides from a page that a stream was turned away.
async fn live(State(server): State<Arc<Server>>, jar: CookieJar) -> impl IntoResponse {
    let heard = news::of_visit(&server, token(&jar), news::every_minute());
    let events = heard.map(|heard| Ok::<_, Infallible>(heard.event("changed")));
    Sse::new(events).keep_alive(KeepAlive::default())
}
