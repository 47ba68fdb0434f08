//! One device of the visitor's sites: who works on it, taken out of service, taken back. Each is asked once, done or
//! answered with a sentence, and written into the audit log.

use super::{Guest, Nothing, html, programme};
use crate::Server;
use crate::dashboard::devices;
use crate::dashboard::page::Place;
use crate::dashboard::page::device_people::DevicePeoplePage;
use crate::dashboard::page::device_reinstate::DeviceReinstatePage;
use crate::dashboard::page::device_revoke::DeviceRevokePage;
use crate::dashboard::programme::{DeviceSeen, Programme, Visitor};
use crate::store::StoreError;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::sync::Arc;
use warmhand_core::domain::id::{DeviceId, UserId};

fn find<'a>(programme: &'a Programme, id: &str) -> Result<&'a DeviceSeen, Nothing> {
    let id: DeviceId = id.parse().map_err(|_| Nothing::Here)?;
    let mut devices = programme.devices.iter();
    devices.find(|d| d.id == id).ok_or(Nothing::Here)
}

fn in_service<'a>(programme: &'a Programme, id: &str) -> Result<&'a DeviceSeen, Nothing> {
    find(programme, id).and_then(|device| match device.revoked_at {
        None => Ok(device),
        Some(_) => Err(Nothing::Here),
    })
}

pub(super) async fn revoking(
    State(server): State<Arc<Server>>,
    guest: Guest,
    Path(id): Path<String>,
) -> Result<Response, Nothing> {
    let (programme, visitor) = programme(&server, &guest, None).await?;
    let device = in_service(&programme, &id)?;
    Ok(html(&DeviceRevokePage {
        frame: programme.frame(&visitor, Place::Devices, "/devices"),
        id: device.id.to_string(),
        name: device.name.clone(),
        people: devices::used_by(&programme, device),
        last_seen: device
            .last_seen_at
            .map_or_else(|| "not yet".to_owned(), |at| programme.when(at)),
        unsent: device.unsent,
    }))
}

#[derive(Deserialize)]
pub(super) struct Token {
    csrf: String,
}

/// Takes a device out of service.
pub(super) async fn revoke(
    State(server): State<Arc<Server>>,
    guest: Guest,
    Path(id): Path<String>,
    Form(form): Form<Token>,
) -> Result<Response, Nothing> {
    guest.check(&form.csrf)?;
    let (programme, visitor) = programme(&server, &guest, None).await?;
    let id = find(&programme, &id)?.id;
    server.store.revoke(id, visitor.user, server.now()).await?;
    done(&server).await
}

pub(super) async fn reinstating(
    State(server): State<Arc<Server>>,
    guest: Guest,
    Path(id): Path<String>,
) -> Result<Response, Nothing> {
    let (programme, visitor) = programme(&server, &guest, None).await?;
    let device = find(&programme, &id)?;
    let is_wiped = device.loss.is_none_or(|loss| loss.wiped_at.is_some());
    let loss = devices::loss(&programme, device).filter(|_| !is_wiped);
    Ok(html(&DeviceReinstatePage {
        frame: programme.frame(&visitor, Place::Devices, "/devices"),
        id: device.id.to_string(),
        name: device.name.clone(),
        people: devices::used_by(&programme, device),
        fate: loss.ok_or(Nothing::Here)?.fate,
    }))
}

/// Takes a device back into service that has not wiped itself yet.
pub(super) async fn reinstate(
    State(server): State<Arc<Server>>,
    guest: Guest,
    Path(id): Path<String>,
    Form(form): Form<Token>,
) -> Result<Response, Nothing> {
    guest.check(&form.csrf)?;
    let (programme, visitor) = programme(&server, &guest, None).await?;
    let id = find(&programme, &id)?.id;
    server
        .store
        .reinstate(id, visitor.user, server.now())
        .await?;
    done(&server).await
}

pub(super) async fn people(
    State(server): State<Arc<Server>>,
    guest: Guest,
    Path(id): Path<String>,
) -> Result<Response, Nothing> {
    let (programme, visitor) = programme(&server, &guest, None).await?;
    let device = in_service(&programme, &id)?;
    Ok(html(&page(&programme, &visitor, device)))
}

fn page(programme: &Programme, visitor: &Visitor, device: &DeviceSeen) -> DevicePeoplePage {
    let mut choices = devices::people(programme, visitor);
    for choice in &mut choices {
        choice.is_chosen = device.people.iter().any(|p| p.as_str() == choice.value);
    }
    let is_hers = |user: &&UserId| choices.iter().any(|c| c.value == user.as_str());
    let others: Vec<UserId> = on_the_sheet(programme, device)
        .filter(|user| !is_hers(user))
        .cloned()
        .collect();
    DevicePeoplePage {
        frame: programme.frame(visitor, Place::Devices, "/devices"),
        id: device.id.to_string(),
        name: device.name.clone(),
        others: (!others.is_empty()).then(|| programme.names(&others)),
        people: choices,
        error: None,
    }
}

/// Its people whom the sheet knows. Of whoever has left it nobody could say that she stays.
fn on_the_sheet<'a>(
    programme: &'a Programme,
    device: &'a DeviceSeen,
) -> impl Iterator<Item = &'a UserId> {
    let people = device.people.iter();
    people.filter(|user| programme.sheet.person(user).is_some())
}

/// Says who works on a device from now on. Whoever works at other sites too stays as she is.
pub(super) async fn set_people(
    State(server): State<Arc<Server>>,
    guest: Guest,
    Path(id): Path<String>,
    body: String,
) -> Result<Response, Nothing> {
    let fields: Vec<(String, String)> =
        serde_urlencoded::from_str(&body).map_err(|_| Nothing::Here)?;
    let all = |name: &'static str| {
        let named = fields.iter().filter(move |(n, _)| n == name);
        named.map(|(_, value)| value.as_str())
    };
    guest.check(all("csrf").next().unwrap_or_default())?;
    let (programme, visitor) = programme(&server, &guest, None).await?;
    let device = in_service(&programme, &id)?;
    let mut shown = page(&programme, &visitor, device);
    let is_shown = |user: &str| shown.people.iter().any(|choice| choice.value == user);
    if !all("person").all(is_shown) {
        return Err(Nothing::Here);
    }
    let kept = on_the_sheet(&programme, device).filter(|user| !is_shown(user.as_str()));
    let chosen = all("person").map(|user| UserId(user.to_owned()));
    let people: Vec<UserId> = kept.cloned().chain(chosen).collect();
    match server
        .store
        .set_people(device.id, people.clone(), visitor.user, server.now())
        .await
    {
        Ok(()) => done(&server).await,
        Err(StoreError::Refused(sentence)) => {
            for choice in &mut shown.people {
                choice.is_chosen = people.iter().any(|p| p.as_str() == choice.value);
            }
            shown.error = Some(sentence);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&shown)).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

async fn done(server: &Server) -> Result<Response, Nothing> {
    server.tell(server.store.head().await?);
    Ok(Redirect::to("/devices").into_response())
}
