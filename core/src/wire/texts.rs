//! The texts of a document's entries without the ids in them. An id is sixteen bytes that nobody can guess and 36
//! characters of text, and an entry names several: each is told once, in a table, and is one byte in the texts.

use super::{MAX_MESSAGE, Unpackable};
use minicbor::{Decode, Encode};
use std::borrow::Cow;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

/// Bytes of an id.
const ID: usize = 16;
/// Characters of an id.
const LENGTH: usize = Hyphenated::LENGTH;
/// Where its first hyphen stands, and the others.
const FIRST: usize = 8;
const OTHERS: [usize; 3] = [13, 18, 23];
/// The next byte is one below the space, raised so that it is none: JSON may have a few between its parts, never in a
/// string, and Warmhand writes none.
const RAISED: u8 = 0;
const RAISE: u8 = 0x40;
/// Here stands the next id of the table.
const NEXT: u8 = 1;
/// Here stands the newest id before, one more byte for each further back.
const NEWEST: u8 = 2;
/// The first byte that is itself.
const ITSELF: u8 = b' ';

/// Texts of entries, in an order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Texts {
    /// Each without its ids.
    #[n(0)]
    pub plain: Vec<String>,
    /// The ids in the order in which they are named first, sixteen bytes each.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub ids: Vec<u8>,
}

impl Texts {
    /// One more.
    pub fn push(&mut self, text: &str) {
        let mut plain = String::with_capacity(text.len());
        let text = raised(text);
        let mut rest = text.as_ref();
        while let Some((before, id, after)) = next_id(rest) {
            plain.push_str(before);
            plain.push(char::from(self.mark(id.as_bytes())));
            rest = after;
        }
        plain.push_str(rest);
        self.plain.push(plain);
    }

    /// The byte for an id, which is told anew if it was told too long ago.
    fn mark(&mut self, id: &[u8; ID]) -> u8 {
        let before = self.ids.as_chunks().0.iter().rev();
        let mut marks = (NEWEST..ITSELF).zip(before);
        if let Some((mark, _)) = marks.find(|(_, before)| *before == id) {
            return mark;
        }
        self.ids.extend(id);
        NEXT
    }

    /// Each as it was. Together they are no longer than a message.
    pub fn read(&self) -> Result<Vec<String>, Unpackable> {
        let (table, []) = self.ids.as_chunks() else {
            return Err(Unpackable::Columns);
        };
        let (mut named, mut room) = (0, MAX_MESSAGE);
        let mut texts = Vec::with_capacity(self.plain.len());
        for plain in &self.plain {
            let marks = marks_in(plain);
            let length = plain.len() + marks * (LENGTH - 1);
            room = room.checked_sub(length).ok_or(Unpackable::Bounds)?;
            let mut text = String::with_capacity(length);
            let mut rest = plain.as_str();
            while let Some((before, mark, after)) = next_mark(rest) {
                text.push_str(before);
                if mark == RAISED {
                    let (byte, after) = lowered(after).ok_or(Unpackable::Columns)?;
                    text.push(byte);
                    rest = after;
                    continue;
                }
                named += usize::from(mark == NEXT);
                let back = usize::from((mark - NEXT).max(1));
                let id: Option<&[u8; ID]> = named.checked_sub(back).and_then(|at| table.get(at));
                let id = Uuid::from_bytes(*id.ok_or(Unpackable::Columns)?);
                text.push_str(id.hyphenated().encode_lower(&mut [0; LENGTH]));
                rest = after;
            }
            text.push_str(rest);
            texts.push(text);
        }
        if named == table.len() {
            Ok(texts)
        } else {
            Err(Unpackable::Columns)
        }
    }
}

/// A text without a byte below the space.
fn raised(text: &str) -> Cow<'_, str> {
    if text.bytes().fold(ITSELF, u8::min) == ITSELF {
        return text.into();
    }
    let mut raised = String::with_capacity(2 * text.len());
    for char in text.chars() {
        match u8::try_from(char) {
            Ok(byte) if byte < ITSELF => {
                raised.push(char::from(RAISED));
                raised.push(char::from(byte | RAISE));
            }
            _ => raised.push(char),
        }
    }
    raised.into()
}

/// The byte that a text begins with, as it was before it was raised, and what follows.
fn lowered(text: &str) -> Option<(char, &str)> {
    let byte = text
        .bytes()
        .next()?
        .checked_sub(RAISE)
        .filter(|byte| *byte < ITSELF)?;
    Some((char::from(byte), text.get(1..)?))
}

/// The first id in a text that would be written again just so, with what stands before and after it.
fn next_id(text: &str) -> Option<(&str, Uuid, &str)> {
    let mut from = 0;
    while let Some(hyphen) = text.get(from..)?.find('-') {
        from += hyphen + 1;
        if let Some(at) = from.checked_sub(FIRST + 1)
            && let Some(id) = id_at(text, at)
        {
            return Some((text.get(..at)?, id, text.get(at + LENGTH..)?));
        }
    }
    None
}

fn id_at(text: &str, at: usize) -> Option<Uuid> {
    let is_hyphen = |place: &usize| text.as_bytes().get(at + place) == Some(&b'-');
    if !OTHERS.iter().all(is_hyphen) {
        return None;
    }
    let written = text.get(at..at + LENGTH)?;
    let id = Uuid::try_parse(written).ok()?;
    (id.hyphenated().encode_lower(&mut [0; LENGTH]) == written).then_some(id)
}

/// Bytes that are looked at in one go: the processor compares so many at once.
const STRIDE: usize = 32;

/// Stands anything in these bytes that is not itself?
fn has_mark(bytes: &[u8]) -> bool {
    bytes.iter().copied().fold(ITSELF, u8::min) < ITSELF
}

/// How many ids stand in a text.
fn marks_in(text: &str) -> usize {
    let strides = text.as_bytes().chunks(STRIDE);
    let marked = strides.filter(|stride| has_mark(stride)).flatten();
    marked.filter(|byte| (NEXT..ITSELF).contains(byte)).count()
}

/// The first mark in a text, with what stands before and after it.
fn next_mark(text: &str) -> Option<(&str, u8, &str)> {
    let strides = text.as_bytes().chunks(STRIDE);
    let plain = strides.take_while(|stride| !has_mark(stride));
    let before = (plain.count() * STRIDE).min(text.len());
    let rest = text.as_bytes().get(before..)?;
    let at = before + rest.iter().position(|byte| *byte < ITSELF)?;
    let mark = *text.as_bytes().get(at)?;
    Some((text.get(..at)?, mark, text.get(at + 1..)?))
}

#[cfg(test)]
mod tests;
