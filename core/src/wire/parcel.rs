//! A part of a message that is packed by itself: it can be packed before the rest of the message is known, and kept as
//! small as it will be sent.

use super::{Unreadable, pack, unpack};
use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};
use std::marker::PhantomData;

/// Something as the bytes of a message of its own. Whether they read is known once it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel<T> {
    packed: Vec<u8>,
    content: PhantomData<T>,
}

impl<T: Encode<()>> Parcel<T> {
    /// Packed.
    pub fn of(content: &T) -> Self {
        pack(content).into()
    }
}

impl<T: for<'b> Decode<'b, ()>> Parcel<T> {
    /// What is in it.
    pub fn open(&self) -> Result<T, Unreadable> {
        unpack(&self.packed)
    }
}

impl<T> From<Vec<u8>> for Parcel<T> {
    fn from(packed: Vec<u8>) -> Self {
        Self {
            packed,
            content: PhantomData,
        }
    }
}

impl<T, C> Encode<C> for Parcel<T> {
    fn encode<W: encode::Write>(
        &self,
        e: &mut Encoder<W>,
        _: &mut C,
    ) -> Result<(), encode::Error<W::Error>> {
        e.bytes(&self.packed)?.ok()
    }
}

impl<'b, T, C> Decode<'b, C> for Parcel<T> {
    fn decode(d: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
        Ok(d.bytes()?.to_vec().into())
    }
}
