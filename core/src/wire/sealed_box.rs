//! A box that anybody can close and only the server can open: HPKE (RFC 9180), base mode, X25519, HKDF-SHA256,
//! ChaCha20-Poly1305. What a device keeps in it is lost to the device itself. Knows nothing of what lies in one.

use crate::domain::id::DeviceId;
use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::rand_core::{TryCryptoRng, TryRng};
use hpke::{
    Deserializable, Kem, OpModeR, OpModeS, Serializable, single_shot_open,
    single_shot_seal_with_rng,
};
use minicbor::{Decode, Encode};
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};
use sha2::{Digest, Sha256};
use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

type Suite = X25519HkdfSha256;

const PURPOSE: &[u8] = b"wh-sealed-box-1";
/// The sender's half of the key agreement stands before what is sealed.
const HALF: usize = 32;

/// What only the server opens.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct SealedBox(#[cbor(n(0), with = "minicbor::bytes")] pub Vec<u8>);

/// By what a box is named: its SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct BoxHash(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 32]);

/// The server's public key, under which boxes are closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct BoxKey(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 32]);

impl BoxKey {
    /// By what a device says which key it has: its first eight bytes.
    pub fn mark(&self) -> u64 {
        self.0.first_chunk().copied().map_or(0, u64::from_be_bytes)
    }

    /// Can a box be closed under it?
    pub fn is_sound(&self) -> bool {
        let mut nothing = StdRng::from_seed([0; 32]);
        SealedBox::close(self, DeviceId(Uuid::nil()), &[], &mut nothing).is_some()
    }
}

/// As an operator reads it to whoever closes a box.
impl fmt::Display for BoxKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

/// Why a text is no key for boxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no key for boxes: \"warmhand keys show\" prints one, of 64 characters")]
pub struct NoBoxKey;

impl FromStr for BoxKey {
    type Err = NoBoxKey;

    fn from_str(text: &str) -> Result<Self, NoBoxKey> {
        let mut key = [0; 32];
        hex::decode_to_slice(text, &mut key).map_err(|_| NoBoxKey)?;
        Some(Self(key)).filter(Self::is_sound).ok_or(NoBoxKey)
    }
}

/// The server's own half: it alone opens.
pub struct BoxOpener(<Suite as Kem>::PrivateKey, BoxKey);

impl SealedBox {
    /// Closes a box for whoever has the other half of this key. None if it is no key: then nothing may be given up.
    pub fn close(
        key: &BoxKey,
        device: DeviceId,
        what: &[u8],
        rng: &mut dyn RngCore,
    ) -> Option<Self> {
        let public = <Suite as Kem>::PublicKey::from_bytes(&key.0).ok()?;
        let mut seed = [0; 32];
        rng.fill_bytes(&mut seed);
        let (half, sealed) = single_shot_seal_with_rng::<ChaCha20Poly1305, HkdfSha256, Suite>(
            &OpModeS::Base,
            &public,
            PURPOSE,
            what,
            device.as_bytes(),
            &mut Drawn(StdRng::from_seed(seed)),
        )
        .ok()?;
        Some(Self([&half.to_bytes()[..], &sealed].concat()))
    }

    /// Its name.
    pub fn hash(&self) -> BoxHash {
        BoxHash(Sha256::digest(&self.0).into())
    }
}

impl BoxOpener {
    /// The pair that follows from secret bytes.
    pub fn of(secret: &[u8; 32]) -> Self {
        let (private, public) = Suite::derive_keypair(secret);
        Self(private, BoxKey(public.to_bytes().into()))
    }

    /// The half that is given away.
    pub fn key(&self) -> BoxKey {
        self.1
    }

    /// What a device put into a box; none if it is of another key or another device, or was touched.
    pub fn open(&self, device: DeviceId, closed: &SealedBox) -> Option<Vec<u8>> {
        let (half, sealed) = closed.0.split_at_checked(HALF)?;
        let half = <Suite as Kem>::EncappedKey::from_bytes(half).ok()?;
        single_shot_open::<ChaCha20Poly1305, HkdfSha256, Suite>(
            &OpModeR::Base,
            &self.0,
            &half,
            PURPOSE,
            sealed,
            device.as_bytes(),
        )
        .ok()
    }
}

/// The random source that was given, under the names that the suite knows it by.
struct Drawn(StdRng);

impl TryRng for Drawn {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.0.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.0.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.fill_bytes(bytes);
        Ok(())
    }
}

impl TryCryptoRng for Drawn {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_opens_for_its_server_and_its_device_and_for_nobody_else() {
        let mut rng = StdRng::from_seed([3; 32]);
        let (one, other) = (BoxOpener::of(&[1; 32]), BoxOpener::of(&[2; 32]));
        let device = DeviceId(Uuid::from_u128(7));
        let closed = SealedBox::close(&one.key(), device, b"what nobody took", &mut rng).unwrap();
        assert_eq!(
            one.open(device, &closed).as_deref(),
            Some(&b"what nobody took"[..])
        );
        assert_eq!(other.open(device, &closed), None);
        assert_eq!(one.open(DeviceId(Uuid::from_u128(8)), &closed), None);
        for at in 0..closed.0.len() {
            let mut touched = closed.clone();
            touched.0[at] ^= 1;
            assert_eq!(one.open(device, &touched), None, "byte {at}");
        }
        assert_eq!(one.open(device, &SealedBox(vec![1; 5])), None);
        let again = SealedBox::close(&one.key(), device, b"what nobody took", &mut rng).unwrap();
        assert_ne!(again, closed);
    }

    #[test]
    fn nothing_is_closed_under_a_key_that_is_none() {
        let mut rng = StdRng::from_seed([3; 32]);
        let device = DeviceId(Uuid::from_u128(7));
        let none = BoxKey([0; 32]);
        assert_eq!(SealedBox::close(&none, device, b"x", &mut rng), None);
        assert!(!none.is_sound());
        assert_eq!(none.to_string().parse::<BoxKey>(), Err(NoBoxKey));
        let key = BoxOpener::of(&[1; 32]).key();
        assert_eq!(key.to_string().parse(), Ok(key));
        for text in ["", "7", &key.to_string()[1..], &format!("{key}0"), "ü"] {
            assert_eq!(text.parse::<BoxKey>(), Err(NoBoxKey), "{text}");
        }
    }
}
