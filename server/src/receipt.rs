//! The server's signed word that it had a change, with the times. Whoever brings the change again brings this along, so
//! that work outlives the loss of a log. Knows no store; the keys are a small file of their own.

use crate::random::Random;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::collections::BTreeMap;
use subtle::ConstantTimeEq;
use warmhand_core::document::{Change, ChangeHash};
use warmhand_core::wire::Receipt;

/// The keys that sign receipts: the last one signs, all of them check.
#[derive(Clone)]
pub struct ReceiptKeys(BTreeMap<u16, [u8; 32]>);

impl ReceiptKeys {
    /// A first key.
    pub fn fresh(random: &Random) -> Self {
        Self(BTreeMap::from([(1, random.bytes())]))
    }

    /// Reads lines of `ID HEX`.
    pub fn parse(text: &str) -> Option<Self> {
        let keys: Option<BTreeMap<u16, [u8; 32]>> = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| {
                let (id, key) = line.trim().split_once(' ')?;
                Some((id.parse().ok()?, hex::decode(key).ok()?.try_into().ok()?))
            })
            .collect();
        keys.filter(|keys| !keys.is_empty()).map(Self)
    }

    /// The text that [`Self::parse`] reads.
    pub fn to_text(&self) -> String {
        self.0.iter().map(|(id, key)| format!("{id} {}\n", hex::encode(key))).collect()
    }

    /// Signs and checks for one organisation.
    pub fn signer(&self, organisation: [u8; 16]) -> Signer {
        Signer { keys: self.clone(), organisation }
    }
}

/// Signs receipts for one organisation.
#[derive(Clone)]
pub struct Signer {
    keys: ReceiptKeys,
    organisation: [u8; 16],
}

impl Signer {
    /// The receipt of a change.
    pub fn sign(&self, change: &Change, hash: ChangeHash, received_at: i64, offset_ms: i64) -> Receipt {
        let key = self.keys.0.last_key_value().map_or(0, |(id, _)| *id);
        let unsigned = Receipt { received_at, offset_ms, key, mac: [0; 16] };
        Receipt { mac: self.mac(change, hash, unsigned).unwrap_or_default(), ..unsigned }
    }

    /// Is this our own word for this very change?
    pub fn signed(&self, change: &Change, hash: ChangeHash, receipt: Receipt) -> bool {
        self.mac(change, hash, receipt).is_some_and(|mac| bool::from(mac.ct_eq(&receipt.mac)))
    }

    fn mac(&self, change: &Change, hash: ChangeHash, receipt: Receipt) -> Option<[u8; 16]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.keys.0.get(&receipt.key)?).ok()?;
        let fields: [&[u8]; 8] = [
            b"wh-receipt-1",
            &self.organisation,
            change.doc.as_bytes(),
            &hash.0,
            change.device.as_bytes(),
            change.user.as_str().as_bytes(),
            &receipt.received_at.to_be_bytes(),
            &receipt.offset_ms.to_be_bytes(),
        ];
        for field in fields {
            mac.update(&(field.len() as u64).to_be_bytes());
            mac.update(field);
        }
        mac.finalize().into_bytes().get(..16)?.try_into().ok()
    }
}
