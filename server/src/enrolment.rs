//! One-time codes: twelve characters that nobody mixes up, good once and for a quarter of an hour, stored as a hash.

use crate::Server;
use crate::store::{CodeDraft, StoreError};
use jiff::{SignedDuration, Timestamp};
use rand::Rng;
use sha2::{Digest, Sha256};
use warmhand_core::domain::id::{DeviceId, UserId};
use warmhand_core::wire::EnrolAnswer;

/// Without 0, 1, I, O and U.
const ALPHABET: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTVWXYZ";
const LIFE: SignedDuration = SignedDuration::from_mins(15);

/// A code as it is shown, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code {
    /// `K7QM-4TXD-9RPA`.
    pub text: String,
    /// Good until then.
    pub expires_at: Timestamp,
}

/// What the database knows of a code, however it was typed.
fn hash(code: &str) -> [u8; 32] {
    let plain: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .collect();
    Sha256::digest(plain.as_bytes()).into()
}

impl Server {
    /// Makes room for a device.
    pub async fn issue_code(
        &self,
        name: String,
        kind: String,
        people: Vec<UserId>,
    ) -> Result<Code, StoreError> {
        let letters: Vec<char> = self.random.with(|rng| {
            (0..12)
                .filter_map(|_| {
                    ALPHABET
                        .get(rng.random_range(0..ALPHABET.len()))
                        .map(|c| char::from(*c))
                })
                .collect()
        });
        let text = letters
            .chunks(4)
            .map(String::from_iter)
            .collect::<Vec<_>>()
            .join("-");
        let expires_at = self
            .now()
            .checked_add(LIFE)
            .map_err(|_| StoreError::Unavailable)?;
        self.store
            .issue_code(CodeDraft {
                hash: hash(&text),
                name,
                kind,
                people,
                expires_at,
            })
            .await?;
        Ok(Code { text, expires_at })
    }

    /// Uses a code up: the device with its credential.
    pub async fn enrol(&self, code: &str) -> Result<EnrolAnswer, StoreError> {
        let now = self.now();
        let device = self.random.with(|rng| DeviceId::new(now, rng));
        self.store.enrol(hash(code), device, now).await
    }
}
