//! Whole documents of a page, built anew beside one another: a first sync brings hundreds with each page, and to build and
//! to check one needs nothing that is here.

use super::ground::Ground;
use crate::document::Sealed;
use crate::domain::code::DocumentKind;
use crate::domain::entry::Entry;
use crate::domain::id::{DeviceId, DocumentId, PatientId};
use crate::refusal::StorageTrouble;
use crate::store::{StoreError, WholeRow};
use crate::wire::{Delivered, DeliveredChange, DeliveredDocument, Packed, Receipt, Unpackable};
use std::panic::resume_unwind;
use std::sync::LazyLock;
use std::thread;

/// Fewer are not worth a thread of their own.
const FEW: usize = 16;
/// What a thread is called that builds a part of a page: what a panic on it says stays in the library as well.
pub const WORKER: &str = "warmhand page";
/// More threads than this do not help: the database takes one document after the other.
const MOST_THREADS: usize = 4;

/// So many run beside one another; asked once, since the system reads files for it.
static THREADS: LazyLock<usize> = LazyLock::new(|| {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    cores.min(MOST_THREADS)
});

/// What came of a document.
pub(super) enum Arrived {
    /// Changes, in causal order.
    Changes(Vec<DeliveredChange>),
    /// All of it: a document of which nothing is here.
    New(DocumentKind, PatientId, WholeRow),
    /// All of it, each change built anew, causes first.
    Whole(Vec<(Sealed, Receipt)>),
    /// All of it, and it is no document.
    Unpackable(Unpackable),
    /// The word to forget it.
    Forget,
    /// The word to erase it.
    Erased,
}

/// A document with what is said of it.
type Delivery = (DocumentId, Arrived);

/// What a page brings, in its order; what came whole is built. `is_here`: is anything of a document here?
pub(super) fn arrived(
    delivered: Vec<DeliveredDocument>,
    device: DeviceId,
    mut is_here: impl FnMut(DocumentId) -> Result<bool, StoreError>,
) -> Result<Vec<Delivery>, StoreError> {
    let mut waiting = Vec::with_capacity(delivered.len());
    for one in delivered {
        let is_here = is_here(one.doc)?;
        waiting.push((one, is_here));
    }
    let is_whole =
        |(one, _): &&(DeliveredDocument, bool)| matches!(one.content, Delivered::Whole(_));
    let worth = waiting.iter().filter(is_whole).count() / FEW;
    let threads = worth.min(*THREADS);
    if threads < 2 {
        return Ok(part(waiting, device));
    }
    let each = waiting.len().div_ceil(threads);
    thread::scope(|scope| {
        let mut running = Vec::with_capacity(threads);
        while !waiting.is_empty() {
            let rest = waiting.split_off(each.min(waiting.len()));
            let some = std::mem::replace(&mut waiting, rest);
            let thread = thread::Builder::new().name(WORKER.to_owned());
            let begun = thread.spawn_scoped(scope, move || part(some, device));
            // The system has none left: the page comes again.
            let begun = begun.map_err(|_| StoreError::Trouble(StorageTrouble::Busy));
            running.push(begun?);
        }
        let done = running.into_iter().map(thread::ScopedJoinHandle::join);
        Ok(done
            .flat_map(|one| one.unwrap_or_else(|panic| resume_unwind(panic)))
            .collect())
    })
}

fn part(some: Vec<(DeliveredDocument, bool)>, device: DeviceId) -> Vec<Delivery> {
    some.into_iter()
        .map(|(one, is_here)| (one.doc, arrives(one, is_here, device)))
        .collect()
}

fn arrives(delivered: DeliveredDocument, is_here: bool, device: DeviceId) -> Arrived {
    match delivered.content {
        Delivered::Changes(changes) => Arrived::Changes(changes),
        Delivered::Whole(packed) => match packed.rebuild(delivered.doc) {
            Err(why) => Arrived::Unpackable(why),
            Ok(changes) if is_here => Arrived::Whole(changes),
            Ok(changes) => new(&packed, &changes, device).unwrap_or(Arrived::Whole(changes)),
        },
        Delivered::Forget => Arrived::Forget,
        Delivered::Erased => Arrived::Erased,
    }
}

/// A new document as one row; none if a change does not follow what came before, or nobody knows what it begins.
fn new(packed: &Packed, changes: &[(Sealed, Receipt)], device: DeviceId) -> Option<Arrived> {
    let mut ground = Ground::default();
    for (sealed, _) in changes {
        ground.check(sealed).ok()?;
        ground.add(sealed);
    }
    let (kind, patient) = opening(&changes.first()?.0)?;
    let row = WholeRow::of(packed, changes, device)?;
    Some(Arrived::New(kind, patient, row))
}

/// What kind of document a first change begins, and whose.
pub(super) fn opening(sealed: &Sealed) -> Option<(DocumentKind, PatientId)> {
    let first = sealed.change.puts.first()?;
    Entry::parse(&first.text).ok()?.body.opens()
}
