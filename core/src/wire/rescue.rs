//! What a device that cannot sync any more hands over in a file: its changes with their receipts, in parts that are
//! framed and bounded like messages, each closed for the server alone, and a last part without which the file was cut
//! short. A relay like any other: the file proves nothing that its receipts do not prove.

use super::{BoxKey, MAX_MESSAGE, PushedDocument, SealedBox, Unreadable, pack, unpack};
use crate::domain::id::DeviceId;
use minicbor::{Decode, Encode};
use rand::RngCore;
use std::io::{self, Read, Write};

/// How the file begins; the device comes after it.
const MARK: &[u8; 18] = b"warmhand rescue 1\n";
/// One byte that says how a message is packed, and what closing a box adds to it.
const AROUND: u64 = 1 + 32 + 16;

/// A part of a rescue file.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RescuePart {
    /// Its number, from 0: a part that is missing is missed.
    #[n(0)]
    pub number: u32,
    /// Changes, causes first within a document.
    #[n(1)]
    pub docs: Vec<PushedDocument>,
    /// Nothing comes after it.
    #[n(2)]
    pub is_last: bool,
}

/// Why a file is no rescue file.
#[derive(Debug, thiserror::Error)]
pub enum Unrescuable {
    /// It begins otherwise.
    #[error("it is no rescue file")]
    Mark,
    /// A part is missing or out of its place, or something comes after the last.
    #[error("it is not whole; copy it again")]
    Cut,
    /// A part was closed for somebody else, or touched since.
    #[error(
        "it does not open with the keys here: it was written for another server, or has changed; copy it again"
    )]
    Closed,
    /// A part does not read.
    #[error("a part of it does not read; copy it again")]
    Part(#[from] Unreadable),
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// Writes a file part by part.
pub struct RescueFile<'a> {
    out: &'a mut dyn Write,
    device: DeviceId,
    key: BoxKey,
    rng: &'a mut dyn RngCore,
    number: u32,
}

impl<'a> RescueFile<'a> {
    /// Begins the file of a device, for whoever has the other half of this key.
    pub fn begin(
        out: &'a mut dyn Write,
        device: DeviceId,
        key: BoxKey,
        rng: &'a mut dyn RngCore,
    ) -> io::Result<Self> {
        out.write_all(MARK)?;
        out.write_all(device.as_bytes())?;
        Ok(Self {
            out,
            device,
            key,
            rng,
            number: 0,
        })
    }

    /// Writes the next part; with the last one the file is whole.
    pub fn write(&mut self, docs: Vec<PushedDocument>, is_last: bool) -> io::Result<()> {
        let number = self.number;
        self.number += 1;
        let part = pack(&RescuePart {
            number,
            docs,
            is_last,
        });
        let closed = SealedBox::close(&self.key, self.device, &part, self.rng);
        let closed = closed.ok_or_else(|| io::Error::other("nothing can be closed"))?;
        let length = u32::try_from(closed.0.len()).map_err(io::Error::other)?;
        self.out.write_all(&length.to_be_bytes())?;
        self.out.write_all(&closed.0)?;
        if is_last { self.out.flush() } else { Ok(()) }
    }
}

/// Reads a file part by part, never more than one at a time.
pub struct RescueParts<R, O> {
    from: R,
    open: O,
    device: DeviceId,
    at: At,
}

#[derive(Clone, Copy, PartialEq)]
enum At {
    /// Before the part of this number.
    Part(u32),
    End,
    /// Read, or found to be no rescue file: nothing more is told.
    Over,
}

impl<R: Read, O: Fn(DeviceId, &SealedBox) -> Option<Vec<u8>>> RescueParts<R, O> {
    /// Of what is read from here, by what opens the boxes of a device.
    ///
    /// # Errors
    /// If it does not begin as a rescue file.
    pub fn of(mut from: R, open: O) -> Result<Self, Unrescuable> {
        let mut mark = [0; MARK.len()];
        fill(&mut from, &mut mark, Unrescuable::Mark)?;
        if mark != *MARK {
            return Err(Unrescuable::Mark);
        }
        let mut device = [0; 16];
        fill(&mut from, &mut device, Unrescuable::Cut)?;
        Ok(Self {
            from,
            open,
            device: DeviceId::from_bytes(&device).ok_or(Unrescuable::Mark)?,
            at: At::Part(0),
        })
    }

    /// The device that it was taken from.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    fn part(&mut self) -> Result<Option<RescuePart>, Unrescuable> {
        let At::Part(number) = self.at else {
            let is_more = self.from.read(&mut [0])? > 0;
            return if is_more {
                Err(Unrescuable::Cut)
            } else {
                Ok(None)
            };
        };
        let mut length = [0; 4];
        fill(&mut self.from, &mut length, Unrescuable::Cut)?;
        let length = u64::from(u32::from_be_bytes(length));
        if length > MAX_MESSAGE as u64 + AROUND {
            return Err(Unreadable::TooBig.into());
        }
        let mut bytes = Vec::new();
        self.from.by_ref().take(length).read_to_end(&mut bytes)?;
        if (bytes.len() as u64) < length {
            return Err(Unrescuable::Cut);
        }
        let opened = (self.open)(self.device, &SealedBox(bytes)).ok_or(Unrescuable::Closed)?;
        let part: RescuePart = unpack(&opened)?;
        if part.number != number {
            return Err(Unrescuable::Cut);
        }
        self.at = if part.is_last {
            At::End
        } else {
            At::Part(number + 1)
        };
        Ok(Some(part))
    }
}

fn fill(from: &mut impl Read, bytes: &mut [u8], short: Unrescuable) -> Result<(), Unrescuable> {
    match from.read_exact(bytes) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(short),
        filled => Ok(filled?),
    }
}

impl<R: Read, O: Fn(DeviceId, &SealedBox) -> Option<Vec<u8>>> Iterator for RescueParts<R, O> {
    type Item = Result<RescuePart, Unrescuable>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.at == At::Over {
            return None;
        }
        let part = self.part();
        if !matches!(part, Ok(Some(_))) {
            self.at = At::Over;
        }
        part.transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::BoxOpener;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    const DEVICE: DeviceId = DeviceId(uuid::Uuid::from_u128(7));

    /// A file of so many parts, without anything in them.
    fn file(parts: u32, is_whole: bool) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut rng = StdRng::from_seed([3; 32]);
        let key = BoxOpener::of(&[1; 32]).key();
        let mut file = RescueFile::begin(&mut bytes, DEVICE, key, &mut rng).unwrap();
        for number in 1..=parts {
            file.write(Vec::new(), is_whole && number == parts).unwrap();
        }
        bytes
    }

    fn read_by(secret: u8, bytes: &[u8]) -> Result<Vec<RescuePart>, Unrescuable> {
        let opener = BoxOpener::of(&[secret; 32]);
        let parts = RescueParts::of(bytes, |device, closed| opener.open(device, closed))?;
        assert_eq!(parts.device(), DEVICE);
        parts.collect()
    }

    fn read(bytes: &[u8]) -> Result<Vec<RescuePart>, Unrescuable> {
        read_by(1, bytes)
    }

    #[test]
    fn what_was_written_is_read_again_by_its_server_alone() {
        let file = file(3, true);
        let numbers: Vec<u32> = read(&file).unwrap().iter().map(|p| p.number).collect();
        assert_eq!(numbers, [0, 1, 2]);
        assert!(matches!(read_by(2, &file), Err(Unrescuable::Closed)));
    }

    #[test]
    fn a_file_that_is_cut_anywhere_is_refused_and_so_is_one_with_something_after_its_end() {
        let whole = file(2, true);
        for end in 0..whole.len() {
            let refused = read(&whole[..end]).unwrap_err();
            let fits = if end < MARK.len() {
                matches!(refused, Unrescuable::Mark)
            } else {
                matches!(refused, Unrescuable::Cut)
            };
            assert!(fits, "cut at {end}: {refused}");
        }
        let more = [&whole[..], b"x"].concat();
        assert!(matches!(read(&more), Err(Unrescuable::Cut)));
        assert!(matches!(read(&file(2, false)), Err(Unrescuable::Cut)));
    }

    #[test]
    fn a_part_that_was_taken_out_or_put_in_twice_is_missed() {
        let (whole, head) = (file(3, true), MARK.len() + 16);
        let length = whole[head..].first_chunk().copied().map(u32::from_be_bytes);
        let second = head + 4 + usize::try_from(length.unwrap()).unwrap();
        let first = &whole[head..second];
        let without = [&whole[..head], &whole[second..]].concat();
        let twice = [&whole[..head], first, first, &whole[second..]].concat();
        for file in [without, twice] {
            assert!(matches!(read(&file), Err(Unrescuable::Cut)));
        }
    }

    #[test]
    fn a_part_that_claims_to_be_larger_than_a_message_is_not_read() {
        let mut bytes = file(0, false);
        bytes.extend(u32::MAX.to_be_bytes());
        let refused = read(&bytes).unwrap_err();
        assert!(matches!(refused, Unrescuable::Part(Unreadable::TooBig)));
    }
}
