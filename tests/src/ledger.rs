//! One document kept by several people at once, checked twice: by the rule that a device asks before it writes, and by
//! the server's admission of the same entry, forged into a change by somebody whose device asked nothing. The two must
//! always agree.

use crate::organisation::sheet;
use jiff::{Timestamp, Zoned};
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;
use std::convert::Infallible;
use std::sync::Arc;
use warmhand_core::document::{Actor, Change, ChangeHash, Put, genesis_hash, seal};
use warmhand_core::domain::authority;
use warmhand_core::domain::code::Role;
use warmhand_core::domain::entry::{APP, Body, Entry};
use warmhand_core::domain::fold::Record;
use warmhand_core::domain::guard::{self, Breach};
use warmhand_core::domain::id::{DeviceId, DocumentId, EntryId, PatientId, UserId};
use warmhand_core::domain::join::Patient;
use warmhand_core::domain::organisation::Organisation;
use warmhand_core::domain::payload::RecordOpened;
use warmhand_core::domain::read::{ReceiptTimes, Receipts, RecordReading, read};
use warmhand_core::wire::{PushedChange, QuarantineReason};
use warmhand_server::admission::{Document, Elsewhere, Held, Sender, Verdict, judge};

/// A document and what is known of it.
pub struct Ledger {
    /// The sheet in force.
    pub sheet: Organisation,
    /// The document.
    pub doc: DocumentId,
    /// Whose it is.
    pub patient: PatientId,
    /// The clock.
    pub now: Timestamp,
    server: Document,
    ids: ChaCha12Rng,
}

struct Nowhere;

impl Elsewhere for Nowhere {
    type Error = Infallible;

    fn is_quarantined(&self, _: ChangeHash) -> Result<bool, Infallible> {
        Ok(false)
    }

    fn entry_text(&self, _: EntryId) -> Result<Option<String>, Infallible> {
        Ok(None)
    }
}

impl Ledger {
    /// A record at the site `home`, opened by the nurse.
    pub fn record() -> Self {
        let mut ledger = Self::empty();
        let opened = RecordOpened {
            patient: ledger.patient,
            site: "home".into(),
        };
        ledger.says("n1", opened).expect("a nurse opens a record");
        ledger
    }

    /// A document that nothing was written in yet.
    pub fn empty() -> Self {
        let now: Timestamp = "2026-03-03T15:00:00Z".parse().expect("a time");
        let mut ids = ChaCha12Rng::seed_from_u64(7);
        let doc = DocumentId::new(now, &mut ids);
        Self {
            sheet: sheet(),
            doc,
            patient: PatientId::new(now, &mut ids),
            now,
            server: Document::new(doc, Vec::new()),
            ids,
        }
    }

    /// Minutes pass.
    pub fn wait(&mut self, minutes: i64) -> &mut Self {
        self.now += jiff::SignedDuration::from_mins(minutes);
        self
    }

    /// Everything that was written.
    pub fn entries(&self) -> Vec<Arc<Entry>> {
        self.server.entries()
    }

    /// The record as everybody will know it.
    pub fn fold(&self) -> Record {
        Record::of(self.doc, &self.entries())
    }

    /// The patient as everybody will know her.
    pub fn joined(&self) -> Patient {
        Patient::of(self.patient, vec![self.fold()])
    }

    /// What it reads as, when the server has had every entry for an hour.
    pub fn reading(&self) -> RecordReading {
        let received = |e: &Arc<Entry>| {
            let received_at = e.recorded_at;
            (
                e.id,
                ReceiptTimes {
                    received_at,
                    offset_ms: 0,
                },
            )
        };
        let receipts = Receipts(self.entries().iter().map(received).collect());
        read(&self.joined(), &receipts, &self.sheet, self.now).records[0].clone()
    }

    /// Now at the site.
    pub fn zoned(&self) -> Zoned {
        let zone = jiff::tz::TimeZone::get(&self.sheet.zone).expect("a zone");
        self.now.to_zoned(zone)
    }

    /// Says something having seen everything.
    pub fn says(&mut self, by: &str, body: impl Into<Body>) -> Result<EntryId, Breach> {
        let seen: Vec<EntryId> = self.entries().iter().map(|e| e.id).collect();
        self.says_seeing(by, body, &seen)
    }

    /// Says something having seen these entries and theirs alone. The server is handed the same entry whatever the
    /// device said of it, and must come to the same end.
    pub fn says_seeing(
        &mut self,
        by: &str,
        body: impl Into<Body>,
        seen: &[EntryId],
    ) -> Result<EntryId, Breach> {
        self.says_at(by, body, seen, self.zoned())
    }

    /// The same, claiming a time.
    pub fn says_at(
        &mut self,
        by: &str,
        body: impl Into<Body>,
        seen: &[EntryId],
        occurred_at: Zoned,
    ) -> Result<EntryId, Breach> {
        let body = body.into();
        let past = self.fold().past_of(seen);
        let user = UserId::from(by);
        let site = past.site.clone().or_else(|| Some("home".into()));
        let on = occurred_at.date();
        let role = self.sheet.person(&user).and_then(|person| {
            authority::acting_role(person, &body, site.as_ref(), &self.sheet, on)
                .or_else(|| person.roles.first().map(|r| r.role))
        });
        let entry = Entry {
            id: EntryId::new(self.now, &mut self.ids),
            by: user,
            role: role.unwrap_or(Role::Nurse),
            device: DeviceId(uuid::Uuid::from_u128(9)),
            occurred_at,
            recorded_at: self.now,
            after: past.heads(),
            app: APP.to_owned(),
            body,
        };
        self.now += jiff::SignedDuration::from_secs(1);
        let asked = guard::check(&entry, &past, &self.sheet);
        let deps: Vec<ChangeHash> = self.deps(&past);
        let answered = self.admit(entry.clone(), deps);
        assert_eq!(
            asked.map(|()| entry.id),
            answered.map_err(|reason| {
                let breach = asked.err();
                assert_eq!(
                    reason == QuarantineReason::Role,
                    breach == Some(Breach::Role),
                    "{breach:?} on the device, {reason:?} at the server: {:?}",
                    entry.body
                );
                breach.unwrap_or(Breach::Dangling)
            }),
            "the device and the server judge alike: {:?}",
            entry.body
        );
        asked.map(|()| entry.id)
    }

    fn deps(&self, past: &Record) -> Vec<ChangeHash> {
        let held = &self.server.held;
        let known: Vec<&Held> = held
            .iter()
            .filter(|h| h.entries.iter().all(|e| past.past.get(e.id).is_some()))
            .collect();
        let tips: Vec<ChangeHash> = known
            .iter()
            .map(|h| h.hash)
            .filter(|hash| !known.iter().any(|h| h.change.deps.contains(hash)))
            .collect();
        if tips.is_empty() {
            vec![genesis_hash()]
        } else {
            tips
        }
    }

    fn admit(&mut self, entry: Entry, deps: Vec<ChangeHash>) -> Result<EntryId, QuarantineReason> {
        // Every entry by an actor of its own: one person may speak on two devices that know nothing of each other.
        let nonce = *entry.id.as_bytes();
        let change = Change {
            doc: self.doc,
            actor: Actor::derive(entry.device, &entry.by, self.doc, &nonce),
            seq: 1,
            start_op: self.server.last_op(&deps) + 1,
            deps,
            nonce: Some(nonce),
            device: entry.device,
            user: entry.by.clone(),
            puts: vec![Put {
                id: entry.id,
                text: entry.to_text().expect("an entry is written"),
            }],
        };
        let hash = seal(change.clone()).expect("within bounds").hash;
        let pushed = PushedChange {
            change: change.clone(),
            hash,
            receipt: None,
            orphan: false,
        };
        let people = [entry.by.clone()];
        let sheets = [Arc::new(self.sheet.clone())];
        let sender = Sender {
            device: entry.device,
            people: &people,
            revoked: false,
            confirmed: true,
            sheets: &sheets,
        };
        let Ok(verdict) = judge(&self.server, &pushed, &sender, true, false, &Nowhere);
        match verdict {
            Verdict::Accept(_, entries) => {
                self.server.push(Held {
                    hash,
                    change,
                    entries,
                    times: ReceiptTimes {
                        received_at: entry.recorded_at,
                        offset_ms: 0,
                    },
                });
                Ok(entry.id)
            }
            Verdict::Quarantine(reason) => Err(reason),
            other => panic!("{other:?} for {:?}", entry.body),
        }
    }
}
