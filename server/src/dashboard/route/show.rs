//! Pages that only show.

use super::{Guest, Nothing, html, programme};
use crate::Server;
use crate::dashboard::handoffs::Query as Filter;
use crate::dashboard::page::handoff::Gate;
use crate::dashboard::programme::{Programme, Visitor};
use crate::dashboard::record::{self, Story};
use crate::dashboard::{
    devices as device_page, handoffs as list, overview as first, quarantine as aside, words,
    work as lists,
};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use warmhand_core::domain::id::{DocumentId, SiteId};
use warmhand_core::domain::read::{ReviewReading, Summary, read};

#[derive(Deserialize)]
pub(super) struct AtSite {
    site: Option<String>,
}

pub(super) async fn overview(
    State(server): State<Arc<Server>>,
    guest: Guest,
    Query(asked): Query<AtSite>,
) -> Result<Response, Nothing> {
    let site = asked.site.filter(|site| !site.is_empty());
    let (programme, visitor) = programme(&server, &guest, site.as_deref()).await?;
    Ok(html(&first::page(
        &programme,
        &visitor,
        site.map(SiteId).as_ref(),
    )))
}

pub(super) async fn handoffs(
    State(server): State<Arc<Server>>,
    guest: Guest,
    Query(filter): Query<Filter>,
) -> Result<Response, Nothing> {
    let (programme, visitor) = programme(&server, &guest, None).await?;
    Ok(html(&list::page(&programme, &visitor, &filter)))
}

pub(super) async fn work(
    State(server): State<Arc<Server>>,
    guest: Guest,
) -> Result<Response, Nothing> {
    let (programme, visitor) = programme(&server, &guest, None).await?;
    Ok(html(&lists::work(&programme, &visitor)))
}

pub(super) async fn safety(
    State(server): State<Arc<Server>>,
    guest: Guest,
) -> Result<Response, Nothing> {
    let (programme, visitor) = programme(&server, &guest, None).await?;
    Ok(html(&lists::safety(&programme, &visitor)))
}

pub(super) async fn review(
    State(server): State<Arc<Server>>,
    guest: Guest,
) -> Result<Response, Nothing> {
    let (programme, visitor) = programme(&server, &guest, None).await?;
    let opened = &guest.session.reasons;
    let asking = programme
        .records()
        .filter(|r| opened.contains_key(&r.record) && r.review.iter().any(ReviewReading::is_open));
    let patients: BTreeSet<_> = asking.filter_map(|r| r.patient).collect();
    let mut sides = lists::Sides::new();
    for patient in patients {
        let folder = server.store.folder(patient, None).await?;
        sides.extend(record::sides(&programme, &folder.patient, opened));
    }
    Ok(html(&lists::review(&programme, &visitor, opened, &sides)))
}

pub(super) async fn quarantine(
    State(server): State<Arc<Server>>,
    guest: Guest,
) -> Result<Response, Nothing> {
    let (programme, visitor) = programme(&server, &guest, None).await?;
    Ok(html(&aside::page(
        &programme,
        &visitor,
        &guest.session.reasons,
    )))
}

pub(super) async fn devices(
    State(server): State<Arc<Server>>,
    guest: Guest,
) -> Result<Response, Nothing> {
    let (programme, visitor) = programme(&server, &guest, None).await?;
    Ok(html(&device_page::page(&programme, &visitor, None)))
}

/// A record of the visitor's sites, by the id in the address.
pub(super) fn find<'a>(programme: &'a Programme, id: &str) -> Result<&'a Summary, Nothing> {
    let id: DocumentId = id.parse().map_err(|_| Nothing::Here)?;
    programme
        .records()
        .find(|r| r.record == id)
        .ok_or(Nothing::Here)
}

/// What opens for a reason under the id in the address: a record of the visitor's sites, or what is kept aside of one that
/// is not here. With the patient's code.
pub(super) fn opens(programme: &Programme, id: &str) -> Result<(DocumentId, String), Nothing> {
    if let Ok(summary) = find(programme, id) {
        return Ok((summary.record, words::code(summary)));
    }
    let id: DocumentId = id.parse().map_err(|_| Nothing::Here)?;
    let mut waiting = programme.aside.iter();
    let lying = waiting.find(|row| aside::opens_with(programme, row) == id);
    let code = aside::code(lying.ok_or(Nothing::Here)?);
    Ok((
        id,
        if code.is_empty() {
            "not known yet".to_owned()
        } else {
            code
        },
    ))
}

pub(super) async fn record(
    State(server): State<Arc<Server>>,
    guest: Guest,
    Path(id): Path<String>,
) -> Result<Response, Nothing> {
    let (programme, visitor) = programme(&server, &guest, None).await?;
    let asked = opens(&programme, &id)?;
    let Some(reason) = guest.session.reasons.get(&asked.0) else {
        let page = record::closed(&programme, &visitor, asked, Gate::new());
        return Ok(html(&page));
    };
    match find(&programme, &id) {
        Ok(summary) => opened(&server, &programme, &visitor, summary, reason).await,
        Err(_) => Ok(Redirect::to("/quarantine").into_response()),
    }
}

async fn opened(
    server: &Server,
    programme: &Programme,
    visitor: &Visitor,
    summary: &Summary,
    reason: &str,
) -> Result<Response, Nothing> {
    let patient = summary.patient.ok_or(Nothing::Here)?;
    let folder = server.store.folder(patient, None).await?;
    let reading = read(
        &folder.patient,
        &folder.receipts,
        &programme.sheet,
        programme.now,
    );
    let told = folder.patient.record(summary.record).ok_or(Nothing::Here)?;
    let summary = reading
        .records
        .iter()
        .find(|r| r.record == summary.record)
        .ok_or(Nothing::Here)?;
    let devices: BTreeMap<_, _> = server
        .store
        .devices()
        .await?
        .into_iter()
        .map(|d| (d.id, d.name))
        .collect();
    let story = Story {
        patient: &folder.patient,
        record: told,
        summary,
        receipts: &folder.receipts,
        devices: &devices,
    };
    Ok(html(&record::open(programme, visitor, &story, reason)))
}
