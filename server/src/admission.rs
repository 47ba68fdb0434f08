//! Whether a change is admitted, judged on nothing but its own past: shape and limits, causality and identity, who may
//! write it, the rule of each event. Malformed is rejected; well-formed but not allowed goes to quarantine; nothing else
//! is refused, and no clock is looked at. Pure: knows neither store nor wire.

mod identity;
mod shape;

use crate::ledger::{Ledger, opening};
use crate::receipt::Signer;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use warmhand_core::document::{ChangeHash, Sealed};
use warmhand_core::domain::code::DocumentKind;
use warmhand_core::domain::entry::{Body, Entry};
use warmhand_core::domain::fold::Record;
use warmhand_core::domain::guard::{self, Breach};
use warmhand_core::domain::id::{DeviceId, EntryId, UserId};
use warmhand_core::domain::organisation::Organisation;
use warmhand_core::wire::{PushedChange, QuarantineReason, Receipt, RejectReason};

/// Who pushes, and by what they are judged.
pub struct Sender<'a> {
    /// The device that the credential names.
    pub device: DeviceId,
    /// Has it lost its place?
    pub revoked: bool,
    /// Who may work on it, now or when it last synced.
    pub people: &'a BTreeSet<UserId>,
    /// The sheet in force, and the one that the device last confirmed.
    pub sheets: &'a [Arc<Organisation>],
    /// Signs and checks receipts.
    pub signer: &'a Signer,
    /// Now.
    pub received_at: i64,
    /// The device's clock minus the server's.
    pub offset_ms: i64,
}

/// What is known of one document when a push begins.
pub struct Standing {
    /// Who may see it; for a new document, who may see its patient or brings a new one.
    pub may_see: BTreeSet<UserId>,
    /// Texts that other documents hold under ids of the push.
    pub elsewhere: BTreeMap<EntryId, Vec<String>>,
}

/// A change that is in.
#[derive(Clone, Debug)]
pub struct Admitted {
    /// Built here, with its hash and bytes.
    pub sealed: Sealed,
    /// Its entries, read.
    pub entries: Vec<Arc<Entry>>,
    /// The server's word for it.
    pub receipt: Receipt,
}

/// What becomes of a change.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// It is in.
    Admitted(Box<Admitted>),
    /// Kept, not applied.
    Quarantined(QuarantineReason),
    /// These come first: nobody has ever seen them here.
    Missing(Vec<ChangeHash>),
    /// Not kept.
    Rejected(RejectReason),
}

/// Judges a change whose hash the server does not know as accepted.
pub fn admit(ledger: &Ledger, standing: &Standing, sender: &Sender<'_>, pushed: &PushedChange) -> Verdict {
    match judge(ledger, standing, sender, pushed) {
        Ok(admitted) => Verdict::Admitted(Box::new(admitted)),
        Err(refused) => refused,
    }
}

fn judge(
    ledger: &Ledger,
    standing: &Standing,
    sender: &Sender<'_>,
    pushed: &PushedChange,
) -> Result<Admitted, Verdict> {
    let sealed = shape::sealed(ledger, pushed)?;
    let entries = shape::entries(&sealed.change)?;
    let change = &sealed.change;
    let known = pushed.receipt.filter(|receipt| sender.signer.signed(change, sealed.hash, *receipt));
    ensure(known.is_some() || !sender.revoked, QuarantineReason::Revoked)?;
    let past = identity::past(ledger, pushed)?;
    identity::check(ledger, &past, change, &entries, &standing.elsewhere)?;
    if let Some(receipt) = known {
        // The server's own word overrides whatever standing anybody has today.
        return Ok(Admitted { sealed, entries, receipt });
    }
    ensure(change.device == sender.device, QuarantineReason::Recovered)?;
    ensure(sender.people.contains(&change.user), QuarantineReason::Revoked)?;
    let kind = ledger.opened.or_else(|| entries.first().and_then(|e| opening(&e.body))).map(|(kind, _)| kind);
    ensure(kind.is_some_and(|kind| entries.iter().all(|e| belongs(kind, &e.body))), QuarantineReason::Guard)?;
    rules(ledger, past.entries(), &entries, sender)?;
    let may_see = standing.may_see.contains(&change.user) || past.holds_fresh_of(&change.user);
    ensure(may_see, QuarantineReason::Access)?;
    let receipt = sender.signer.sign(change, sealed.hash, sender.received_at, sender.offset_ms);
    Ok(Admitted { sealed, entries, receipt })
}

/// Answers lie in their own document, and nothing else does: one document has one visibility.
fn belongs(kind: DocumentKind, body: &Body) -> bool {
    match body {
        Body::Unknown(_) => true,
        Body::ScreensOpened(_) | Body::ScreenAnswered(_) => kind == DocumentKind::Screens,
        _ => kind == DocumentKind::Record,
    }
}

/// The rule of each event, on what its author had seen; by the sheet in force or the one that the device last had.
fn rules(
    ledger: &Ledger,
    mut seen: Vec<Arc<Entry>>,
    entries: &[Arc<Entry>],
    sender: &Sender<'_>,
) -> Result<(), Verdict> {
    for entry in entries {
        let record = Record::of(ledger.doc, &seen);
        let mut refused = Err(Breach::Role);
        for sheet in sender.sheets {
            refused = guard::check(entry, &record, sheet);
            if refused.is_ok() {
                break;
            }
        }
        refused.map_err(|breach| {
            Verdict::Quarantined(match breach {
                Breach::Role => QuarantineReason::Role,
                _ => QuarantineReason::Guard,
            })
        })?;
        seen.push(Arc::clone(entry));
    }
    Ok(())
}

fn ensure(holds: bool, reason: QuarantineReason) -> Result<(), Verdict> {
    if holds { Ok(()) } else { Err(Verdict::Quarantined(reason)) }
}

fn rejected<T>(reason: RejectReason) -> Result<T, Verdict> {
    Err(Verdict::Rejected(reason))
}
