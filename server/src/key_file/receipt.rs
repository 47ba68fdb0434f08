//! Receipts: the server's signed word that it had a change, good for ever, whatever became of the database since.

use super::{Key, KeyFile};
use jiff::Timestamp;
use subtle::ConstantTimeEq;
use warmhand_core::document::{Change, ChangeHash};
use warmhand_core::wire::Receipt;

impl KeyFile {
    /// Signs that a change was had at a time.
    pub fn sign(
        &self,
        change: &Change,
        hash: ChangeHash,
        received_at: Timestamp,
        offset_ms: i64,
    ) -> Receipt {
        let received_at = received_at.as_millisecond();
        Receipt {
            received_at,
            offset_ms,
            key: self.newest.id,
            mac: self.word(&self.newest, change, hash, (received_at, offset_ms)),
        }
    }

    /// Is this our word about this change, by whichever of our keys?
    pub fn is_valid(&self, change: &Change, hash: ChangeHash, receipt: &Receipt) -> bool {
        let times = (receipt.received_at, receipt.offset_ms);
        self.key(receipt.key).is_some_and(|key| {
            let word = self.word(key, change, hash, times);
            bool::from(word.ct_eq(&receipt.mac))
        })
    }

    fn word(
        &self,
        key: &Key,
        change: &Change,
        hash: ChangeHash,
        (received_at, offset_ms): (i64, i64),
    ) -> [u8; 10] {
        let full = key.mac(&[
            b"wh-receipt-1",
            &self.organisation,
            change.doc.as_bytes(),
            &hash.0,
            change.device.as_bytes(),
            change.user.as_str().as_bytes(),
            &received_at.to_be_bytes(),
            &offset_ms.to_be_bytes(),
        ]);
        full.first_chunk().copied().unwrap_or_default()
    }
}
