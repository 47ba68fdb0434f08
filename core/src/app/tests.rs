//! A device against a server of a few lines, which keeps a log and says what a real one would: enough to lose answers,
//! to restore an old image, and to end the device between any two statements.

mod acts;
mod crash;
mod heal;
mod hostile;
mod index;
mod resync;
mod settle;
mod whole;
mod write;

use super::{App, Carried, Outgoing, Place, SyncStep};
use crate::document::ChangeHash;
use crate::domain::id::{DeviceId, DocumentId, EntryId, UserId};
use crate::refusal::Refusal;
use crate::usecase::{Command, Outcome};
use crate::view::EntryState;
use crate::wire::{
    Ack, AckState, BoxOpener, Cursor, Decided, Decision, Delivered, DeliveredChange,
    DeliveredDocument, DocsAnswer, DocsRequest, DocumentDigest, EnrolAnswer, EnrolRequest, Holding,
    Parcel, PushedChange, QuarantineReason, Receipt, ReconcileAnswer, ReconcileRequest,
    RejectReason, Sheet, Status, SyncAnswer, SyncRequest, Token, pack, unpack,
};
use acts::{note, open_record, patient_of, shown};
use jiff::Timestamp;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const SHEET: &str = r#"{"name":"Sample","zone":"America/New_York","sites":[{"id":"north","name":"North"}],
    "people":[{"id":"n1","name":"Nurse One","roles":[{"role":"nurse"}]},
              {"id":"n2","name":"Nurse Two","roles":[{"role":"nurse"}]}]}"#;

fn now() -> Timestamp {
    "2026-03-03T15:00:00Z".parse().unwrap()
}

/// The other side.
#[derive(Clone, Default)]
struct Server {
    epoch: [u8; 16],
    log: Vec<DeliveredChange>,
    quarantine: BTreeMap<ChangeHash, QuarantineReason>,
    /// Documents that no device may see any more.
    gone: BTreeSet<DocumentId>,
    /// Changes whose next admission ends in quarantine, and why.
    refuses: BTreeMap<ChangeHash, QuarantineReason>,
    /// Changes that it does not keep.
    rejects: BTreeSet<ChangeHash>,
    /// What a person decided, to be told with the next page.
    decided: Vec<Decided>,
    /// Nobody has said yet whose the devices are.
    unconfirmed: bool,
    devices: u128,
}

impl Server {
    fn token(&self, seq: usize) -> Token {
        let mut chain = [0_u8; 32];
        for change in &self.log[..seq] {
            chain
                .iter_mut()
                .zip(change.hash.0)
                .for_each(|(a, b)| *a = a.rotate_left(1) ^ b);
        }
        Token {
            epoch: self.epoch,
            seq: seq as u64,
            chain,
        }
    }

    fn head(&self) -> Token {
        self.token(self.log.len())
    }

    fn knows(&self, token: &Token) -> bool {
        usize::try_from(token.seq)
            .is_ok_and(|seq| seq <= self.log.len() && self.token(seq) == *token)
    }

    fn state(&self, hash: ChangeHash) -> Option<AckState> {
        let accepted = self
            .log
            .iter()
            .find(|c| c.hash == hash)
            .map(|c| AckState::Accepted(c.receipt));
        accepted.or(self
            .quarantine
            .get(&hash)
            .map(|why| AckState::Quarantined(*why)))
    }

    fn admit(&mut self, pushed: &PushedChange) -> AckState {
        if let Some(state) = self.state(pushed.hash) {
            return state;
        }
        if self.unconfirmed && pushed.receipt.is_none() {
            let why = QuarantineReason::Unconfirmed;
            self.quarantine.insert(pushed.hash, why);
            return AckState::Quarantined(why);
        }
        let known = |dep: &&ChangeHash| {
            **dep == crate::document::genesis_hash() || self.log.iter().any(|c| c.hash == **dep)
        };
        let missing: Vec<_> = pushed
            .change
            .deps
            .iter()
            .filter(|dep| !known(dep))
            .copied()
            .collect();
        if self.rejects.contains(&pushed.hash) {
            return AckState::Rejected(RejectReason::Malformed);
        }
        let stands_on = missing.iter().any(|dep| self.quarantine.contains_key(dep));
        let why = self.refuses.get(&pushed.hash).copied();
        let why = why.or(stands_on.then_some(QuarantineReason::StandsOn));
        let orphan = (pushed.orphan && !missing.is_empty()).then_some(QuarantineReason::Recovered);
        if let Some(why) = why.or(orphan) {
            self.quarantine.insert(pushed.hash, why);
            return AckState::Quarantined(why);
        }
        if !missing.is_empty() {
            return AckState::MissingDeps(missing);
        }
        let count = self
            .log
            .iter()
            .filter(|c| c.change.actor == pushed.change.actor)
            .count() as u64;
        if pushed.change.seq != count + 1 {
            self.quarantine
                .insert(pushed.hash, QuarantineReason::Reauthor);
            return AckState::Quarantined(QuarantineReason::Reauthor);
        }
        let receipt = pushed.receipt.unwrap_or(Receipt {
            received_at: now().as_millisecond() + 1,
            offset_ms: 0,
            key: 1,
            mac: pushed.hash.0[..10].try_into().unwrap(),
        });
        self.log.push(DeliveredChange {
            change: pushed.change.clone(),
            hash: pushed.hash,
            receipt,
        });
        AckState::Accepted(receipt)
    }

    fn sync(&mut self, request: &SyncRequest) -> SyncAnswer {
        let from = request.hello.cursor;
        let known = self.knows(&from.token) && self.knows(&request.hello.high);
        let mut answer = SyncAnswer {
            number: request.hello.number,
            status: if known {
                Status::Ok
            } else {
                Status::Resync(self.head())
            },
            server_now: now().as_millisecond(),
            acks: Vec::new(),
            docs: Parcel::of(&Vec::new()),
            from,
            cursor: from,
            high: self.head(),
            more: false,
            sheet: None,
            retry_after_ms: None,
            people: vec!["n1".into(), "n2".into()],
            decided: std::mem::take(&mut self.decided),
            withdrawal: None,
            unconfirmed: self.unconfirmed,
            box_key: None,
        };
        if !known {
            return answer;
        }
        for pushed in request.push.iter().flat_map(|d| &d.changes) {
            answer.acks.push(Ack {
                hash: pushed.hash,
                state: self.admit(pushed),
            });
        }
        if self.unconfirmed {
            answer.people.clear();
            answer.high = self.head();
            answer.retry_after_ms = Some(300_000);
            return answer;
        }
        let mut docs: BTreeMap<DocumentId, Vec<DeliveredChange>> = BTreeMap::new();
        for change in self
            .log
            .iter()
            .skip(usize::try_from(from.token.seq).unwrap())
        {
            docs.entry(change.change.doc)
                .or_default()
                .push(change.clone());
        }
        docs.retain(|doc, _| !self.gone.contains(doc));
        let mut docs: Vec<_> = docs
            .into_iter()
            .map(|(doc, changes)| DeliveredDocument {
                doc,
                content: Delivered::Changes(changes),
            })
            .collect();
        docs.extend(self.gone.iter().map(|doc| DeliveredDocument {
            doc: *doc,
            content: Delivered::Forget,
        }));
        answer.docs = Parcel::of(&docs);
        answer.high = self.head();
        answer.cursor = Cursor {
            token: self.head(),
            after: None,
        };
        answer
    }

    fn reconcile(&self, request: &ReconcileRequest) -> ReconcileAnswer {
        let token = request.hello.cursor.token;
        let known = self.knows(&token) && self.knows(&request.hello.high);
        let holding = if known {
            self.holding(token.seq)
        } else {
            Holding::default()
        };
        ReconcileAnswer {
            number: request.hello.number,
            status: if known {
                Status::Ok
            } else {
                Status::Resync(self.head())
            },
            server_now: now().as_millisecond(),
            frame: holding.answer(&request.frame),
            digest: holding.digest(),
            sheet: None,
            high: self.head(),
        }
    }

    /// What may be seen, up to a row.
    fn holding(&self, seq: u64) -> Holding {
        let seq = usize::try_from(seq).unwrap();
        let mut docs: BTreeMap<DocumentId, Vec<(ChangeHash, Receipt)>> = BTreeMap::new();
        for change in &self.log[..seq] {
            let doc = docs.entry(change.change.doc).or_default();
            doc.push((change.hash, change.receipt));
        }
        let mut holding = Holding::default();
        for (doc, changes) in docs {
            if !self.gone.contains(&doc) {
                holding.add(doc, DocumentDigest::of(doc, changes));
            }
        }
        holding
    }

    fn whole(&self, doc: DocumentId) -> DeliveredDocument {
        let changes = self.log.iter().filter(|c| c.change.doc == doc);
        DeliveredDocument {
            doc,
            content: Delivered::whole(changes.cloned().collect()),
        }
    }

    fn docs(&self, request: &DocsRequest) -> DocsAnswer {
        let offered = || request.offers.iter().flat_map(|o| o.hashes.iter().copied());
        let known = self.knows(&request.hello.cursor.token) && self.knows(&request.hello.high);
        let holding = if known {
            self.holding(request.hello.cursor.token.seq)
        } else {
            Holding::default()
        };
        let wanted = || request.wanted.iter().filter_map(|d| holding.document(*d));
        DocsAnswer {
            number: request.hello.number,
            status: if known {
                Status::Ok
            } else {
                Status::Resync(self.head())
            },
            server_now: now().as_millisecond(),
            docs: wanted().map(|doc| self.whole(doc)).collect(),
            given: u32::try_from(request.wanted.len()).unwrap(),
            acks: offered()
                .filter_map(|hash| {
                    Some(Ack {
                        hash,
                        state: self.state(hash)?,
                    })
                })
                .collect(),
            need: offered()
                .filter(|hash| self.state(*hash).is_none())
                .collect(),
            high: self.head(),
        }
    }

    fn carry(&mut self, asked: &Outgoing) -> Carried {
        let body = match asked.path {
            "/v1/enrol" => {
                let request: EnrolRequest = unpack(&asked.body).unwrap();
                self.devices += 1;
                pack(&EnrolAnswer {
                    number: request.number,
                    device: DeviceId(Uuid::from_u128(self.devices)),
                    token: "secret".into(),
                    name: "tablet".into(),
                    shared: true,
                    high: self.head(),
                    server_now: now().as_millisecond(),
                    sheet: Sheet {
                        version: 1,
                        text: SHEET.into(),
                    },
                    people: vec!["n1".into(), "n2".into()],
                    box_key: BoxOpener::of(&[1; 32]).key(),
                })
            }
            "/v1/sync" => pack(&self.sync(&unpack(&asked.body).unwrap())),
            "/v1/reconcile" => pack(&self.reconcile(&unpack(&asked.body).unwrap())),
            "/v1/docs" => pack(&self.docs(&unpack(&asked.body).unwrap())),
            other => panic!("no such path {other}"),
        };
        Carried::Answer { status: 200, body }
    }
}

fn open(place: &Place, seed: u64) -> App {
    App::open(place, Box::new(ChaCha8Rng::seed_from_u64(seed))).unwrap()
}

fn enrolled(server: &mut Server, seed: u64) -> App {
    let mut app = open(&Place::Memory, seed);
    enrol(&mut app, server).unwrap();
    app
}

fn enrol(app: &mut App, server: &mut Server) -> Result<(), Refusal> {
    let asked = app.enrol("code", now());
    app.sync_answered(asked.number, &server.carry(&asked), now())?;
    app.dispatch(
        Command::SignIn {
            user: UserId::from("n1"),
        },
        now(),
    )
    .map(|_| ())
}

/// What the device sends now.
fn asks(app: &mut App) -> Outgoing {
    app.sync_wanted();
    match app.sync_next(now()).unwrap() {
        SyncStep::Send(asked) => asked,
        SyncStep::Idle(until) => panic!("the device says nothing until {until:?}"),
    }
}

/// Requests until the device comes to rest; how many.
fn run(app: &mut App, server: &mut Server) -> Result<u32, Refusal> {
    app.sync_wanted();
    for count in 0..50 {
        match app.sync_next(now())? {
            SyncStep::Send(asked) => {
                app.sync_answered(asked.number, &server.carry(&asked), now())?;
            }
            SyncStep::Idle(_) => return Ok(count),
        }
    }
    panic!("the device does not come to rest");
}
