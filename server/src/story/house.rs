//! The server of a story: a real one, in memory, whose clock the story sets. Requests reach its router without a
//! socket. Knows no step and no device core.

use super::form;
use crate::clock::{Random, SetClock};
use crate::key_file::KeyFile;
use crate::store::audit::TERMINAL;
use crate::store::sqlite::{self, Place};
use crate::store::{Store, is_silent};
use crate::{Server, Settings};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;
use tower::ServiceExt;
use warmhand_core::app::{Carried, Outgoing};
use warmhand_core::domain::entry::Entry;
use warmhand_core::domain::fold::Record;
use warmhand_core::domain::id::{DeviceId, DocumentId, PatientId};
use warmhand_core::domain::join::Patient;
use warmhand_core::domain::organisation::Organisation;
use warmhand_core::domain::read::{Reading, ReceiptTimes, Receipts, Summary, read};
use warmhand_core::wire::{DeliveredChange, MAX_MESSAGE};

/// The seed of a story's server: a story repeats itself.
const SEED: u64 = 1;

/// A server in memory.
pub(super) struct House {
    server: Arc<Server>,
    router: Router,
    clock: Arc<SetClock>,
}

impl House {
    /// Opens a server for an organisation, as its story begins.
    pub(super) fn open(organisation: &Organisation, start: Timestamp) -> Result<Self, String> {
        let random = Random::seeded(SEED);
        let settings = sqlite::Settings {
            sheet: &serde_json::to_string(organisation).map_err(|error| error.to_string())?,
            epoch: random.bytes(),
            keys: KeyFile::new(random.bytes(), random.bytes(), start),
            web: random.with(|rng| DeviceId::new(start, rng)),
        };
        let store = sqlite::init(&Place::Memory, &settings).map_err(|error| error.to_string())?;
        let clock = Arc::new(SetClock::at(start));
        let server = Server::new(
            Arc::new(store),
            clock.clone(),
            Arc::new(random),
            Settings::default(),
        );
        let router = server.router();
        Ok(Self {
            server,
            router,
            clock,
        })
    }

    /// A one-time code for a device.
    pub(super) async fn issue_code(&self, told: &form::Device) -> Result<String, String> {
        let kind = told.kind.as_str().to_owned();
        let code = self
            .server
            .issue_code(told.name.clone(), kind, told.people.clone())
            .await;
        code.map(|code| code.text)
            .map_err(|error| error.to_string())
    }

    /// Takes a device out of service.
    pub(super) async fn revoke(&self, device: DeviceId) -> Result<(), String> {
        self.store()
            .revoke(device, TERMINAL.into(), self.server.now())
            .await
            .map_err(|error| error.to_string())
    }

    /// Every accepted change with its receipt, causes first.
    pub(super) async fn changes(&self) -> Result<Vec<DeliveredChange>, String> {
        self.store()
            .changes()
            .await
            .map_err(|error| error.to_string())
    }

    fn store(&self) -> &dyn Store {
        &*self.server.store
    }

    /// The story's time goes on.
    pub(super) fn set_clock(&self, now: Timestamp) {
        self.clock.set(now);
    }

    /// Carries a request and its answer.
    pub(super) async fn carry(&self, asked: Outgoing) -> Result<Carried, String> {
        let mut request =
            Request::post(asked.path).header(header::CONTENT_TYPE, "application/cbor");
        if let Some(bearer) = asked.bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {bearer}"));
        }
        let request = request
            .body(Body::from(asked.body))
            .map_err(|error| error.to_string())?;
        let Ok(answer) = self.router.clone().oneshot(request).await;
        let status = answer.status().as_u16();
        let body = to_bytes(answer.into_body(), 2 * MAX_MESSAGE)
            .await
            .map_err(|error| error.to_string())?;
        // A device that was revoked is told so; nothing else may go wrong between the two ends.
        if matches!(status, 200 | 401 | 403) {
            return Ok(Carried::Answer {
                status,
                body: body.to_vec(),
            });
        }
        Err(format!(
            "the server answered {status} to {}: {}",
            asked.path,
            String::from_utf8_lossy(&body)
        ))
    }

    /// Every patient as known at a time: read anew from the changes that the server had by then.
    pub(super) async fn readings(&self, now: Timestamp) -> Result<Vec<Reading>, String> {
        let sheet = self.sheet().await?;
        let mut documents: BTreeMap<DocumentId, Vec<Arc<Entry>>> = BTreeMap::new();
        let mut receipts = Receipts::default();
        let known = |change: &DeliveredChange| change.receipt.received_at <= now.as_millisecond();
        for change in self.changes().await?.into_iter().filter(known) {
            let at = change.receipt.received_at;
            let received_at = Timestamp::from_millisecond(at).map_err(|error| error.to_string())?;
            for put in &change.change.puts {
                let entry = Entry::parse(&put.text).map_err(|why| why.to_string())?;
                let times = ReceiptTimes {
                    received_at,
                    offset_ms: change.receipt.offset_ms,
                };
                receipts.note(entry.id, times);
                documents
                    .entry(change.change.doc)
                    .or_default()
                    .push(Arc::new(entry));
            }
        }
        let mut patients: BTreeMap<PatientId, Vec<Record>> = BTreeMap::new();
        for (doc, entries) in documents {
            // What she answered in screens is hers as well: whether two of them are one form is read there.
            let document = Record::of(doc, &entries);
            if let Some(patient) = document.patient {
                patients.entry(patient).or_default().push(document);
            }
        }
        patients.retain(|_, documents| !documents.iter().all(Record::is_of_answers));
        let read_all = |(id, records)| read(&Patient::of(id, records), &receipts, &sheet, now);
        Ok(patients.into_iter().map(read_all).collect())
    }

    /// The devices that have not spoken for long, by name.
    pub(super) async fn silent(&self, now: Timestamp) -> Result<Vec<String>, String> {
        let devices = self
            .store()
            .devices()
            .await
            .map_err(|error| error.to_string())?;
        let silent = devices.into_iter().filter(|device| {
            device.kind != "web"
                && device.revoked_at.is_none()
                && is_silent(device.last_seen_at, now)
        });
        Ok(silent.map(|device| device.name).collect())
    }

    /// The records as pages show them.
    pub(super) async fn projected(&self, now: Timestamp) -> Result<Vec<Summary>, String> {
        let snapshot = self.store().snapshot(now).await;
        snapshot
            .map(|s| s.records.iter().map(|r| Summary::clone(r)).collect())
            .map_err(|error| error.to_string())
    }

    /// The sheet in force.
    pub(super) async fn sheet(&self) -> Result<Organisation, String> {
        self.store()
            .sheet()
            .await
            .map_err(|error| error.to_string())
    }
}
