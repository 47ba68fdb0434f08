//! Whole documents of a page, built anew beside one another and beside what is written: a first sync brings hundreds with
//! each page, and to build and to check one needs nothing that is here.

use super::ground::Ground;
use crate::document::Sealed;
use crate::domain::code::DocumentKind;
use crate::domain::entry::Entry;
use crate::domain::id::{DeviceId, DocumentId, PatientId};
use crate::refusal::StorageTrouble;
use crate::store::{StoreError, WholeRow};
use crate::wire::{Columns, Delivered, DeliveredChange, DeliveredDocument, Receipt, Unpackable};
use std::panic::resume_unwind;
use std::sync::LazyLock;
use std::sync::mpsc::channel;
use std::thread;

/// Fewer are not worth a thread of their own.
const FEW: usize = 16;
/// So many are built before the first of them is written down.
const PART: usize = 8;
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

/// Says of each document of a page, in its order, what came of it. What came whole is built beside that: while one is
/// written down, the next are built. `is_here`, beside each: is anything of it here?
pub(super) fn each(
    delivered: Vec<(DeliveredDocument, bool)>,
    device: DeviceId,
    mut take: impl FnMut(DocumentId, Arrived) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let is_whole =
        |(one, _): &&(DeliveredDocument, bool)| matches!(one.content, Delivered::Whole(_));
    let worth = delivered.iter().filter(is_whole).count() / FEW;
    let count = worth.min(*THREADS);
    let mut all = |part: Part| {
        let mut built = part.into_iter();
        built.try_for_each(|(doc, arrived)| take(doc, arrived))
    };
    if count < 2 {
        return delivered
            .into_iter()
            .try_for_each(|one| all(vec![built(one, device)]));
    }
    let (parts, dealt) = dealt(delivered, count);
    thread::scope(|scope| {
        let mut workers = Vec::with_capacity(count);
        for hand in dealt {
            let (done, built_there) = channel();
            let work = move || {
                for part in hand {
                    let part: Part = part.into_iter().map(|one| built(one, device)).collect();
                    // Nobody waits for it if one before could not be written.
                    if done.send(part).is_err() {
                        break;
                    }
                }
            };
            let thread = thread::Builder::new().name(WORKER.to_owned());
            // The system has none left: the page comes again.
            let begun = thread.spawn_scoped(scope, work);
            let begun = begun.map_err(|_| StoreError::Trouble(StorageTrouble::Busy))?;
            workers.push((begun, built_there));
        }
        for (_, (_, built_there)) in (0..parts).zip(workers.iter().cycle()) {
            let Ok(part) = built_there.recv() else {
                for (begun, _) in workers {
                    begun.join().unwrap_or_else(|panic| resume_unwind(panic));
                }
                return Err(StoreError::Trouble(StorageTrouble::Busy));
            };
            all(part)?;
        }
        Ok(())
    })
}

/// Documents of which one thread at a time builds all.
type Part = Vec<Delivery>;
/// The same before they are built.
type Waiting = Vec<(DeliveredDocument, bool)>;

/// Deals them out in turn, a few at a time: in how many parts, and to each hand its own.
fn dealt(mut waiting: Waiting, hands: usize) -> (usize, Vec<Vec<Waiting>>) {
    let mut dealt: Vec<Vec<Waiting>> = (0..hands).map(|_| Vec::new()).collect();
    let mut parts = 0;
    while !waiting.is_empty() {
        let rest = waiting.split_off(PART.min(waiting.len()));
        let part = std::mem::replace(&mut waiting, rest);
        if let Some(hand) = dealt.get_mut(parts % hands) {
            hand.push(part);
        }
        parts += 1;
    }
    (parts, dealt)
}

fn built((one, is_here): (DeliveredDocument, bool), device: DeviceId) -> Delivery {
    (one.doc, arrives(one, is_here, device))
}

fn arrives(delivered: DeliveredDocument, is_here: bool, device: DeviceId) -> Arrived {
    match delivered.content {
        Delivered::Changes(changes) => Arrived::Changes(changes),
        Delivered::Whole(columns) => match rebuilt(&columns, delivered.doc) {
            Err(why) => Arrived::Unpackable(why),
            Ok(changes) if is_here => Arrived::Whole(changes),
            Ok(changes) => new(&columns, &changes, device).unwrap_or(Arrived::Whole(changes)),
        },
        Delivered::Forget => Arrived::Forget,
        Delivered::Erased => Arrived::Erased,
    }
}

fn rebuilt(columns: &Columns, doc: DocumentId) -> Result<Vec<(Sealed, Receipt)>, Unpackable> {
    columns.read()?.rebuild(doc)
}

/// A new document as one row; none if a change does not follow what came before, or nobody knows what it begins.
fn new(columns: &Columns, changes: &[(Sealed, Receipt)], device: DeviceId) -> Option<Arrived> {
    let mut ground = Ground::default();
    for (sealed, _) in changes {
        ground.check(sealed).ok()?;
        ground.add(sealed);
    }
    let (kind, patient) = opening(&changes.first()?.0)?;
    let row = WholeRow::of(columns, changes, device)?;
    Some(Arrived::New(kind, patient, row))
}

/// What kind of document a first change begins, and whose.
pub(super) fn opening(sealed: &Sealed) -> Option<(DocumentKind, PatientId)> {
    let first = sealed.change.puts.first()?;
    Entry::parse(&first.text).ok()?.body.opens()
}
