//! A message as bytes: one byte that says how (0 plain, 1 zstd), then CBOR. Memory is bounded whatever arrives.

use crate::packing::{Unpackable, packed, unpacked};
use minicbor::{Decode, Encode};
use std::convert::Infallible;

/// A message has at most this many bytes once unpacked.
pub const MAX_MESSAGE: usize = 1024 * 1024;

const PLAIN: u8 = 0;
const ZSTD: u8 = 1;
const WORTH_PACKING: usize = 512;
const LEVEL: i32 = 3;

/// Why bytes are no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Empty, or an unknown first byte.
    #[error("the message does not say how it is packed")]
    Frame,
    /// More than [`MAX_MESSAGE`] once unpacked.
    #[error("the message is larger than allowed")]
    TooBig,
    /// Not zstd, or not the CBOR that is expected.
    #[error("the message does not read")]
    Content,
}

/// A message as bytes.
pub fn pack<T: Encode<()>>(message: &T) -> Vec<u8> {
    // Writing to memory cannot fail; were it to, an empty frame is refused by whoever reads it.
    let plain = minicbor::to_vec(message).unwrap_or_default();
    if plain.len() > WORTH_PACKING
        && let Some(packed) = packed(&plain, LEVEL).filter(|packed| packed.len() < plain.len())
    {
        return [&[ZSTD], packed.as_slice()].concat();
    }
    [&[PLAIN], plain.as_slice()].concat()
}

/// How long something is as CBOR, before it is packed.
pub fn encoded_len<T: Encode<()>>(told: &T) -> usize {
    struct Count(usize);
    impl minicbor::encode::Write for Count {
        type Error = Infallible;

        fn write_all(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
            self.0 += bytes.len();
            Ok(())
        }
    }
    let mut count = Count(0);
    // Counting cannot fail; what cannot be encoded is in no message.
    let _ = minicbor::encode(told, &mut count);
    count.0
}

/// Reads a message.
pub fn unpack<T: for<'b> Decode<'b, ()>>(bytes: &[u8]) -> Result<T, Unreadable> {
    let (how, rest) = bytes.split_first().ok_or(Unreadable::Frame)?;
    match *how {
        PLAIN if rest.len() > MAX_MESSAGE => Err(Unreadable::TooBig),
        PLAIN => minicbor::decode(rest).map_err(|_| Unreadable::Content),
        ZSTD => {
            let plain = unpacked(rest, MAX_MESSAGE).map_err(|why| match why {
                Unpackable::Content => Unreadable::Content,
                Unpackable::TooBig => Unreadable::TooBig,
            })?;
            minicbor::decode(&plain).map_err(|_| Unreadable::Content)
        }
        _ => Err(Unreadable::Frame),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::HeartbeatAnswer;

    #[test]
    fn a_message_survives_and_large_ones_are_packed() {
        let answer = HeartbeatAnswer {
            number: 7,
            server_now: 1_772_000_000_000,
        };
        assert_eq!(unpack::<HeartbeatAnswer>(&pack(&answer)), Ok(answer));
        let long = vec!["the same words ".repeat(100)];
        let packed = pack(&long);
        assert!(packed.len() < 100);
        assert_eq!(unpack::<Vec<String>>(&packed), Ok(long));
    }

    #[test]
    fn hostile_frames_are_refused_within_bounds() {
        assert_eq!(unpack::<Vec<String>>(&[]), Err(Unreadable::Frame));
        assert_eq!(unpack::<Vec<String>>(&[9, 1]), Err(Unreadable::Frame));
        assert_eq!(
            unpack::<Vec<String>>(&[1, 1, 2, 3]),
            Err(Unreadable::Content)
        );
        let bomb = [
            &[1_u8],
            zstd::bulk::compress(&vec![0; 64 * MAX_MESSAGE], 3)
                .unwrap()
                .as_slice(),
        ]
        .concat();
        assert_eq!(unpack::<Vec<String>>(&bomb), Err(Unreadable::TooBig));
        // A list that claims more items than there are bytes.
        assert_eq!(
            unpack::<Vec<String>>(&[0, 0x9b, 255, 255, 255, 255, 255, 255, 255, 255]),
            Err(Unreadable::Content)
        );
    }
}
