//! What no honest device sends: changes in other people's names, under other devices' actors, against the grammar.

use super::fault::Fault;
use super::oracle::{Failure, Oracle, holds};
use super::world::World;
use rand::RngCore;
use serde_json::{Value, json};
use warmhand_core::document::{Actor, Change, ChangeHash, Put, genesis_hash, seal};
use warmhand_core::domain::id::{DeviceId, DocumentId, EntryId, UserId};
use warmhand_core::wire::{
    DeviceState, Hello, PushedChange, PushedDocument, Receipt, SCHEMA, SyncRequest, pack,
};

/// A change in the making, standing on everything that the server has of a document.
pub(super) struct Draft {
    pub doc: DocumentId,
    pub device: DeviceId,
    pub user: UserId,
    pub entry: Value,
    deps: Vec<ChangeHash>,
    start_op: u64,
    nonce: [u8; 16],
}

impl Draft {
    /// Sealed as an honest device would.
    pub fn change(&self) -> Change {
        Change {
            doc: self.doc,
            actor: Actor::derive(self.device, &self.user, self.doc, &self.nonce),
            seq: 1,
            start_op: self.start_op,
            deps: self.deps.clone(),
            nonce: Some(self.nonce),
            device: self.device,
            user: self.user.clone(),
            puts: vec![Put {
                id: self.id(),
                text: self.entry.to_string(),
            }],
        }
    }

    pub fn id(&self) -> EntryId {
        self.entry["id"]
            .as_str()
            .and_then(|id| id.parse().ok())
            .expect("an id")
    }

    fn by(&mut self, device: DeviceId, user: UserId) {
        self.entry["device"] = json!(device);
        self.entry["by"] = json!(user);
        (self.device, self.user) = (device, user);
    }
}

/// As it travels.
pub(super) fn pushed(change: Change) -> PushedChange {
    let hash = seal(change.clone()).map_or(ChangeHash([1; 32]), |sealed| sealed.hash);
    PushedChange {
        change,
        hash,
        receipt: None,
        orphan: false,
    }
}

impl World {
    /// A note by somebody in a record that the server has.
    pub(super) fn draft(&mut self, d: usize, r: u8, user: &UserId) -> Option<Draft> {
        let all = self.server.changes();
        let opened = |text: &str| text.contains("\"RecordOpened\"");
        let openings = all.iter().filter(|c| opened(&c.change.puts[0].text));
        let records: Vec<_> = openings.map(|c| c.change.doc).collect();
        if records.is_empty() {
            return None;
        }
        let doc = records[usize::from(r) % records.len()];
        let changes: Vec<_> = all.iter().filter(|c| c.change.doc == doc).collect();
        let is_head = |hash: ChangeHash| !changes.iter().any(|c| c.change.deps.contains(&hash));
        let heads: Vec<_> = changes.iter().filter(|c| is_head(c.hash)).collect();
        let mut rng = self.rng(self.tally.operations << 3);
        let id = EntryId::new(self.now, &mut rng);
        let mut entry: Value = serde_json::from_str(&changes[0].change.puts[0].text).expect("JSON");
        entry["id"] = json!(id);
        entry["by"] = json!(user);
        entry["device"] = json!(self.devices[d].id);
        let last = heads.iter().filter_map(|c| c.change.puts.last());
        entry["after"] = json!(last.map(|put| put.id).collect::<Vec<_>>());
        entry["kind"] = json!("Noted");
        entry["payload"] = json!({"text": "never written"});
        let mut nonce = [0; 16];
        rng.fill_bytes(&mut nonce);
        Some(Draft {
            doc,
            device: self.devices[d].id,
            user: user.clone(),
            entry,
            deps: heads.iter().map(|c| c.hash).collect(),
            start_op: heads.iter().map(|c| c.change.last_op()).max().unwrap_or(1) + 1,
            nonce,
        })
    }

    /// Sends changes under a device's credential, past its core. Nobody hears the answer.
    pub(super) fn push_directly(
        &mut self,
        d: usize,
        changes: Vec<PushedChange>,
    ) -> Result<(), Failure> {
        let Some(request) = self.request_of(d, changes) else {
            return Ok(());
        };
        let Some(bearer) = self.bearer(d) else {
            return Ok(());
        };
        let (status, _) = self.server.post("/v1/sync", Some(&bearer), pack(&request));
        let struck = self.server.recover_from_blow();
        if let Some(struck) = &struck {
            self.note_blow(struck, true);
        }
        holds(Oracle::Typed, status == 200 || struck.is_some(), || {
            format!("a push past the core was answered with {status}")
        })?;
        let new = self.server.refresh();
        self.check_server(&new)
    }

    pub(super) fn bearer(&self, d: usize) -> Option<String> {
        let sql = "select token from device";
        self.devices[d]
            .eyes
            .query_row(sql, [], |row| row.get(0))
            .ok()
    }

    pub(super) fn request_of(&self, d: usize, changes: Vec<PushedChange>) -> Option<SyncRequest> {
        let look = self.devices[d].look();
        let doc = changes.first()?.change.doc;
        Some(SyncRequest {
            hello: Hello {
                number: 1,
                build: "another/0".to_owned(),
                schema: SCHEMA,
                client_now: self.now.as_millisecond(),
                sheet_version: 1,
                cursor: look.cursor,
                high: look.high,
                box_key: 0,
            },
            state: DeviceState::default(),
            push: vec![PushedDocument { doc, changes }],
            page_bytes: self.page_bytes,
        })
    }

    pub(super) fn forge(&mut self, d: u8, r: u8, k: u8) -> Result<(), Failure> {
        let Some(d) = self.named(d) else {
            return Ok(());
        };
        let victim = (d + 1) % self.devices.len();
        let (own, other) = (
            self.devices[d].people[0].clone(),
            self.devices[victim].people[0].clone(),
        );
        let Some(mut draft) = self.draft(d, r, &own) else {
            return Ok(());
        };
        let hers = self.devices[victim].id;
        let accepted = self.server.changes();
        let in_doc: Vec<_> = accepted
            .iter()
            .filter(|c| c.change.doc == draft.doc)
            .collect();
        let last = in_doc.last().expect("a change");
        let mut entry_is_known = false;
        let (fault, sent) = match k % 12 {
            0 => {
                // As if somebody else had written it; or she herself, on another's device.
                draft.by(hers, if r.is_multiple_of(2) { other } else { own });
                (Fault::Forged, pushed(draft.change()))
            }
            1 => {
                draft.by(hers, other);
                let receipt = Receipt {
                    mac: [k; 10],
                    ..last.receipt
                };
                (
                    Fault::Forged,
                    PushedChange {
                        receipt: Some(receipt),
                        ..pushed(draft.change())
                    },
                )
            }
            2 => {
                draft.by(hers, other);
                (
                    Fault::Forged,
                    PushedChange {
                        receipt: Some(last.receipt),
                        ..pushed(draft.change())
                    },
                )
            }
            3 => {
                draft.entry["by"] = json!(other);
                (Fault::Forged, pushed(draft.change()))
            }
            4 | 5 => {
                // The count after the last one of somebody's actor, in the thief's name or in hers.
                let theirs = &last.change;
                let count = in_doc
                    .iter()
                    .filter(|c| c.change.actor == theirs.actor)
                    .count() as u64;
                if theirs.device == self.devices[d].id {
                    return Ok(());
                }
                if k % 12 == 5 {
                    draft.by(theirs.device, theirs.user.clone());
                }
                let stolen = Change {
                    actor: theirs.actor,
                    seq: count + 1,
                    nonce: None,
                    ..draft.change()
                };
                (Fault::Hijacked, pushed(stolen))
            }
            6 => (
                Fault::Malformed,
                PushedChange {
                    hash: ChangeHash([k; 32]),
                    ..pushed(draft.change())
                },
            ),
            7 => (
                Fault::Malformed,
                pushed(Change {
                    seq: 2,
                    nonce: None,
                    ..draft.change()
                }),
            ),
            8 => (
                Fault::Malformed,
                pushed(Change {
                    start_op: draft.start_op + 1,
                    ..draft.change()
                }),
            ),
            9 => (
                Fault::Malformed,
                pushed(Change {
                    deps: vec![ChangeHash([k; 32])],
                    ..draft.change()
                }),
            ),
            10 => {
                entry_is_known = true;
                draft.entry["id"] = json!(last.change.puts[0].id);
                (Fault::Malformed, pushed(draft.change()))
            }
            _ => {
                // A second beginning of a record that has one.
                let change = Change {
                    deps: vec![genesis_hash()],
                    start_op: 2,
                    ..draft.change()
                };
                draft.entry["after"] = json!([]);
                let text = draft.entry.to_string().repeat(2);
                let puts = vec![Put {
                    id: draft.id(),
                    text,
                }];
                (Fault::Malformed, pushed(Change { puts, ..change }))
            }
        };
        if !entry_is_known {
            self.truth.hostile.insert(draft.id());
        }
        self.tally.count(fault);
        self.says(|| format!("    device {d} forges ({})", k % 12));
        self.push_directly(d, vec![sent])
    }
}
