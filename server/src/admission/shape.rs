//! Shape and limits of one change: the fields give the hash, every text is an entry of its author, in order.

use super::{Verdict, rejected};
use crate::ledger::{Ledger, frame_bytes};
use std::sync::Arc;
use warmhand_core::document::{Change, LIMITS, Sealed, Unsound, seal};
use warmhand_core::domain::entry::{Entry, Malformed};
use warmhand_core::wire::{PushedChange, RejectReason};

/// What a document's changes may carry beside text: together with [`LIMITS`] it always fits one message.
const FRAME_BYTES: usize = 384 * 1024;
const CODE_BYTES: usize = 40;

/// Builds the change anew: what follows is about bytes made here.
pub(super) fn sealed(ledger: &Ledger, pushed: &PushedChange) -> Result<Sealed, Verdict> {
    let change = &pushed.change;
    if change.doc != ledger.doc || change.user.as_str().len() > CODE_BYTES {
        return rejected(RejectReason::Malformed);
    }
    let sealed = seal(change.clone()).map_err(|unsound| {
        Verdict::Rejected(match unsound {
            Unsound::TooBig => RejectReason::TooBig,
            Unsound::Puts | Unsound::Deps | Unsound::Counter => RejectReason::Malformed,
        })
    })?;
    if sealed.hash != pushed.hash {
        return rejected(RejectReason::WrongHash);
    }
    let full = ledger.text_bytes + change.text_bytes() > LIMITS.document
        || ledger.frame_bytes + frame_bytes(change) > FRAME_BYTES;
    if full { rejected(RejectReason::Full) } else { Ok(sealed) }
}

/// Reads the entries: each of the change's own person and device, each after the one before it and after none to come.
pub(super) fn entries(change: &Change) -> Result<Vec<Arc<Entry>>, Verdict> {
    let mut entries: Vec<Arc<Entry>> = Vec::new();
    for (at, put) in change.puts.iter().enumerate() {
        let entry = Entry::parse(&put.text).map_err(|malformed| {
            Verdict::Rejected(match malformed {
                Malformed::TooLong => RejectReason::TooBig,
                Malformed::Head | Malformed::Payload => RejectReason::Malformed,
            })
        })?;
        let own = entry.id == put.id && entry.by == change.user && entry.device == change.device;
        let follows = entries.last().is_none_or(|before| entry.after.contains(&before.id));
        let foresees = change.puts.iter().skip(at).any(|later| entry.after.contains(&later.id));
        if !own || !follows || foresees {
            return rejected(RejectReason::Malformed);
        }
        entries.push(Arc::new(entry));
    }
    Ok(entries)
}
