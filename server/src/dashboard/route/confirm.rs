//! Whose is this device? Asked for one that was enrolled after the backup that was put back.

use super::{Guest, Nothing, html, programme};
use crate::Server;
use crate::dashboard::devices;
use crate::dashboard::page::device_confirm::DeviceConfirmPage;
use crate::dashboard::page::{ChoiceRow, Place};
use crate::dashboard::programme::{DeviceSeen, Programme, Visitor};
use crate::store::{ConfirmDraft, StoreError};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use std::sync::Arc;
use warmhand_core::domain::id::{DeviceId, UserId};

fn find<'a>(programme: &'a Programme, id: &str) -> Result<&'a DeviceSeen, Nothing> {
    let id: DeviceId = id.parse().map_err(|_| Nothing::Here)?;
    let mut waiting = programme.devices.iter().filter(|d| d.waits());
    waiting.find(|d| d.id == id).ok_or(Nothing::Here)
}

/// The page with this in its form.
fn page(
    programme: &Programme,
    visitor: &Visitor,
    device: &DeviceSeen,
    draft: &ConfirmDraft,
) -> DeviceConfirmPage {
    let choices = devices::empty_draft(programme, visitor);
    let choose = |choices: Vec<ChoiceRow>, is: &dyn Fn(&str) -> bool| {
        let chosen = choices.into_iter().map(|choice| ChoiceRow {
            is_chosen: is(&choice.value),
            ..choice
        });
        chosen.collect()
    };
    DeviceConfirmPage {
        frame: programme.frame(visitor, Place::Devices, "/devices"),
        id: device.id.to_string(),
        name: draft.name.clone(),
        last_seen: device
            .last_seen_at
            .map_or_else(|| "not yet".to_owned(), |at| programme.when(at)),
        kinds: choose(choices.kinds, &|value| value == draft.kind),
        people: choose(choices.people, &|value| {
            draft.people.iter().any(|user| user.as_str() == value)
        }),
        others: choices.others,
        error: None,
    }
}

pub(super) async fn show(
    State(server): State<Arc<Server>>,
    guest: Guest,
    Path(id): Path<String>,
) -> Result<Response, Nothing> {
    let (programme, visitor) = programme(&server, &guest, None).await?;
    let device = find(&programme, &id)?;
    let draft = ConfirmDraft {
        name: device.name.clone(),
        kind: device.kind.clone(),
        people: device.proposed.clone(),
    };
    Ok(html(&page(&programme, &visitor, device, &draft)))
}

/// It is theirs: what it has sent meanwhile is judged anew, and it is told what its people may see.
pub(super) async fn act(
    State(server): State<Arc<Server>>,
    guest: Guest,
    Path(id): Path<String>,
    body: String,
) -> Result<Response, Nothing> {
    let fields: Vec<(String, String)> =
        serde_urlencoded::from_str(&body).map_err(|_| Nothing::Here)?;
    let all = |name: &'static str| {
        let named = fields.iter().filter(move |(n, _)| n == name);
        named.map(|(_, value)| value.clone())
    };
    let one = |name| all(name).next().unwrap_or_default();
    guest.check(&one("csrf"))?;
    let (programme, visitor) = programme(&server, &guest, None).await?;
    let device = find(&programme, &id)?;
    let draft = ConfirmDraft {
        name: one("name"),
        kind: one("kind"),
        people: all("person").map(UserId).collect(),
    };
    let asked = page(&programme, &visitor, device, &draft);
    let may_be_named = |user: &UserId| {
        asked
            .people
            .iter()
            .any(|choice| choice.value == user.as_str())
    };
    let done = if draft.people.iter().all(may_be_named) {
        server
            .store
            .confirm(device.id, draft, visitor.user, server.now())
            .await
    } else {
        Err(StoreError::Refused(devices::NOT_HERS.into()))
    };
    match done {
        Ok(()) => {}
        Err(StoreError::Refused(sentence)) => {
            let error = Some(sentence);
            let page = DeviceConfirmPage { error, ..asked };
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, html(&page)).into_response());
        }
        Err(error) => return Err(error.into()),
    }
    server.tell(server.store.head().await?);
    Ok(Redirect::to("/devices").into_response())
}
