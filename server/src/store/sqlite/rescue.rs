//! Taking what a device that cannot sync any more held, out of a file. Whoever brings it proves nothing by bringing it:
//! the same admission as ever, by a sender who wrote none of it.

use super::push::Push;
use super::{StoreError, Verb};
use crate::admission::Sender;
use jiff::Timestamp;
use std::cell::OnceCell;
use std::sync::Arc;
use warmhand_core::wire::{Ack, PushedDocument};

impl Verb<'_> {
    /// One part of a file. What carries our receipt is admitted; what is known is answered as it stands; the rest lies in
    /// quarantine until a person decides. Of what meets a damaged record nothing is said.
    pub(super) fn rescue(
        &self,
        docs: &[PushedDocument],
        now: Timestamp,
    ) -> Result<Vec<Ack>, StoreError> {
        let (_, sheet) = self.sheet()?;
        let sheets = [Arc::clone(&sheet)];
        let sender = Sender {
            // The server's own device, on which nobody is: nothing in the file is hers to say.
            device: self.web_device()?,
            people: &[],
            revoked: false,
            confirmed: true,
            sheets: &sheets,
        };
        let push = Push {
            sender,
            sheet: &sheet,
            viewers: OnceCell::new(),
            offset_ms: 0,
            now,
        };
        self.recent.erased(self.last_erasure()?);
        let mut acks = Vec::new();
        for document in docs {
            let taken = self.part(|| self.take(&push, document))?;
            acks.extend(taken.unwrap_or_default());
        }
        Ok(acks)
    }
}
