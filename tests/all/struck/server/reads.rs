//! Every verb that only reads, each with something to read.

use super::{Act, Again, told};
use jiff::Timestamp;
use warmhand_core::domain::id::{DeviceId, DocumentId, PatientId};
use warmhand_core::wire::{DocsRequest, ReconcileRequest};
use warmhand_server::store::Store;

/// What is asked for.
pub struct Asked {
    /// Who asks.
    pub device: DeviceId,
    pub compared: ReconcileRequest,
    pub offered: DocsRequest,
    /// A device that left boxes.
    pub lost: DeviceId,
    pub patient: PatientId,
    pub record: DocumentId,
    pub now: Timestamp,
}

pub fn reads(asked: Asked) -> Vec<(&'static str, Act, Again)> {
    let Asked {
        device,
        compared,
        offered,
        lost,
        patient,
        record,
        now,
    } = asked;
    vec![
        (
            "read: reconcile",
            Box::new(move |s| told(s.reconcile(device, compared.clone(), now))),
            Again::Same,
        ),
        (
            "read: docs",
            Box::new(move |s| told(s.docs(device, offered.clone(), now))),
            Again::Same,
        ),
        (
            "read: device_of: unknown",
            Box::new(move |s| told(s.device_of("no credential".into(), now))),
            Again::Same,
        ),
        ("read: sheet", Box::new(|s| told(s.sheet())), Again::Same),
        (
            "read: snapshot",
            Box::new(move |s| told(s.snapshot(now))),
            Again::Same,
        ),
        (
            "read: boxes",
            Box::new(move |s| told(s.boxes(lost))),
            Again::Same,
        ),
        (
            "read: devices",
            Box::new(|s| told(s.devices())),
            Again::Same,
        ),
        (
            "read: folder",
            Box::new(move |s| told(s.folder(patient, None))),
            Again::Same,
        ),
        (
            "read: patients",
            Box::new(|s| told(s.patients())),
            Again::Same,
        ),
        (
            "read: record_bytes",
            Box::new(move |s| told(s.record_bytes(record))),
            Again::Same,
        ),
        (
            "read: changes",
            Box::new(|s| told(s.changes())),
            Again::Same,
        ),
        (
            "read: quarantine",
            Box::new(move |s| told(s.quarantine(now))),
            Again::Same,
        ),
        (
            "read: account",
            Box::new(|s| told(s.account("adm".into()))),
            Again::Same,
        ),
        (
            "read: session",
            Box::new(|s| told(s.session([1; 32]))),
            Again::Same,
        ),
        ("read: head", Box::new(|s| told(s.head())), Again::Same),
    ]
}
