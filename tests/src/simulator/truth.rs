//! What really happened, written down beside both sides: who wrote what, what was acknowledged, and what is gone through
//! no fault of the product.

use std::collections::{BTreeMap, BTreeSet};
use warmhand_core::domain::id::{DeviceId, DocumentId, EntryId, UserId};

/// An entry that somebody wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its bytes.
    pub text: String,
    /// On which device.
    pub device: DeviceId,
    /// Who.
    pub user: UserId,
}

/// The truth.
#[derive(Debug, Default)]
pub struct Truth {
    /// Every entry that an honest person wrote.
    pub written: BTreeMap<EntryId, Written>,
    /// Entries that nobody honest wrote.
    pub hostile: BTreeSet<EntryId>,
    /// Entries of a build with a mistake: nobody can read them.
    pub odd: BTreeSet<EntryId>,
    /// Entries of which a device, or a person at a page, was told that the server has them.
    pub acknowledged: BTreeSet<EntryId>,
    /// Entries of which a person was told that they are on the device; with the device, as long as it has to keep them.
    pub promised: BTreeMap<EntryId, usize>,
    /// Entries that a person released from quarantine, or may have when the server was struck: the server's own device
    /// may have written them anew.
    pub written_anew: BTreeSet<EntryId>,
    /// Entries that the server has had from their author: given back to it with its word, and where their count has been
    /// taken meanwhile, its own device writes them anew.
    pub accepted_once: BTreeSet<EntryId>,
    /// Entries of which a person was told that they are released.
    pub released: BTreeSet<EntryId>,
    /// Entries of which a person was told, in the present log, that they stay out of the record.
    pub dismissed: BTreeSet<EntryId>,
    /// Documents of which nothing was to be left.
    pub erased: BTreeSet<DocumentId>,
    /// Acknowledged entries that no living copy with a receipt is left of: the server was put back, the holders are lost.
    pub gone: BTreeSet<EntryId>,
}
