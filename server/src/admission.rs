//! Admission: may this change become part of its document? Pure: everything that it has to know is handed in. Malformed,
//! too big or without room is rejected; well-formed but not allowed is quarantined; no clock is asked.

mod document;

pub use document::{Document, Held};

use std::collections::BTreeSet;
use std::sync::Arc;
use warmhand_core::document::{ChangeHash, LIMITS, Sealed, Unsound, genesis_hash, seal};
use warmhand_core::domain::entry::{Body, Entry, MAX_AFTER, Malformed};
use warmhand_core::domain::fold::Record;
use warmhand_core::domain::guard::{self, Breach};
use warmhand_core::domain::id::{DeviceId, EntryId, UserId};
use warmhand_core::domain::organisation::Organisation;
use warmhand_core::wire::{PushedChange, QuarantineReason, RejectReason};

/// Who pushes, and what holds for her.
pub struct Sender<'a> {
    /// The device that the credential proves.
    pub device: DeviceId,
    /// Who may work on it.
    pub people: &'a [UserId],
    /// Taken out of service.
    pub revoked: bool,
    /// Enrolled here, or somebody has said since whose it is.
    pub confirmed: bool,
    /// The sheet in force, and the one that the device last confirmed.
    pub sheets: &'a [Arc<Organisation>],
}

/// What has to be asked of the database about one change. A database that cannot answer is no "no".
pub trait Elsewhere {
    /// Why there was no answer.
    type Error;
    /// Lies this hash in quarantine?
    fn is_quarantined(&self, hash: ChangeHash) -> Result<bool, Self::Error>;
    /// The text that an admitted change of any document has under this id.
    fn entry_text(&self, id: EntryId) -> Result<Option<String>, Self::Error>;
}

/// What becomes of a change.
#[derive(Debug)]
pub enum Verdict {
    /// It becomes part of the document.
    Accept(Box<Sealed>, Vec<Arc<Entry>>),
    /// Kept, not applied.
    Quarantine(QuarantineReason),
    /// Send these first.
    Missing(Vec<ChangeHash>),
    /// Not kept.
    Reject(RejectReason),
}

/// Why a change goes no further.
enum Stop<E> {
    Judged(Verdict),
    Unanswered(E),
}

impl<E> From<Verdict> for Stop<E> {
    fn from(verdict: Verdict) -> Self {
        Self::Judged(verdict)
    }
}

/// Judges a change that is not known yet. `standing`: the sender may see the document, judged once per document and
/// push. `receipted`: it carries our own word that we had it.
///
/// # Errors
/// If the database could not answer: nothing was decided.
pub fn judge<E>(
    document: &Document,
    pushed: &PushedChange,
    sender: &Sender<'_>,
    standing: bool,
    receipted: bool,
    elsewhere: &dyn Elsewhere<Error = E>,
) -> Result<Verdict, E> {
    let judged = || -> Result<Verdict, Stop<E>> {
        let sealed = shape(document, pushed)?;
        let entries = entries(&sealed, receipted)?;
        has_room(document, &sealed, &entries, receipted)?;
        dependencies(document, pushed, &sealed, elsewhere)?;
        identity(document, &sealed)?;
        let past = document.past(&sealed.change.deps);
        unused(&past, &entries, &sealed, elsewhere)?;
        ordered(&entries)?;
        begun(document, &entries)?;
        if !belongs(document, &entries) {
            return Err(MALFORMED.into());
        }
        // Our own word stands above today's standing of author, relayer or document.
        if !receipted {
            allowed(&sealed, sender, standing)?;
            seen(document, &past, &entries)?;
            rules(document, &past, &entries, sender.sheets)?;
        }
        Ok(Verdict::Accept(Box::new(sealed), entries))
    };
    match judged() {
        Ok(verdict) | Err(Stop::Judged(verdict)) => Ok(verdict),
        Err(Stop::Unanswered(error)) => Err(error),
    }
}

const MALFORMED: Verdict = Verdict::Reject(RejectReason::Malformed);

fn shape(document: &Document, pushed: &PushedChange) -> Result<Sealed, Verdict> {
    if pushed.change.doc != document.id {
        return Err(MALFORMED);
    }
    let sealed = seal(pushed.change.clone()).map_err(|unsound| match unsound {
        Unsound::TooBig => Verdict::Reject(RejectReason::TooBig),
        Unsound::Puts | Unsound::Deps | Unsound::Counter => MALFORMED,
    })?;
    if sealed.hash == pushed.hash {
        Ok(sealed)
    } else {
        Err(Verdict::Reject(RejectReason::WrongHash))
    }
}

/// A worry is taken down, and a visit ended, however full the record is. What we once had there was room for: of two logs, one of which was put
/// back, both may have come to be full, and a document of both is still shorter than a message.
fn has_room(
    document: &Document,
    sealed: &Sealed,
    entries: &[Arc<Entry>],
    receipted: bool,
) -> Result<(), Verdict> {
    let all = |is: fn(&Body) -> bool| entries.iter().all(|entry| is(&entry.body));
    let room = if receipted {
        TWICE_FULL
    } else if all(Body::is_safety) {
        FULL
    } else if all(Body::has_kept_room) {
        LIMITS.document + LIMITS.safety / 2
    } else {
        LIMITS.document
    };
    if document.text_bytes + sealed.change.text_bytes() <= room {
        Ok(())
    } else if receipted {
        Err(Verdict::Quarantine(QuarantineReason::Guard))
    } else {
        Err(Verdict::Reject(RejectReason::Full))
    }
}

/// So many bytes of text a record has at most.
pub const FULL: usize = LIMITS.document + LIMITS.safety;
/// The same where two logs came together.
pub const TWICE_FULL: usize = 2 * FULL;

/// The actor speaks for its own device and person alone. The server's own writes others' entries anew: then it has our
/// receipt.
fn entries(sealed: &Sealed, receipted: bool) -> Result<Vec<Arc<Entry>>, Verdict> {
    let change = &sealed.change;
    change
        .puts
        .iter()
        .map(|put| {
            let entry = Entry::parse(&put.text).map_err(|malformed| match malformed {
                Malformed::TooLong => Verdict::Reject(RejectReason::TooBig),
                Malformed::Head | Malformed::Payload => MALFORMED,
            })?;
            let own = entry.id == put.id
                && entry.by == change.user
                && (entry.device == change.device || receipted);
            if own {
                Ok(Arc::new(entry))
            } else {
                Err(MALFORMED)
            }
        })
        .collect()
}

fn dependencies<E>(
    document: &Document,
    pushed: &PushedChange,
    sealed: &Sealed,
    elsewhere: &dyn Elsewhere<Error = E>,
) -> Result<(), Stop<E>> {
    let unknown: Vec<ChangeHash> = sealed
        .change
        .deps
        .iter()
        .copied()
        .filter(|d| *d != genesis_hash() && !document.has(*d))
        .collect();
    if unknown.is_empty() {
        return Ok(());
    }
    for hash in &unknown {
        let lies = elsewhere.is_quarantined(*hash).map_err(Stop::Unanswered)?;
        if lies {
            return Err(Verdict::Quarantine(QuarantineReason::StandsOn).into());
        }
    }
    if pushed.orphan {
        return Err(Verdict::Quarantine(QuarantineReason::Recovered).into());
    }
    Err(Verdict::Missing(unknown).into())
}

/// One actor, one device, one person, one unbroken count; the first operation follows the past.
fn identity(document: &Document, sealed: &Sealed) -> Result<(), Verdict> {
    let change = &sealed.change;
    let before: Vec<&Held> = document
        .held
        .iter()
        .filter(|h| h.change.actor == change.actor)
        .collect();
    let last = before.iter().map(|h| h.change.seq).max().unwrap_or(0);
    let foreign = before
        .iter()
        .any(|h| h.change.device != change.device || h.change.user != change.user);
    if foreign || !change.actor_fits() || change.seq != last + 1 {
        return Err(Verdict::Quarantine(QuarantineReason::Reauthor));
    }
    // The genesis change is below every other: who names both names one too many.
    let twice = change.deps.contains(&genesis_hash()) && change.deps.len() > 1;
    if twice || change.start_op != document.last_op(&change.deps) + 1 {
        return Err(MALFORMED);
    }
    Ok(())
}

fn unused<E>(
    past: &Record,
    entries: &[Arc<Entry>],
    sealed: &Sealed,
    elsewhere: &dyn Elsewhere<Error = E>,
) -> Result<(), Stop<E>> {
    for (entry, put) in entries.iter().zip(&sealed.change.puts) {
        let other_text = elsewhere
            .entry_text(entry.id)
            .map_err(Stop::Unanswered)?
            .is_some_and(|text| text != put.text);
        if other_text || past.past.get(entry.id).is_some() {
            return Err(Verdict::Quarantine(QuarantineReason::EntryId).into());
        }
    }
    Ok(())
}

/// The entries of one change follow one another.
fn ordered(entries: &[Arc<Entry>]) -> Result<(), Verdict> {
    let mut before: Option<EntryId> = None;
    for entry in entries {
        let follows = before.is_none_or(|id| entry.after.contains(&id));
        if entry.after.len() > MAX_AFTER || !follows || entry.after.contains(&entry.id) {
            return Err(MALFORMED);
        }
        before = Some(entry.id);
    }
    Ok(())
}

/// `after` names what the author had seen: entries of the change's own past or earlier in it, or of no admitted change.
/// One that was refused when she wrote and has been released since is in the record and not in her change's past: her
/// device, which is about to hear of it, writes the change anew.
fn seen(document: &Document, past: &Record, entries: &[Arc<Entry>]) -> Result<(), Verdict> {
    let mut earlier: BTreeSet<EntryId> = BTreeSet::new();
    for entry in entries {
        let is_seen = |id: &EntryId| {
            earlier.contains(id) || past.past.get(*id).is_some() || !document.entry_ids.contains(id)
        };
        if !entry.after.iter().all(is_seen) {
            return Err(Verdict::Quarantine(QuarantineReason::Reauthor));
        }
        earlier.insert(entry.id);
    }
    Ok(())
}

/// A worry is taken down also where a device has nothing left of a record, since what opens it was lost here and its proof
/// is void. Until that comes back it waits, before a person's eyes; its device then writes it anew.
fn begun(document: &Document, entries: &[Arc<Entry>]) -> Result<(), Verdict> {
    let opens = entries.iter().any(|entry| entry.body.opens().is_some());
    if document.held.is_empty() && !opens {
        return Err(Verdict::Quarantine(QuarantineReason::StandsOn));
    }
    Ok(())
}

/// Do these entries belong here? A document begins with the entry that opens it, nothing else opens one, and each lies in
/// a document of its kind.
pub fn belongs(document: &Document, entries: &[Arc<Entry>]) -> bool {
    // The same beginning may come in two changes: written anew by its device, and released meanwhile.
    let opens = |entry: &Arc<Entry>| {
        entry.body.opens().is_some() && !document.entry_ids.contains(&entry.id)
    };
    let held = document.held.iter().flat_map(|h| &h.entries);
    let kind = held.chain(entries).next().and_then(|e| e.body.opens());
    let at_home = |entry: &Arc<Entry>| kind.is_some_and(|(kind, _)| entry.body.belongs_in(kind));
    entries.first().is_some_and(opens) == document.held.is_empty()
        && !entries.iter().skip(1).any(opens)
        && entries.iter().all(at_home)
}

fn allowed(sealed: &Sealed, sender: &Sender<'_>, standing: bool) -> Result<(), Verdict> {
    let change = &sealed.change;
    let reason = if change.device != sender.device {
        QuarantineReason::Recovered
    } else if sender.revoked {
        QuarantineReason::Revoked
    } else if !sender.confirmed {
        QuarantineReason::Unconfirmed
    } else if !sender.people.contains(&change.user) {
        QuarantineReason::Revoked
    } else if !standing {
        QuarantineReason::Access
    } else {
        return Ok(());
    };
    Err(Verdict::Quarantine(reason))
}

/// The event's own rule, on what its author had seen and on nothing newer; by the sheet in force or the one she knew.
fn rules(
    document: &Document,
    past: &Record,
    entries: &[Arc<Entry>],
    sheets: &[Arc<Organisation>],
) -> Result<(), Verdict> {
    let mut known = past.entries().to_vec();
    let mut since: Option<Record> = None;
    for (at, entry) in entries.iter().enumerate() {
        // What comes later in the same change is judged on what the earlier made of the record.
        if at > 0 {
            since = Some(Record::of(document.id, &known));
        }
        let past = since.as_ref().unwrap_or(past);
        let judged: Vec<_> = sheets
            .iter()
            .map(|sheet| guard::check(entry, past, sheet))
            .collect();
        if !judged.iter().any(Result::is_ok) {
            let role = judged.first() == Some(&Err(Breach::Role));
            let reason = if role {
                QuarantineReason::Role
            } else {
                QuarantineReason::Guard
            };
            return Err(Verdict::Quarantine(reason));
        }
        known.push(Arc::clone(entry));
    }
    Ok(())
}
