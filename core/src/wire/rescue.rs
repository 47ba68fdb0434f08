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
    /// Changes, causes first within a document.
    #[n(0)]
    pub docs: Vec<PushedDocument>,
    /// Nothing comes after it.
    #[n(1)]
    pub is_last: bool,
}

/// Why a file is no rescue file.
#[derive(Debug, thiserror::Error)]
pub enum Unrescuable {
    /// It begins otherwise.
    #[error("it is no rescue file")]
    Mark,
    /// The last part is missing, or something comes after it.
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
        })
    }

    /// Writes a part; the last one is on its way to the disk then.
    pub fn write(&mut self, part: &RescuePart) -> io::Result<()> {
        let closed = SealedBox::close(&self.key, self.device, &pack(part), self.rng);
        let closed = closed.ok_or_else(|| io::Error::other("nothing can be closed"))?;
        let length = u32::try_from(closed.0.len()).map_err(io::Error::other)?;
        self.out.write_all(&length.to_be_bytes())?;
        self.out.write_all(&closed.0)?;
        if part.is_last {
            self.out.flush()?;
        }
        Ok(())
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
    Part,
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
            at: At::Part,
        })
    }

    /// The device that it was taken from.
    pub fn device(&self) -> DeviceId {
        self.device
    }

    fn part(&mut self) -> Result<Option<RescuePart>, Unrescuable> {
        if self.at == At::End {
            let is_more = self.from.read(&mut [0])? > 0;
            return if is_more {
                Err(Unrescuable::Cut)
            } else {
                Ok(None)
            };
        }
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
        if part.is_last {
            self.at = At::End;
        }
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

    fn part(is_last: bool) -> RescuePart {
        let docs = Vec::new();
        RescuePart { docs, is_last }
    }

    fn file(parts: &[RescuePart]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut rng = StdRng::from_seed([3; 32]);
        let key = BoxOpener::of(&[1; 32]).key();
        let mut file = RescueFile::begin(&mut bytes, DEVICE, key, &mut rng).unwrap();
        for part in parts {
            file.write(part).unwrap();
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
        let parts = [part(false), part(false), part(true)];
        let file = file(&parts);
        assert_eq!(read(&file).unwrap(), parts);
        assert!(matches!(read_by(2, &file), Err(Unrescuable::Closed)));
    }

    #[test]
    fn a_file_that_is_cut_anywhere_is_refused_and_so_is_one_with_something_after_its_end() {
        let whole = file(&[part(false), part(true)]);
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
        assert!(matches!(read(&file(&[])), Err(Unrescuable::Cut)));
    }

    #[test]
    fn a_part_that_claims_to_be_larger_than_a_message_is_not_read() {
        let mut bytes = file(&[]);
        bytes.extend(u32::MAX.to_be_bytes());
        let refused = read(&bytes).unwrap_err();
        assert!(matches!(refused, Unrescuable::Part(Unreadable::TooBig)));
    }
}
