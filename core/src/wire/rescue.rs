//! What a device that cannot sync any more hands over in a file: its changes with their receipts, in parts that are
//! framed and bounded like messages, and a last part without which the file was cut short. A relay like any other: the
//! file proves nothing that its receipts do not prove.

use super::{MAX_MESSAGE, PushedDocument, Unreadable, pack, unpack};
use crate::domain::id::DeviceId;
use minicbor::{Decode, Encode};
use std::io::{self, Read, Write};

/// How the file begins.
const MARK: &[u8; 18] = b"warmhand rescue 1\n";

/// A part of a rescue file.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RescuePart {
    /// The device that it was taken from.
    #[n(0)]
    pub device: DeviceId,
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
    /// The last part is missing, or something comes after it.
    #[error("it is not whole; copy it again")]
    Cut,
    /// A part does not read.
    #[error("a part of it does not read; copy it again")]
    Part(#[from] Unreadable),
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// Begins a file.
pub fn begin_rescue(out: &mut dyn Write) -> io::Result<()> {
    out.write_all(MARK)
}

/// Writes a part.
pub fn write_rescue(out: &mut dyn Write, part: &RescuePart) -> io::Result<()> {
    let bytes = pack(part);
    let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
    out.write_all(&length.to_be_bytes())?;
    out.write_all(&bytes)
}

/// Reads a file part by part, never more than one at a time.
pub struct RescueParts<R> {
    from: R,
    at: At,
}

#[derive(Clone, Copy, PartialEq)]
enum At {
    Mark,
    Part,
    End,
    /// Read, or found to be no rescue file: nothing more is told.
    Over,
}

impl<R: Read> RescueParts<R> {
    /// Of what is read from here.
    pub fn of(from: R) -> Self {
        Self { from, at: At::Mark }
    }

    fn part(&mut self) -> Result<Option<RescuePart>, Unrescuable> {
        if self.at == At::Mark {
            let mut mark = [0; MARK.len()];
            self.fill(&mut mark)?;
            if mark != *MARK {
                return Err(Unrescuable::Mark);
            }
            self.at = At::Part;
        }
        if self.at == At::End {
            let is_more = self.from.read(&mut [0])? > 0;
            return if is_more {
                Err(Unrescuable::Cut)
            } else {
                Ok(None)
            };
        }
        let mut length = [0; 4];
        self.fill(&mut length)?;
        let length = u64::from(u32::from_be_bytes(length));
        // One byte says how a message is packed.
        if length > MAX_MESSAGE as u64 + 1 {
            return Err(Unreadable::TooBig.into());
        }
        let mut bytes = Vec::new();
        self.from.by_ref().take(length).read_to_end(&mut bytes)?;
        if (bytes.len() as u64) < length {
            return Err(Unrescuable::Cut);
        }
        let part: RescuePart = unpack(&bytes)?;
        if part.is_last {
            self.at = At::End;
        }
        Ok(Some(part))
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Unrescuable> {
        let short = if self.at == At::Mark {
            Unrescuable::Mark
        } else {
            Unrescuable::Cut
        };
        match self.from.read_exact(bytes) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(short),
            filled => Ok(filled?),
        }
    }
}

impl<R: Read> Iterator for RescueParts<R> {
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

    fn part(is_last: bool) -> RescuePart {
        RescuePart {
            device: DeviceId(uuid::Uuid::from_u128(7)),
            docs: Vec::new(),
            is_last,
        }
    }

    fn file(parts: &[RescuePart]) -> Vec<u8> {
        let mut bytes = Vec::new();
        begin_rescue(&mut bytes).unwrap();
        for part in parts {
            write_rescue(&mut bytes, part).unwrap();
        }
        bytes
    }

    fn read(bytes: &[u8]) -> Result<Vec<RescuePart>, Unrescuable> {
        RescueParts::of(bytes).collect()
    }

    #[test]
    fn what_was_written_is_read_again() {
        let parts = [part(false), part(false), part(true)];
        assert_eq!(read(&file(&parts)).unwrap(), parts);
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
