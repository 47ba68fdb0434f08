//! Documents as they read: entries folded, a patient with all her records, a practice as far as people were told.

use super::change::live;
use super::{ChangeState, Rows, StoreError, StoredChange, readable};
use crate::document::Tip;
use crate::domain::code::DocumentKind;
use crate::domain::entry::Entry;
use crate::domain::fold::Record;
use crate::domain::id::{DocumentId, EntryId, PartnerId, PatientId};
use crate::domain::join::Patient;
use crate::domain::partner::Practice;
use crate::domain::read::{ReceiptTimes, Receipts};
use crate::domain::visibility::{Scope, Viewer};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A document as it reads.
pub struct Folded {
    /// Its entries, folded.
    pub record: Record,
    /// When the server had them.
    pub receipts: Receipts,
    /// Where it ends.
    pub end: End,
}

/// A patient as she lies here, whoever looks.
pub struct Held {
    /// With all her records that this device shows, and what she answered.
    pub patient: Patient,
    /// When the server had their entries.
    pub receipts: Receipts,
    /// Where each of her documents ends.
    pub ends: BTreeMap<DocumentId, End>,
    /// Through what she may be seen from here.
    pub scopes: BTreeSet<Scope>,
}

/// Where the next change of a document goes.
#[derive(Clone, Debug)]
pub struct End {
    /// What it stands on.
    pub tip: Tip,
    /// Bytes of text that are there.
    pub text_bytes: usize,
}

impl End {
    /// `named`: entries that have to be below, beside what was written here.
    fn of(live: &[&StoredChange], named: &BTreeSet<EntryId>) -> Self {
        // Whoever wrote here sees what was written here.
        let written_here = live.iter().find(|c| c.state != ChangeState::Remote);
        let device = written_here.map(|c| c.change.device);
        let changes = live.iter().map(|c| (c.hash, &c.change));
        Self {
            tip: Tip::of(changes, |change| {
                Some(change.device) == device
                    || change.puts.iter().any(|put| named.contains(&put.id))
            }),
            text_bytes: live.iter().map(|c| c.change.text_bytes()).sum(),
        }
    }
}

impl Rows<'_> {
    /// Patients with a document here, as far as it reads whose it is.
    pub fn patients(&self) -> Result<Vec<PatientId>, StoreError> {
        let mut statement = self
            .0
            .prepare_cached("select distinct patient from document where hidden = 0")?;
        let ids: Vec<Vec<u8>> = statement
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        Ok(ids
            .iter()
            .filter_map(|id| PatientId::from_bytes(id))
            .collect())
    }

    /// A document folded, with the receipts of its entries. Receipts that are not confirmed count for nothing.
    pub fn record(&self, doc: DocumentId) -> Result<Folded, StoreError> {
        let changes = self.document(doc)?;
        let (mut entries, mut receipts) = (Vec::new(), Receipts::default());
        let live = live(&changes);
        for stored in &live {
            for put in &stored.change.puts {
                // Kept as it is, and read by nobody: no entry, or one that lies under another's id.
                let Some(entry) = Entry::parse(&put.text)
                    .ok()
                    .filter(|entry| entry.id == put.id)
                else {
                    continue;
                };
                if let Some(receipt) = stored.standing_receipt()
                    && let Ok(received_at) = Timestamp::from_millisecond(receipt.received_at)
                {
                    receipts.note(
                        entry.id,
                        ReceiptTimes {
                            received_at,
                            offset_ms: receipt.offset_ms,
                        },
                    );
                }
                entries.push(Arc::new(entry));
            }
        }
        Ok(Folded {
            record: Record::of(doc, &entries),
            receipts,
            end: End::of(&live, &BTreeSet::new()),
        })
    }

    /// Where a document ends for whoever speaks of these entries: they are below.
    pub fn end_seeing(
        &self,
        doc: DocumentId,
        named: &BTreeSet<EntryId>,
    ) -> Result<End, StoreError> {
        let changes = self.document(doc)?;
        Ok(End::of(&live(&changes), named))
    }

    /// A patient as she lies here, whoever looks: what is made of it asks for whom.
    pub fn patient(&self, patient: PatientId) -> Result<Held, StoreError> {
        let (mut documents, mut receipts) = (Vec::new(), Receipts::default());
        let (mut ends, mut scopes) = (BTreeMap::new(), BTreeSet::new());
        for doc in self.documents_of_patient(patient)? {
            let folded = self.record(doc)?;
            scopes.extend(folded.record.scopes());
            // When answers arrived is asked by nobody.
            if !folded.record.is_of_answers() {
                receipts.0.extend(folded.receipts.0);
            }
            documents.push(folded.record);
            ends.insert(doc, folded.end);
        }
        Ok(Held {
            patient: Patient::of(patient, documents),
            receipts,
            ends,
            scopes,
        })
    }

    /// May somebody name this patient: is she one of whom nothing is here, or of whom what is here is for her? Of whom
    /// something does not read nobody knows that here; the server asks again.
    pub fn may_name(&self, patient: PatientId, viewer: &Viewer<'_>) -> Result<bool, StoreError> {
        if matches!(viewer, Viewer::Alone) {
            return Ok(true);
        }
        let held = readable(self.patient(patient))?;
        Ok(held.is_none_or(|held| held.ends.is_empty() || viewer.sees(&held.scopes)))
    }

    /// A practice, as far as people were told: its documents, folded.
    pub fn practice(&self, partner: &PartnerId) -> Result<Practice, StoreError> {
        let home = PatientId::of_practice(partner);
        let documents = self
            .documents_of(home, DocumentKind::Partner)?
            .into_iter()
            .map(|doc| self.record(doc).map(|folded| folded.record))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Practice::of(partner.clone(), &documents))
    }
}
