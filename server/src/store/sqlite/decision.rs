//! A person's decision about quarantined work. What she releases the server writes anew under an actor of its own, on
//! everything that is in the record: so the author's device and she may act in any order. The original change is kept
//! and never applied. The decision is a row of the log, and reaches the author's device with its page.

use super::log::Row;
use super::push::{next_of, opened};
use super::quarantine::Lying;
use super::{StoreError, Verb, int, sound};
use crate::admission::{Document, Elsewhere, FULL, Held, TWICE_FULL, belongs};
use jiff::Timestamp;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use rusqlite::params;
use std::collections::BTreeSet;
use std::sync::Arc;
use warmhand_core::document::{Change, ChangeHash, Put, Sealed, seal};
use warmhand_core::domain::code::{DocumentKind, Role};
use warmhand_core::domain::entry::Entry;
use warmhand_core::domain::id::{DeviceId, DocumentId, EntryId, PatientId, UserId};
use warmhand_core::domain::read::ReceiptTimes;
use warmhand_core::wire::{AckState, Decided, Decision, PushedChange, QuarantineReason};

/// Of one document so much is kept that was left out and came again.
const OFTEN: usize = 200;

/// Kind and patient of a document.
type Whose = (DocumentKind, PatientId);

/// What becomes one change: entries as they were written, and read.
type Run = (Vec<Put>, Vec<Arc<Entry>>);

fn refused(sentence: &str) -> StoreError {
    StoreError::Refused(sentence.to_owned())
}

impl Verb<'_> {
    /// Decides about a change, and with it about every other that holds nothing else.
    pub(super) fn decide(
        &self,
        user: &UserId,
        hash: ChangeHash,
        decision: Decision,
        seed: u64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (_, sheet) = self.sheet()?;
        let person = sheet
            .person(user)
            .filter(|person| person.has_role(Role::Supervisor))
            .ok_or_else(|| refused("your role does not include this"))?;
        let chosen = self
            .quarantined(hash)?
            .filter(|lying| lying.decided.is_none())
            .ok_or(StoreError::NotFound("there is nothing to decide here"))?;
        // Like a flag in a record: nobody else takes it out of the world.
        if decision == Decision::Dismissed && chosen.is_worry() && !person.licensed_clinician {
            return Err(refused(
                "a worry is left out by a licensed clinician alone; put into the record, it is judged there",
            ));
        }
        let doc = chosen.change.doc;
        let mut pending = self.lying("where doc = ?1", [&doc.as_bytes()[..]])?;
        pending.retain(|lying| lying.decided.is_none());
        let mut dismissed: BTreeSet<EntryId> = BTreeSet::new();
        match decision {
            Decision::Released => {
                let times = ReceiptTimes {
                    received_at: now,
                    offset_ms: 0,
                };
                let causes = with_causes(&chosen, &pending);
                // Also of a caller who gives one seed twice no actor is had twice.
                let seed = seed ^ self.seed(chosen.hash)?;
                let ((_, patient), _) = self.release(&causes, seed, times, FULL)?;
                self.place(patient, &self.viewers(&sheet)?, None)?;
            }
            Decision::Dismissed => dismissed.extend(chosen.change.puts.iter().map(|put| put.id)),
        }
        for lying in &pending {
            let (mut is_in_record, mut is_answered) = (true, true);
            for put in &lying.change.puts {
                let is_there = self.has_entry(put)?;
                is_in_record &= is_there;
                is_answered &= is_there || dismissed.contains(&put.id);
            }
            if is_in_record {
                self.close(user, lying, Decision::Released)?;
            } else if is_answered {
                self.close(user, lying, Decision::Dismissed)?;
            }
        }
        let what = match decision {
            Decision::Released => "released work kept aside",
            Decision::Dismissed => "dismissed work kept aside",
        };
        self.audit(now, user, what, Some(doc), "")
    }

    /// What a person left out of the record stays out, in whichever change its device says it once more.
    /// Where it was said so often already nothing more is kept of it: it would be answered the same once more.
    pub(super) fn dismiss_again(
        &self,
        pushed: &PushedChange,
        before: usize,
        now: Timestamp,
    ) -> Result<AckState, StoreError> {
        let lying = Lying {
            hash: pushed.hash,
            change: pushed.change.clone(),
            reason: QuarantineReason::Reauthor,
            since: now,
            decided: None,
        };
        if before < OFTEN {
            let sender = lying.change.device;
            self.set_aside(sender, (&lying.change, lying.hash), lying.reason, now)?;
            self.close(&pushed.change.user, &lying, Decision::Dismissed)?;
        }
        Ok(AckState::Decided(lying.reason, Decision::Dismissed))
    }

    /// What of a document a person decided to leave out.
    pub(super) fn dismissed_of(&self, doc: DocumentId) -> Result<Vec<Change>, StoreError> {
        let out = self.lying_as_far("where doc = ?1 and decision = 1", [&doc.as_bytes()[..]])?;
        Ok(out.into_iter().map(|lying| lying.change).collect())
    }

    fn close(&self, user: &UserId, lying: &Lying, decision: Decision) -> Result<(), StoreError> {
        let row = Row::Decided(lying.change.doc, lying.hash, decision as u8, user.clone());
        let seq = self.append(&row)?;
        self.change(
            "update quarantine set decided = ?2, decision = ?3 where hash = ?1",
            params![&lying.hash.0[..], int(seq)?, decision as u8],
        )?;
        Ok(())
    }

    /// Writes the entries of these changes anew, causes first; what is there already is passed over. All of it, or nothing
    /// and why not. `times`: when the server had them; `room`: so many bytes the record may have. Returns whose the document is and what it is now.
    pub(super) fn release(
        &self,
        lying: &[&Lying],
        seed: u64,
        times: ReceiptTimes,
        room: usize,
    ) -> Result<(Whose, Document), StoreError> {
        let first = lying.first().ok_or(StoreError::Unreadable)?;
        let device = self.web_device()?;
        let known = self.document_row(first.change.doc)?;
        let (kind, patient) = known.or_else(|| opened(&first.change)).ok_or_else(|| {
            refused("its record is not here; release the entry that opens it first")
        })?;
        let is_new = known.is_none();
        let mut document = self.document(first.change.doc)?;
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut anew: Vec<Sealed> = Vec::new();
        for lying in lying {
            for (puts, entries) in self.runs(document.entry_ids.clone(), lying)? {
                if !belongs(&document, &entries) {
                    return Err(refused("it does not belong into this record"));
                }
                let bytes: usize = puts.iter().map(|put| put.text.len()).sum();
                if document.text_bytes + bytes > room {
                    return Err(refused(
                        "the record is full; it has to be said in a new one",
                    ));
                }
                // In the name of who wrote it; that somebody released it is said by the row about that.
                let change = next_of(&document, device, &lying.change.user, puts, &mut rng);
                let sealed = sound(seal(change).ok())?;
                document.push(Held {
                    hash: sealed.hash,
                    change: sealed.change.clone(),
                    entries,
                    times,
                });
                anew.push(sealed);
            }
        }
        if is_new && !anew.is_empty() {
            self.begin_document(document.id, kind, patient)?;
        }
        for sealed in &anew {
            self.accept(sealed, times.received_at, times.offset_ms)?;
        }
        Ok(((kind, patient), document))
    }

    /// A change that the server once accepted and that cannot be applied any more, since its count or what it stood on is
    /// taken by another: its entries are written anew at once. Nothing if they do not fit either.
    pub(super) fn take_anew(
        &self,
        pushed: &PushedChange,
        reason: QuarantineReason,
        times: ReceiptTimes,
        now: Timestamp,
    ) -> Result<Option<(AckState, Whose, Document)>, StoreError> {
        let lying = Lying {
            hash: pushed.hash,
            change: pushed.change.clone(),
            reason,
            since: now,
            decided: None,
        };
        let (whose, document) =
            match self.release(&[&lying], self.seed(pushed.hash)?, times, TWICE_FULL) {
                Ok(done) => done,
                Err(StoreError::Refused(_)) => return Ok(None),
                Err(error) => return Err(error),
            };
        let known = self.quarantined(pushed.hash)?;
        if known.is_none() {
            let sender = pushed.change.device;
            self.set_aside(sender, (&pushed.change, pushed.hash), reason, now)?;
        }
        if known.is_none_or(|known| known.decided.is_none()) {
            self.close(&pushed.change.user, &lying, Decision::Released)?;
        }
        let first = sound(pushed.change.puts.first())?;
        let sql = "seq = (select min(change) from entry where id = ?1)";
        let row = self.changes(sql, [&first.id.as_bytes()[..]])?.pop();
        let row = sound(row)?;
        let state = AckState::AcceptedAs(row.hash, self.receipt(&row));
        Ok(Some((state, whose, document)))
    }

    /// For an actor that no other log has ever seen: of the whole log up to here, and of what is written anew.
    fn seed(&self, hash: ChangeHash) -> Result<u64, StoreError> {
        let chain = self.head()?.chain;
        let bytes = chain.iter().zip(hash.0).map(|(a, b)| a ^ b);
        Ok(bytes.fold(0, |seed: u64, byte| {
            seed.wrapping_mul(0x0100_0000_01b3) ^ u64::from(byte)
        }))
    }

    /// What of a change is not in the record yet, in changes of which each entry has the one before it in `after`.
    fn runs(&self, mut known: BTreeSet<EntryId>, lying: &Lying) -> Result<Vec<Run>, StoreError> {
        let mut runs: Vec<Run> = Vec::new();
        for put in &lying.change.puts {
            if self.has_entry(put)? {
                continue;
            }
            if self.entry_text(put.id)?.is_some() {
                return Err(refused(
                    "a record holds something else under the same name; it can only be dismissed",
                ));
            }
            let entry = Arc::new(sound(Entry::parse(&put.text).ok())?);
            let mut is_lacking = false;
            entry
                .body
                .points_at(&mut |id| is_lacking |= !known.contains(&id));
            if is_lacking {
                return Err(refused("it speaks of something that is not in the record"));
            }
            known.insert(put.id);
            let last = runs.last_mut();
            let before = |(puts, _): &&mut (Vec<Put>, _)| {
                puts.last().is_some_and(|p| entry.after.contains(&p.id))
            };
            if let Some((puts, entries)) = last.filter(before) {
                puts.push(put.clone());
                entries.push(entry);
            } else {
                runs.push((vec![put.clone()], vec![entry]));
            }
        }
        Ok(runs)
    }

    /// What was decided about a device's work in the rows (c, p].
    pub(super) fn decided_between(
        &self,
        device: DeviceId,
        c: u64,
        p: u64,
    ) -> Result<Vec<Decided>, StoreError> {
        let mut statement = self.db.prepare_cached(
            "select hash, reason, decision from quarantine
                 where device = ?1 and decided > ?2 and decided <= ?3 order by decided",
        )?;
        let rows: Vec<(Vec<u8>, i64, i64)> = statement
            .query_map(params![&device.as_bytes()[..], int(c)?, int(p)?], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?
            .collect::<Result<_, _>>()?;
        rows.into_iter()
            .map(|(hash, reason, decision)| {
                Ok(Decided {
                    hash: sound(ChangeHash::from_bytes(&hash))?,
                    reason: sound(QuarantineReason::of(reason))?,
                    decision: match decision {
                        0 => Decision::Released,
                        _ => Decision::Dismissed,
                    },
                })
            })
            .collect()
    }
}

/// A change with those in quarantine that it stands on.
fn with_causes<'a>(chosen: &Lying, causes_first: &'a [Lying]) -> Vec<&'a Lying> {
    let mut wanted = BTreeSet::from([chosen.hash]);
    let mut found: Vec<&Lying> = Vec::new();
    for lying in causes_first.iter().rev() {
        if wanted.contains(&lying.hash) {
            wanted.extend(lying.change.deps.iter().copied());
            found.push(lying);
        }
    }
    found.reverse();
    found
}
