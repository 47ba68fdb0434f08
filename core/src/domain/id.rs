//! The names of things: what is made on a device is a `UUIDv7` from the given clock and random source; what an
//! organisation's sheet names (people, sites, partners) is a short code of its own; what is derived is a `UUIDv8` from a
//! hash of its causes. Knows no clock and no random source of its own.

use jiff::Timestamp;
use minicbor::{Decode, Decoder, Encode, Encoder};
use rand::RngCore;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use uuid::Uuid;

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id (`UUIDv7`) of this instant.
            pub fn new(at: Timestamp, rng: &mut dyn RngCore) -> Self {
                Self(uuid_v7(at, rng))
            }

            /// The sixteen bytes of the id.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// Reads an id from its sixteen bytes.
            pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
                Uuid::from_slice(bytes).ok().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        impl<C> Encode<C> for $name {
            fn encode<W: minicbor::encode::Write>(
                &self, e: &mut Encoder<W>, _: &mut C,
            ) -> Result<(), minicbor::encode::Error<W::Error>> {
                e.bytes(self.0.as_bytes())?.ok()
            }
        }

        impl<'b, C> Decode<'b, C> for $name {
            fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
                Self::from_bytes(d.bytes()?).ok_or_else(|| minicbor::decode::Error::message("an id has 16 bytes"))
            }
        }
    )* };
}

uuid_id! {
    /// One entry of a record. What an entry begins is named by it: an encounter, an offer, an appointment, a flag.
    EntryId,
    /// One document; a record's id is its document's id.
    DocumentId,
    /// One patient.
    PatientId,
    /// One enrolled device.
    DeviceId,
    /// A review item or a task: derived from the entries that cause it, never written.
    DerivedId,
}

macro_rules! code_id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Encode, Decode)]
        #[serde(transparent)]
        #[cbor(transparent)]
        pub struct $name(#[n(0)] pub String);

        impl $name {
            /// The code as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )* };
}

code_id! {
    /// A member of staff, as the organisation's sheet names her.
    UserId,
    /// A site of the organisation.
    SiteId,
    /// A receiving practice.
    PartnerId,
}

/// A `UUIDv7` of the given instant and random source.
pub fn uuid_v7(at: Timestamp, rng: &mut dyn RngCore) -> Uuid {
    let mut random = [0; 10];
    rng.fill_bytes(&mut random);
    let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

impl DerivedId {
    /// The id of what `kind` derives from these entries: the same on every device, whatever the order given.
    pub fn derive(kind: &str, causes: &[EntryId]) -> Self {
        let mut sorted = causes.to_vec();
        sorted.sort_unstable();
        let mut hash = Sha256::new();
        hash.update(kind.as_bytes());
        for cause in &sorted {
            hash.update(b"|");
            hash.update(cause.as_bytes());
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(hash.finalize().get(..16).unwrap_or(&[0; 16]));
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

impl PatientId {
    /// Under what the documents of a practice are kept: derived from its code, and nobody's patient.
    pub fn of_practice(partner: &PartnerId) -> Self {
        let mut bytes = [0; 16];
        let hash = Sha256::digest(format!("practice|{partner}"));
        bytes.copy_from_slice(hash.get(..16).unwrap_or(&[0; 16]));
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// The six characters by which lists name a patient: from the random end of the id, so that they tell nothing.
    pub fn short_code(self) -> String {
        let text = self.0.simple().to_string().to_uppercase();
        text.get(26..).unwrap_or_default().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_derived_id_does_not_depend_on_the_order_of_its_causes() {
        let (a, b) = (EntryId(Uuid::from_u128(1)), EntryId(Uuid::from_u128(2)));
        let item = DerivedId::derive("two_booked", &[a, b]);
        assert_eq!(item, DerivedId::derive("two_booked", &[b, a]));
        assert_ne!(item, DerivedId::derive("two_values", &[a, b]));
        assert_eq!(item.0.get_version_num(), 8);
    }
}
