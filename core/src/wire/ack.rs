//! What the server says of a change: accepted with its receipt, kept and not applied, decided by a person, or not kept.

use crate::document::ChangeHash;
use minicbor::{Decode, Encode};

/// The server's word for an accepted change: input of `read`, proof when the server has lost it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Receipt {
    /// When the server had it.
    #[n(0)]
    pub received_at: i64,
    /// The author's clock at that sync: device minus server.
    #[n(1)]
    pub offset_ms: i64,
    /// Which key signed.
    #[n(2)]
    pub key: u16,
    /// The first ten bytes of an HMAC over organisation, document, hash, device, user, times. Nobody can
    /// try a guess but by sending it to this server, which sets each aside for a person to see: 80 bits are enough (RFC 2104, 5).
    #[cbor(n(3), with = "minicbor::bytes")]
    pub mac: [u8; 10],
}

/// What the server says of one pushed change.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Ack {
    /// Which.
    #[n(0)]
    pub hash: ChangeHash,
    /// How it stands with it now.
    #[n(1)]
    pub state: AckState,
}

impl Ack {
    /// Does it end the change's wait? What only asks for what the change stands on leaves it with its device alone.
    pub fn is_answer(&self) -> bool {
        !matches!(self.state, AckState::MissingDeps(_))
    }
}

/// How it stands with a change.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum AckState {
    /// On the server, committed.
    #[n(0)]
    Accepted(#[n(0)] Receipt),
    /// Its entries are on the server in another change.
    #[n(1)]
    AcceptedAs(#[n(0)] ChangeHash, #[n(1)] Receipt),
    /// Kept at the server, not applied; a person decides.
    #[n(2)]
    Quarantined(#[n(0)] QuarantineReason),
    /// Send these first: the server has never seen them.
    #[n(3)]
    MissingDeps(#[n(0)] Vec<ChangeHash>),
    /// Not kept by the server; the device keeps and shows it.
    #[n(4)]
    Rejected(#[n(0)] RejectReason),
    /// It lay in quarantine, for this reason, until a person decided.
    #[n(5)]
    Decided(#[n(0)] QuarantineReason, #[n(1)] Decision),
}

/// What a person decided about quarantined work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Decision {
    /// Its entries are in the record, written anew by the server.
    #[n(0)]
    Released,
    /// They stay out of it.
    #[n(1)]
    Dismissed,
}

/// A decision on its way to the author's device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Decided {
    /// About which change.
    #[n(0)]
    pub hash: ChangeHash,
    /// Why it lay in quarantine.
    #[n(1)]
    pub reason: QuarantineReason,
    /// What was decided.
    #[n(2)]
    pub decision: Decision,
}

/// Why a well-formed change is not applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum QuarantineReason {
    /// Who wrote it may not see this document.
    #[n(0)]
    Access,
    /// Who wrote it may not do this in her role.
    #[n(1)]
    Role,
    /// The rule of the event does not hold in what she had seen.
    #[n(2)]
    Guard,
    /// It stands on a change in quarantine, or on a beginning that is not here.
    #[n(3)]
    StandsOn,
    /// The actor's count forks or has a gap, or the actor is another device's: written anew by its device.
    #[n(4)]
    Reauthor,
    /// The device or the person was revoked.
    #[n(5)]
    Revoked,
    /// Relayed without a receipt, or without what it stands on.
    #[n(6)]
    Recovered,
    /// An entry id is used already for another text.
    #[n(7)]
    EntryId,
    /// Nobody has said yet whose the device is: it was enrolled after the backup that was put back.
    #[n(8)]
    Unconfirmed,
}

impl QuarantineReason {
    /// Every reason, in the numbers of the wire.
    const ALL: [Self; 9] = [
        Self::Access,
        Self::Role,
        Self::Guard,
        Self::StandsOn,
        Self::Reauthor,
        Self::Revoked,
        Self::Recovered,
        Self::EntryId,
        Self::Unconfirmed,
    ];

    /// The reason that a stored number stands for.
    pub fn of(number: i64) -> Option<Self> {
        let at = usize::try_from(number).ok()?;
        Self::ALL.get(at).copied()
    }

    /// Is it about who wrote, and not about what was written? Then the same written anew would lie there twice.
    pub fn is_of_standing(self) -> bool {
        matches!(
            self,
            Self::Access | Self::Revoked | Self::Recovered | Self::Unconfirmed
        )
    }
}

/// Why a change is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum RejectReason {
    /// Its fields, or an entry in it, do not read.
    #[n(0)]
    Malformed,
    /// The fields do not give the hash.
    #[n(1)]
    WrongHash,
    /// Over a limit.
    #[n(2)]
    TooBig,
    /// The document is full: go on in a new record.
    #[n(3)]
    Full,
    /// Somebody ordered that nothing of the document be left: it goes from the device as well.
    #[n(4)]
    Erased,
    /// As much of this device waits for a person as is kept of one.
    #[n(5)]
    Crowded,
}

impl RejectReason {
    /// Every reason, in the numbers of the wire.
    const ALL: [Self; 6] = [
        Self::Malformed,
        Self::WrongHash,
        Self::TooBig,
        Self::Full,
        Self::Erased,
        Self::Crowded,
    ];

    /// The reason that a stored number stands for.
    pub fn of(number: i64) -> Option<Self> {
        let at = usize::try_from(number).ok()?;
        Self::ALL.get(at).copied()
    }
}
