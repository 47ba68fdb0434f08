//! The organisation's log: everything that a device is ever told is a row of it, and every row extends a hash chain, so
//! that a position proves the whole past before it. Knows no store.

use sha2::{Digest, Sha256};
use warmhand_core::document::ChangeHash;
use warmhand_core::domain::fold::Scope;
use warmhand_core::domain::id::{DeviceId, DocumentId, UserId};
use warmhand_core::wire::{QuarantineReason, Receipt, Token};

/// What a row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Row {
    /// A change was accepted.
    Change { doc: DocumentId, hash: ChangeHash, device: DeviceId, user: UserId, receipt: Receipt },
    /// A change lies in quarantine.
    Quarantined { doc: DocumentId, hash: ChangeHash, device: DeviceId, reason: QuarantineReason },
    /// A version of the sheet is in force.
    Sheet { version: u64, digest: [u8; 32] },
    /// A device has a place.
    DeviceEnrolled { device: DeviceId, name: String, kind: String },
    /// A person may work on a device.
    PersonOn { device: DeviceId, user: UserId },
    /// A person may no longer.
    PersonOff { device: DeviceId, user: UserId },
    /// A device has lost its place.
    Revoked { device: DeviceId },
    /// A document may be seen through this.
    ScopeOn { doc: DocumentId, scope: Scope },
    /// A document may no longer be seen through this.
    ScopeOff { doc: DocumentId, scope: Scope },
}

impl Row {
    /// The word for it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Change { .. } => "change",
            Self::Quarantined { .. } => "quarantined",
            Self::Sheet { .. } => "sheet",
            Self::DeviceEnrolled { .. } => "device_enrolled",
            Self::PersonOn { .. } => "person_on",
            Self::PersonOff { .. } => "person_off",
            Self::Revoked { .. } => "revoked",
            Self::ScopeOn { .. } => "scope_on",
            Self::ScopeOff { .. } => "scope_off",
        }
    }

    /// The whole content: the kind and every field, each with its length before it.
    pub fn content(&self) -> Vec<u8> {
        let mut fields = Fields::of(self.kind());
        match self {
            Self::Change { doc, hash, device, user, receipt } => {
                fields.add(doc.as_bytes()).add(&hash.0).add(device.as_bytes()).add(user.as_str().as_bytes());
                fields.add(&receipt.received_at.to_be_bytes()).add(&receipt.offset_ms.to_be_bytes());
                fields.add(&receipt.key.to_be_bytes()).add(&receipt.mac);
            }
            Self::Quarantined { doc, hash, device, reason } => {
                fields.add(doc.as_bytes()).add(&hash.0).add(device.as_bytes()).add(reason_word(*reason).as_bytes());
            }
            Self::Sheet { version, digest } => {
                fields.add(&version.to_be_bytes()).add(digest);
            }
            Self::DeviceEnrolled { device, name, kind } => {
                fields.add(device.as_bytes()).add(name.as_bytes()).add(kind.as_bytes());
            }
            Self::PersonOn { device, user } | Self::PersonOff { device, user } => {
                fields.add(device.as_bytes()).add(user.as_str().as_bytes());
            }
            Self::Revoked { device } => {
                fields.add(device.as_bytes());
            }
            Self::ScopeOn { doc, scope } | Self::ScopeOff { doc, scope } => {
                let (kind, value) = scope_words(scope);
                fields.add(doc.as_bytes()).add(kind.as_bytes()).add(value.as_bytes());
            }
        }
        fields.0
    }
}

struct Fields(Vec<u8>);

impl Fields {
    fn of(kind: &str) -> Self {
        let mut fields = Self(Vec::new());
        fields.add(kind.as_bytes());
        fields
    }

    fn add(&mut self, field: &[u8]) -> &mut Self {
        self.0.extend_from_slice(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
        self.0.extend_from_slice(field);
        self
    }
}

/// The chain after a row.
pub fn chain(before: &[u8; 32], seq: u64, content: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(seq.to_be_bytes());
    hash.update(Sha256::digest(content));
    hash.finalize().into()
}

/// The end of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The last row.
    pub seq: u64,
    /// The chain up to it.
    pub chain: [u8; 32],
    /// New after each restore that says so.
    pub epoch: [u8; 16],
}

impl Head {
    /// As devices are told it.
    pub fn token(&self) -> Token {
        Token { epoch: self.epoch, seq: self.seq, chain: self.chain }
    }

    /// A position before the first row.
    pub fn origin(&self) -> Token {
        Token { epoch: self.epoch, seq: 0, chain: [0; 32] }
    }
}

/// The words under which a scope is stored.
pub fn scope_words(scope: &Scope) -> (&'static str, &str) {
    match scope {
        Scope::Site(site) => ("site", site.as_str()),
        Scope::Person(user) => ("person", user.as_str()),
    }
}

/// Reads a scope from its words.
pub fn scope_of(kind: &str, value: &str) -> Option<Scope> {
    match kind {
        "site" => Some(Scope::Site(value.into())),
        "person" => Some(Scope::Person(value.into())),
        _ => None,
    }
}

const REASONS: [(QuarantineReason, &str); 8] = [
    (QuarantineReason::Access, "access"),
    (QuarantineReason::Role, "role"),
    (QuarantineReason::Guard, "guard"),
    (QuarantineReason::StandsOn, "stands_on"),
    (QuarantineReason::Reauthor, "reauthor"),
    (QuarantineReason::Revoked, "revoked"),
    (QuarantineReason::Recovered, "recovered"),
    (QuarantineReason::EntryId, "entry_id"),
];

/// The word under which a reason is stored.
pub fn reason_word(reason: QuarantineReason) -> &'static str {
    REASONS.iter().find(|(r, _)| *r == reason).map_or("guard", |(_, word)| word)
}

/// Reads a reason; an unknown word is a rule that this version does not know.
pub fn reason_of(word: &str) -> QuarantineReason {
    REASONS.iter().find(|(_, w)| *w == word).map_or(QuarantineReason::Guard, |(reason, _)| *reason)
}
