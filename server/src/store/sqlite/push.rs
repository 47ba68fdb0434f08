//! Taking a push: documents never hold one another up, within one the accepted prefix stays, and every change gets its
//! own answer. Also the way in which a page writes: the same judgement, the server's own device.

use super::visibility::Viewers;
use super::{StoreError, Verb, sound};
use crate::admission::{Document, Held, Sender, Verdict, judge};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit, ZonedRound};
use rand::{RngCore, SeedableRng};
use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;
use warmhand_core::document::{Actor, Change, Put, Tip, seal};
use warmhand_core::domain::authority;
use warmhand_core::domain::code::DocumentKind;
use warmhand_core::domain::entry::{APP, Body, Entry};
use warmhand_core::domain::id::{DeviceId, DocumentId, EntryId, PatientId, UserId};
use warmhand_core::domain::organisation::Organisation;
use warmhand_core::domain::read::ReceiptTimes;
use warmhand_core::domain::visibility::Scope;
use warmhand_core::wire::{
    Ack, AckState, PushedChange, PushedDocument, QuarantineReason, RejectReason, Token,
};

/// What a push stands on.
pub(super) struct Push<'a> {
    pub sender: Sender<'a>,
    pub sheet: &'a Organisation,
    /// Everybody who may ask, once that is needed.
    pub viewers: OnceCell<Viewers<'a>>,
    pub offset_ms: i64,
    pub now: Timestamp,
}

/// One document of a push, as far as it has been taken.
pub(super) struct Taking {
    pub document: Document,
    /// Where it changed last.
    last: Option<Token>,
    /// Kind and patient, once it exists here.
    pub row: Option<(DocumentKind, PatientId)>,
    /// The sender sees it, or has written in it.
    pub standing: bool,
    /// Through what it could be seen before anything of it was accepted; nothing as long as nothing was.
    before: Option<BTreeSet<Scope>>,
    /// It did not exist before.
    pub is_begun: bool,
    /// Something of it lies in quarantine, or lay there.
    lies_aside: bool,
    /// What a person decided to leave out of it.
    dismissed: Vec<Change>,
}

impl Taking {
    /// Something of it is about to be accepted.
    fn changes(&mut self) {
        self.before
            .get_or_insert_with(|| self.document.record().scopes());
    }

    /// Has a person decided to leave these very entries out? Their device, which had not heard of it, wrote them anew.
    fn is_dismissed(&self, change: &Change) -> bool {
        let theirs = |other: &&Change| other.device == change.device && other.user == change.user;
        let left_out: Vec<&Put> = self
            .dismissed
            .iter()
            .filter(theirs)
            .flat_map(|other| &other.puts)
            .collect();
        !change.puts.is_empty() && change.puts.iter().all(|put| left_out.contains(&put))
    }
}

impl Verb<'_> {
    /// Takes one document of a push.
    pub(super) fn take(
        &self,
        push: &Push<'_>,
        pushed: &PushedDocument,
    ) -> Result<Vec<Ack>, StoreError> {
        let row = self.document_row(pushed.doc)?;
        if row.is_none() && self.is_erased(pushed.doc)? {
            let erased = |change: &PushedChange| Ack {
                hash: change.hash,
                state: AckState::Rejected(RejectReason::Erased),
            };
            return Ok(pushed.changes.iter().map(erased).collect());
        }
        let lies_aside = self.lies_aside(pushed.doc)?;
        let (document, last) = self.document_at_hand(pushed.doc)?;
        let mut taking = Taking {
            document,
            last,
            row,
            standing: self.sees(push.sender.device, pushed.doc)?,
            before: None,
            is_begun: false,
            lies_aside,
            dismissed: if lies_aside {
                self.dismissed_of(pushed.doc)?
            } else {
                Vec::new()
            },
        };
        let mut acks = Vec::new();
        for change in &pushed.changes {
            let state = self.take_change(push, &mut taking, change)?;
            acks.push(Ack {
                hash: change.hash,
                state,
            });
        }
        if let (Some((_, patient)), Some(before)) = (taking.row, &taking.before) {
            // Who sees it follows from this and from what documents there are.
            if taking.is_begun || taking.document.record().scopes() != *before {
                self.place(patient, self.viewers_of(push)?, Some(&taking.document))?;
            }
        }
        self.keep_at_hand(taking.document, taking.last);
        Ok(acks)
    }

    fn viewers_of<'p>(&self, push: &'p Push<'_>) -> Result<&'p Viewers<'p>, StoreError> {
        if push.viewers.get().is_none() {
            push.viewers.set(self.viewers(push.sheet)?).ok();
        }
        sound(push.viewers.get())
    }

    fn take_change(
        &self,
        push: &Push<'_>,
        taking: &mut Taking,
        pushed: &PushedChange,
    ) -> Result<AckState, StoreError> {
        // Known hash first: the answer is the state now stored, whatever the sender may do today.
        if let Some(held) = taking.document.held_as(pushed.hash) {
            return Ok(AckState::Accepted(self.receipt_of(held)));
        }
        let receipt = pushed
            .receipt
            .filter(|r| self.keys.is_valid(&pushed.change, pushed.hash, r));
        let lying = if taking.lies_aside {
            self.quarantined(pushed.hash)?
        } else {
            None
        };
        if let (Some(lying), None) = (&lying, receipt) {
            return Ok(lying.state());
        }
        match judge(
            &taking.document,
            pushed,
            &push.sender,
            self.may_write(push, taking, &pushed.change)?,
            receipt.is_some(),
            self,
        )? {
            Verdict::Accept(..) | Verdict::Quarantine(_)
                if receipt.is_none() && taking.is_dismissed(&pushed.change) =>
            {
                self.dismiss_again(pushed, taking.dismissed.len(), push.now)
            }
            Verdict::Accept(sealed, entries) => {
                if taking.row.is_none() {
                    let Some((kind, patient)) = opened(&sealed.change) else {
                        return Ok(AckState::Quarantined(QuarantineReason::Guard));
                    };
                    self.begin_document(pushed.change.doc, kind, patient)?;
                    taking.row = Some((kind, patient));
                    taking.is_begun = true;
                }
                taking.changes();
                // A receipted change was received when the receipt says, not today.
                let at = receipt.map_or(push.now, |r| super::instant(r.received_at));
                let offset_ms = receipt.map_or(push.offset_ms, |r| r.offset_ms);
                let receipt = self.accept(&sealed, at, offset_ms)?;
                taking.last = Some(self.head()?);
                if lying.is_some() {
                    self.lift(sealed.hash)?;
                }
                taking.document.push(Held {
                    hash: sealed.hash,
                    change: sealed.change,
                    entries,
                    times: ReceiptTimes {
                        received_at: super::instant(receipt.received_at),
                        offset_ms,
                    },
                });
                // Not by carrying what another wrote.
                taking.standing |= pushed.change.device == push.sender.device;
                Ok(AckState::Accepted(receipt))
            }
            Verdict::Quarantine(reason) => {
                taking.lies_aside = true;
                let reason = self.reason_of(push, pushed, reason)?;
                if let Some(receipt) = receipt {
                    let times = ReceiptTimes {
                        received_at: super::instant(receipt.received_at),
                        offset_ms: receipt.offset_ms,
                    };
                    let anew = self.take_anew(pushed, reason, times, push.now)?;
                    if let Some((state, row, whole)) = anew {
                        taking.changes();
                        taking.document = whole;
                        taking.last = self.last_change(pushed.change.doc)?;
                        taking.is_begun |= taking.row.is_none();
                        taking.row = Some(row);
                        return Ok(state);
                    }
                }
                // It may lie under another document: nobody honest sends it twice.
                let lying = match lying {
                    None => self.quarantined(pushed.hash)?,
                    lying => lying,
                };
                if lying.is_none() {
                    let sender = push.sender.device;
                    if self.has_brought_all(sender)? {
                        return Ok(AckState::Rejected(RejectReason::Crowded));
                    }
                    self.set_aside(sender, (&pushed.change, pushed.hash), reason, push.now)?;
                }
                Ok(AckState::Quarantined(reason))
            }
            Verdict::Missing(hashes) => Ok(AckState::MissingDeps(hashes)),
            Verdict::Reject(reason) => Ok(AckState::Rejected(reason)),
        }
    }

    /// Writes one entry for somebody on a page.
    pub(super) fn author(
        &self,
        user: &UserId,
        record: DocumentId,
        body: Body,
        seed: u64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let device = self.web_device()?;
        let (_, sheet) = self.sheet()?;
        let document = self.document(record)?;
        let folded = document.record();
        let person = sheet.person(user).ok_or(StoreError::NotFound(
            "you are not among the organisation's people",
        ))?;
        let zone = folded
            .site
            .as_ref()
            .map_or(TimeZone::UTC, |site| sheet.site_zone(site));
        let occurred_at = now
            .to_zoned(zone)
            .round(
                ZonedRound::new()
                    .smallest(Unit::Second)
                    .mode(jiff::RoundMode::Trunc),
            )
            .map_err(|_| StoreError::Unavailable)?;
        let role = authority::acting_role(
            person,
            &body,
            folded.site.as_ref(),
            &sheet,
            occurred_at.date(),
        )
        .ok_or_else(|| StoreError::Refused("your role does not include this".into()))?;
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(seed);
        let entry = Entry {
            id: EntryId::new(now, &mut rng),
            by: user.clone(),
            role,
            device,
            occurred_at,
            recorded_at: now,
            after: document.past(&tip(&document, [&body]).deps).heads(),
            app: APP.to_owned(),
            body,
        };
        let change = next_change(&document, device, user, &entry, &mut rng)?;
        let hash = seal(change.clone())
            .map_err(|_| StoreError::Refused("that is too long".into()))?
            .hash;
        let pushed = PushedChange {
            change,
            hash,
            receipt: None,
            orphan: false,
        };
        let sheets = [Arc::clone(&sheet)];
        let people = [user.clone()];
        let sender = Sender {
            device,
            people: &people,
            revoked: false,
            confirmed: true,
            sheets: &sheets,
        };
        match judge(&document, &pushed, &sender, true, false, self)? {
            Verdict::Accept(sealed, _) => {
                let (_, patient) = self
                    .document_row(record)?
                    .ok_or(StoreError::NotFound("there is no such record"))?;
                self.accept(&sealed, now, 0)?;
                self.place(patient, &self.viewers(&sheet)?, None)
            }
            Verdict::Quarantine(_) | Verdict::Missing(_) | Verdict::Reject(_) => {
                Err(StoreError::Refused(
                    "that cannot be done any more; look at the record as it is now".into(),
                ))
            }
        }
    }
}

fn next_change(
    document: &Document,
    device: DeviceId,
    user: &UserId,
    entry: &Entry,
    rng: &mut dyn RngCore,
) -> Result<Change, StoreError> {
    let text = entry.to_text().map_err(|_| StoreError::Unavailable)?;
    let puts = vec![Put { id: entry.id, text }];
    Ok(next_of(document, device, user, puts, rng))
}

/// Where the server's own device writes who says this. Whatever it wrote before, its next change is another actor's first.
fn tip<'b>(document: &Document, bodies: impl IntoIterator<Item = &'b Body>) -> Tip {
    let mut named = BTreeSet::new();
    for body in bodies {
        body.points_at(&mut |id| {
            named.insert(id);
        });
    }
    let changes = document.held.iter().map(|held| (held.hash, &held.change));
    Tip::of(changes, |change| {
        change.puts.iter().any(|put| named.contains(&put.id))
    })
}

/// The next change of the server's own device: on everything that is here, or on as much of it as one may.
pub(super) fn next_of(
    document: &Document,
    device: DeviceId,
    user: &UserId,
    puts: Vec<Put>,
    rng: &mut dyn RngCore,
) -> Change {
    let entries = puts.iter().filter_map(|put| Entry::parse(&put.text).ok());
    let entries: Vec<Entry> = entries.collect();
    let tip = tip(document, entries.iter().map(|entry| &entry.body));
    // An actor for this action alone: once an older image is put back, the last count of a lasting one is used twice.
    let mut nonce = [0; 16];
    rng.fill_bytes(&mut nonce);
    let actor = Actor::derive(device, user, document.id, &nonce);
    Change {
        doc: document.id,
        actor,
        seq: 1,
        start_op: tip.start_op,
        deps: tip.deps,
        nonce: Some(nonce),
        device,
        user: user.clone(),
        puts,
    }
}

/// What kind of document a first change begins, and whose.
pub(super) fn opened(change: &Change) -> Option<(DocumentKind, PatientId)> {
    Entry::parse(&change.puts.first()?.text).ok()?.body.opens()
}
