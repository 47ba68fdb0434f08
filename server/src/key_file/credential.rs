//! Credentials: a device's id under one of our keys, so that it is known again by a server whose database is older than
//! it. That says who it is; what it may do is said by the database alone.

use super::{Key, KeyFile};
use subtle::ConstantTimeEq;
use warmhand_core::domain::id::DeviceId;

impl KeyFile {
    /// The credential of a device: the key's number, its id, the proof.
    pub fn credential(&self, device: DeviceId) -> String {
        let proof = hex::encode(self.proof(&self.newest, device));
        format!("{}.{device}.{proof}", self.newest.id)
    }

    /// The device of a credential that one of our keys made.
    pub fn device_of(&self, credential: &str) -> Option<DeviceId> {
        let mut parts = credential.split('.');
        let key = self.key(parts.next()?.parse().ok()?)?;
        let device: DeviceId = parts.next()?.parse().ok()?;
        let proof = hex::decode(parts.next()?).ok()?;
        let is_ours = bool::from(self.proof(key, device)[..].ct_eq(&proof));
        (is_ours && parts.next().is_none()).then_some(device)
    }

    fn proof(&self, key: &Key, device: DeviceId) -> [u8; 32] {
        key.mac(&[
            b"wh-device-1",
            &self.organisation,
            device.as_bytes(),
            &key.id.to_be_bytes(),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use uuid::Uuid;

    #[test]
    fn a_credential_proves_its_device_for_ever_and_nothing_else_proves_one() {
        let keys = KeyFile::new([7; 16], [9; 32], Timestamp::UNIX_EPOCH);
        let (device, other) = (DeviceId(Uuid::from_u128(5)), DeviceId(Uuid::from_u128(6)));
        let credential = keys.credential(device);
        let rotated = keys.rotated([3; 32], Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(rotated.device_of(&credential), Some(device));
        let newer = rotated.credential(device);
        assert_eq!(rotated.device_of(&newer), Some(device));
        assert_eq!(keys.device_of(&newer), None);

        let elsewhere = KeyFile::new([8; 16], [9; 32], Timestamp::UNIX_EPOCH);
        assert_eq!(elsewhere.device_of(&credential), None);
        let of_other = credential.replace(&device.to_string(), &other.to_string());
        for wrong in [
            of_other,
            newer.replacen('2', "1", 1),
            format!("{credential}."),
            format!("{credential}00"),
            credential[..credential.len() - 2].to_owned(),
            "1.".to_owned(),
            String::new(),
            "a token of chance".to_owned(),
        ] {
            assert_eq!(rotated.device_of(&wrong), None, "{wrong}");
        }
    }
}
