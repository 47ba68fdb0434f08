//! What is made of a document for others: columns for devices, an Automerge document for whoever is handed it. Both are
//! made anew whenever they are asked for, and lie nowhere; a check makes them, and reads them again.

use super::super::{StoreError, Verb};
use crate::admission::{Document, Held};
use std::collections::BTreeMap;
use warmhand_core::document::{entries_of, export};
use warmhand_core::domain::id::DocumentId;
use warmhand_core::wire::{Columns, DeliveredChange, Packed};

impl Verb<'_> {
    /// Is what comes out of a document, whichever way, what is stored?
    pub(super) fn comes_out_as_stored(
        &self,
        id: DocumentId,
        document: &Document,
    ) -> Result<bool, StoreError> {
        let signed = |held: &Held| DeliveredChange {
            change: held.change.clone(),
            hash: held.hash,
            receipt: self.keys.sign(
                &held.change,
                held.hash,
                held.times.received_at,
                held.times.offset_ms,
            ),
        };
        let stored: Vec<DeliveredChange> = document.held.iter().map(signed).collect();
        Ok(unpacks_again(id, &stored) && self.loads_again(id, &stored)?)
    }

    fn loads_again(&self, id: DocumentId, stored: &[DeliveredChange]) -> Result<bool, StoreError> {
        let puts = stored.iter().flat_map(|one| &one.change.puts);
        let texts: BTreeMap<String, String> = puts
            .map(|put| (put.id.to_string(), put.text.clone()))
            .collect();
        let saved = export(&self.record_bytes(id)?);
        Ok(saved.and_then(|saved| entries_of(&saved)) == Ok(texts))
    }
}

fn unpacks_again(id: DocumentId, stored: &[DeliveredChange]) -> bool {
    let columns = Packed::of(stored).map(|packed| Columns::of(&packed));
    let built = columns.and_then(|columns| columns.read().ok()?.rebuild(id).ok());
    built.is_some_and(|built| {
        let built = built.into_iter().map(|(sealed, receipt)| DeliveredChange {
            change: sealed.change,
            hash: sealed.hash,
            receipt,
        });
        built.eq(stored.iter().cloned())
    })
}
