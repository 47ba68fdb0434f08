//! Receipts: the server's signed word that it had a change, good for ever, whatever became of the database since. The
//! key lies in a file of its own beside the database and belongs into a second place.

use hmac::{Hmac, Mac};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use subtle::ConstantTimeEq;
use warmhand_core::document::{Change, ChangeHash};
use warmhand_core::wire::Receipt;

/// The key that signs.
#[derive(Clone)]
pub struct ReceiptKey {
    id: u16,
    organisation: [u8; 16],
    key: [u8; 32],
}

/// Where it lies in a data folder.
pub const FILE: &str = "receipt.key";

impl ReceiptKey {
    /// A key of these bytes.
    pub fn new(organisation: [u8; 16], key: [u8; 32]) -> Self {
        Self {
            id: 1,
            organisation,
            key,
        }
    }

    /// What a database knows its key by: tells it from others, and nothing else of it.
    pub fn mark(&self) -> [u8; 8] {
        let mut hash = Sha256::new();
        hash.update(b"wh-key-mark-1");
        hash.update(self.organisation);
        hash.update(self.key);
        let whole = hash.finalize();
        whole.first_chunk().copied().unwrap_or_default()
    }

    /// Secret bytes that follow from the key, others for every purpose.
    pub fn derive(&self, purpose: &[u8]) -> [u8; 32] {
        Hmac::<Sha256>::new_from_slice(&self.key).map_or([0; 32], |mut mac| {
            for field in [purpose, &self.organisation] {
                mac.update(&(field.len() as u64).to_be_bytes());
                mac.update(field);
            }
            mac.finalize().into_bytes().into()
        })
    }

    /// Reads the key of a data folder.
    pub fn load(folder: &Path) -> Result<Self, String> {
        Self::read(&folder.join(FILE))
    }

    /// Reads a copy of a key.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read_to_string(path)
            .map_err(|error| format!("the key file {} cannot be read: {error}", path.display()))?;
        let mut parts = text.trim().split(':').map(hex::decode);
        let organisation = parts
            .next()
            .and_then(Result::ok)
            .and_then(|bytes| bytes.try_into().ok());
        let key = parts
            .next()
            .and_then(Result::ok)
            .and_then(|bytes| bytes.try_into().ok());
        match (organisation, key) {
            (Some(organisation), Some(key)) => Ok(Self::new(organisation, key)),
            _ => Err(format!(
                "the key file {} does not read; put back its copy",
                path.display()
            )),
        }
    }

    /// Writes the key into a new data folder, readable by its owner alone.
    pub fn save(&self, folder: &Path) -> Result<(), String> {
        let path = folder.join(FILE);
        let failed = |error| format!("the key file {} cannot be written: {error}", path.display());
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed)?;
        writeln!(
            file,
            "{}:{}",
            hex::encode(self.organisation),
            hex::encode(self.key)
        )
        .map_err(failed)?;
        file.sync_all().map_err(failed)
    }

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
            key: self.id,
            mac: self.mac(change, hash, received_at, offset_ms),
        }
    }

    /// Is this our word about this change?
    pub fn is_valid(&self, change: &Change, hash: ChangeHash, receipt: &Receipt) -> bool {
        let mac = self.mac(change, hash, receipt.received_at, receipt.offset_ms);
        receipt.key == self.id && bool::from(mac.ct_eq(&receipt.mac))
    }

    fn mac(&self, change: &Change, hash: ChangeHash, received_at: i64, offset_ms: i64) -> [u8; 16] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else {
            return [0; 16];
        };
        let fields: [&[u8]; 8] = [
            b"wh-receipt-1",
            &self.organisation,
            change.doc.as_bytes(),
            &hash.0,
            change.device.as_bytes(),
            change.user.as_str().as_bytes(),
            &received_at.to_be_bytes(),
            &offset_ms.to_be_bytes(),
        ];
        for field in fields {
            mac.update(&(field.len() as u64).to_be_bytes());
            mac.update(field);
        }
        let full = mac.finalize().into_bytes();
        let mut short = [0; 16];
        short.copy_from_slice(full.get(..16).unwrap_or(&[0; 16]));
        short
    }
}
