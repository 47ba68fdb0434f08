//! Packing with zstd. What it works with is made once a thread and kept: to make it costs more than to pack a short
//! message.

use std::cell::RefCell;
use std::io::Read;
use zstd::bulk::Compressor;
use zstd::zstd_safe::DCtx;

/// Nothing here looks further back than this: 2 MB.
const WINDOW_LOG: u32 = 21;

thread_local! {
    static PACKER: RefCell<Compressor<'static>> = RefCell::default();
    static UNPACKER: RefCell<DCtx<'static>> = RefCell::new(DCtx::create());
}

/// Why bytes are not unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unpackable {
    /// They are not zstd, or look back too far.
    Content,
    /// They are more than allowed.
    TooBig,
}

/// Packs; none if there is no memory for it.
pub fn packed(plain: &[u8], level: i32) -> Option<Vec<u8>> {
    pack(plain, level, false)
}

/// The same with a sum over it: a bit that turns over there is found when it is unpacked, and not read.
pub fn packed_for_the_disk(plain: &[u8], level: i32) -> Option<Vec<u8>> {
    pack(plain, level, true)
}

fn pack(plain: &[u8], level: i32, with_sum: bool) -> Option<Vec<u8>> {
    PACKER.with_borrow_mut(|packer| {
        packer.set_compression_level(level).ok()?;
        packer.include_checksum(with_sum).ok()?;
        packer.compress(plain).ok()
    })
}

/// Unpacks what anybody may have packed: at most so many bytes, and whatever it says costs no more memory than that.
pub fn unpacked(packed: &[u8], at_most: usize) -> Result<Vec<u8>, Unpackable> {
    UNPACKER.with_borrow_mut(|unpacker| {
        let mut decoder = zstd::Decoder::with_context(packed, unpacker);
        let bounded = decoder.window_log_max(WINDOW_LOG);
        bounded.map_err(|_| Unpackable::Content)?;
        let mut plain = Vec::new();
        let read = decoder
            .take(at_most as u64 + 1)
            .read_to_end(&mut plain)
            .map_err(|_| Unpackable::Content)?;
        if read > at_most {
            return Err(Unpackable::TooBig);
        }
        Ok(plain)
    })
}

/// Unpacks what was packed here and came to so many bytes.
pub fn unpacked_of(packed: &[u8], size: usize) -> Result<Vec<u8>, Unpackable> {
    UNPACKER.with_borrow_mut(|unpacker| {
        let mut plain = Vec::with_capacity(size);
        let read = unpacker.decompress(&mut plain, packed);
        match read {
            Ok(read) if read == size => Ok(plain),
            _ => Err(Unpackable::Content),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_one_is_not_in_the_next() {
        let long = "she asked to be called after six "
            .repeat(9_000)
            .into_bytes();
        let packs = [1, 3].map(|level| packed(&long, level).unwrap());
        for pack in &packs {
            assert_eq!(unpacked(pack, long.len()), Ok(long.clone()));
            assert_eq!(unpacked(pack, long.len() - 1), Err(Unpackable::TooBig));
            assert_eq!(
                unpacked(&pack[..pack.len() / 2], long.len()),
                Err(Unpackable::Content)
            );
            assert_eq!(unpacked_of(pack, long.len()), Ok(long.clone()));
            assert_eq!(unpacked_of(pack, long.len() - 1), Err(Unpackable::Content));
            assert_eq!(unpacked_of(pack, long.len() + 1), Err(Unpackable::Content));
            assert_eq!(
                unpacked_of(&pack[1..], long.len()),
                Err(Unpackable::Content)
            );
            assert_eq!(unpacked(pack, usize::MAX / 2), Ok(long.clone()));
        }
        assert_eq!(unpacked(&packed(b"", 3).unwrap(), 0), Ok(Vec::new()));
    }

    #[test]
    fn a_bit_that_turned_over_on_the_disk_is_found() {
        let plain = b"she asked to be called after six";
        let pack = packed_for_the_disk(plain, -3).unwrap();
        assert_eq!(unpacked_of(&pack, plain.len()).unwrap(), plain);
        for at in 0..8 * pack.len() {
            let mut pack = pack.clone();
            pack[at / 8] ^= 1 << (at % 8);
            // In the head there are bits that mean nothing.
            let read = unpacked_of(&pack, plain.len());
            assert!(read.is_err() || read.unwrap() == plain, "{at}");
        }
    }
}
