//! Forms that change something: each carries the visit's token, is done or refused with a sentence, and leads on.

use super::{Guest, Nothing, html, programme, show};
use crate::Server;
use crate::account::token_hash;
use crate::dashboard::chart::qr::qr_svg;
use crate::dashboard::page::device_code::DeviceCodePage;
use crate::dashboard::page::handoff::Gate;
use crate::dashboard::page::{ChoiceRow, Place};
use crate::dashboard::record::{closed, is_hers};
use crate::dashboard::{devices, quarantine as aside, words};
use crate::store::StoreError;
use crate::store::audit::put_on;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;
use warmhand_core::domain::entry::Body;
use warmhand_core::domain::id::UserId;
use warmhand_core::domain::payload::ReviewSettled;
use warmhand_core::wire::Decision;

#[derive(Deserialize)]
pub(super) struct Opening {
    csrf: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    other: String,
}

/// Opens a record for the rest of the visit. Why is written down before anything is shown.
pub(super) async fn open(
    State(server): State<Arc<Server>>,
    guest: Guest,
    Path(id): Path<String>,
    Form(form): Form<Opening>,
) -> Result<Response, Nothing> {
    guest.check(&form.csrf)?;
    let (programme, visitor) = programme(&server, &guest, None).await?;
    let (record, code) = show::opens(&programme, &id)?;
    let gate = Gate::new();
    let chosen = gate
        .reasons
        .iter()
        .find(|choice| choice.value == form.reason)
        .map(|choice| choice.label.clone());
    let other = form
        .other
        .trim()
        .chars()
        .filter(|c| !c.is_control())
        .take(200)
        .collect::<String>();
    let why = match chosen {
        Some(_) if form.reason == "other" && other.is_empty() => None,
        Some(_) if form.reason == "other" => Some(other.clone()),
        chosen => chosen,
    };
    let Some(why) = why else {
        let error = Some("Choose a reason; for another one say which.".to_owned());
        let page = closed(
            &programme,
            &visitor,
            (record, code),
            Gate {
                other,
                error,
                ..gate
            },
        );
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response());
    };
    let at = format!("/handoffs/{record}");
    let still_there = server
        .store
        .open_record(token_hash(&guest.token), record, why, server.now())
        .await?;
    if !still_there {
        return Err(Nothing::SignedOut(at));
    }
    Ok(Redirect::to(&at).into_response())
}

#[derive(Deserialize)]
pub(super) struct Settling {
    csrf: String,
    item: String,
    choice: String,
}

/// Settles what two people left open; written by the server's own device, in her name. What only the patient can say is
/// chosen by nobody here.
pub(super) async fn settle(
    State(server): State<Arc<Server>>,
    guest: Guest,
    Path(id): Path<String>,
    Form(form): Form<Settling>,
) -> Result<Response, Nothing> {
    guest.check(&form.csrf)?;
    let (programme, visitor) = programme(&server, &guest, None).await?;
    let summary = show::find(&programme, &id)?;
    let back = Redirect::to(&format!("/handoffs/{}", summary.record)).into_response();
    if form.choice == "later" {
        return Ok(back);
    }
    if !guest.session.reasons.contains_key(&summary.record) {
        return Ok(back);
    }
    let item = form.item.parse().map_err(|_| Nothing::Here)?;
    let keep = form.choice.parse().map_err(|_| Nothing::Here)?;
    let patient = summary.patient.ok_or(Nothing::Here)?;
    let folder = server.store.folder(patient, None).await?;
    if is_hers(&folder.patient, summary.record, item) {
        return Ok(back);
    }
    let body = Body::from(ReviewSettled {
        items: vec![item],
        keep: Some(keep),
    });
    let seed = u64::from_be_bytes(server.random.bytes());
    server
        .store
        .author(visitor.user, summary.record, body, seed, server.now())
        .await?;
    server.tell(server.store.head().await?);
    Ok(back)
}

/// Makes a one-time code for a new device and shows it, once.
pub(super) async fn enrol(
    State(server): State<Arc<Server>>,
    guest: Guest,
    headers: HeaderMap,
    body: String,
) -> Result<Response, Nothing> {
    let fields: Vec<(String, String)> =
        serde_urlencoded::from_str(&body).map_err(|_| Nothing::Here)?;
    let all = |name: &str| {
        fields
            .iter()
            .filter(|(n, _)| n == name)
            .map(|(_, v)| v.clone())
            .collect::<Vec<_>>()
    };
    let one = |name: &str| all(name).into_iter().next().unwrap_or_default();
    guest.check(&one("csrf"))?;
    let (programme, visitor) = programme(&server, &guest, None).await?;
    let (name, kind, chosen) = (one("name"), one("kind"), all("person"));
    let mut draft = devices::empty_draft(&programme, &visitor);
    let allowed = |user: &String| draft.people.iter().any(|choice| choice.value == *user);
    let made = if chosen.iter().all(allowed) {
        let people: Vec<UserId> = chosen.iter().cloned().map(UserId).collect();
        server.issue_code(name.clone(), kind.clone(), people).await
    } else {
        Err(StoreError::Refused(devices::NOT_HERS.into()))
    };
    let code = match made {
        Ok(code) => code,
        Err(StoreError::Refused(sentence)) => {
            let keep = |choices: Vec<ChoiceRow>, is: &dyn Fn(&str) -> bool| {
                choices
                    .into_iter()
                    .map(|c| ChoiceRow {
                        is_chosen: is(&c.value),
                        ..c
                    })
                    .collect()
            };
            draft.kinds = keep(draft.kinds, &|value| value == kind);
            draft.people = keep(draft.people, &|value| chosen.iter().any(|c| c == value));
            draft.name = name;
            draft.error = Some(sentence);
            let page = devices::page(&programme, &visitor, Some(draft));
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response());
        }
        Err(error) => return Err(error.into()),
    };
    let people: Vec<UserId> = chosen.into_iter().map(UserId).collect();
    let why = put_on(
        &format!("\"{}\" ({kind})", name.trim()),
        &people,
        &visitor.user,
    );
    let (user, what) = (visitor.user.clone(), "made a device code");
    server
        .store
        .audit(server.now(), user, what, None, why)
        .await?;
    let host = headers
        .get(header::HOST)
        .and_then(|h| h.to_str().ok())
        .unwrap_or("localhost");
    let address = server.settings.public_url.clone().unwrap_or_else(|| {
        let scheme = if server.settings.secure_cookies {
            "https"
        } else {
            "http"
        };
        format!("{scheme}://{host}")
    });
    let expires = words::clock_time(code.expires_at, &programme.zone());
    Ok(html(&DeviceCodePage {
        frame: programme.frame(&visitor, Place::Devices, "/devices"),
        device: name,
        kind,
        people: programme.names(&people),
        qr: qr_svg(&format!("{address}/#{}", code.text)),
        code: code.text,
        server: address,
        expires: format!("{expires}, in 15 minutes"),
    }))
}

#[derive(Deserialize)]
pub(super) struct Token {
    csrf: String,
}

/// Puts work that was kept aside into its record.
pub(super) async fn release(
    server: State<Arc<Server>>,
    guest: Guest,
    id: Path<String>,
    form: Form<Token>,
) -> Result<Response, Nothing> {
    decide(server, guest, id, form, Decision::Released).await
}

/// Leaves work that was kept aside out of its record.
pub(super) async fn dismiss(
    server: State<Arc<Server>>,
    guest: Guest,
    id: Path<String>,
    form: Form<Token>,
) -> Result<Response, Nothing> {
    decide(server, guest, id, form, Decision::Dismissed).await
}

async fn decide(
    State(server): State<Arc<Server>>,
    guest: Guest,
    Path(id): Path<String>,
    Form(form): Form<Token>,
    decision: Decision,
) -> Result<Response, Nothing> {
    guest.check(&form.csrf)?;
    let (programme, visitor) = programme(&server, &guest, None).await?;
    let hash = hex::decode(&id).map_err(|_| Nothing::Here)?;
    let row = programme
        .aside
        .iter()
        .find(|row| row.hash.0[..] == hash[..])
        .ok_or(Nothing::Here)?;
    let record = aside::opens_with(&programme, row);
    if !guest.session.reasons.contains_key(&record) {
        return Ok(Redirect::to(&format!("/handoffs/{record}")).into_response());
    }
    let seed = u64::from_be_bytes(server.random.bytes());
    server
        .store
        .decide(visitor.user, row.hash, decision, seed, server.now())
        .await?;
    server.tell(server.store.head().await?);
    Ok(Redirect::to("/quarantine").into_response())
}
