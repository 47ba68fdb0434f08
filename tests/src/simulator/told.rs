//! What devices are told, written down beside them by the answer and not by what they made of it.

use super::fault::Fault;
use super::look::DeviceLook;
use super::network::Answer;
use super::world::World;
use warmhand_core::document::ChangeHash;
use warmhand_core::wire::{
    Ack, AckState, Delivered, DeliveredDocument, DocsAnswer, QuarantineReason, ReconcileAnswer,
    RejectReason, Status, SyncAnswer, unpack,
};

const UNCONFIRMED: AckState = AckState::Quarantined(QuarantineReason::Unconfirmed);

/// The changes that an answer brings of a document; none if it says that it is to be forgotten.
pub(super) fn hashes(delivered: &DeliveredDocument) -> Option<Vec<ChangeHash>> {
    match &delivered.content {
        Delivered::Forget | Delivered::Erased => None,
        Delivered::Changes(changes) => Some(changes.iter().map(|change| change.hash).collect()),
        Delivered::Whole(columns) => {
            let packed = columns.read().expect("columns");
            let built = packed.rebuild(delivered.doc).expect("a sound document");
            Some(built.into_iter().map(|(sealed, _)| sealed.hash).collect())
        }
    }
}

impl World {
    /// Writes down what a device was told, by the answer and not by what it made of it.
    pub(super) fn note_told(&mut self, d: usize, before: &DeviceLook, answer: &Answer) {
        let erased = self.erased_changes(before);
        self.devices[d]
            .told
            .refused
            .retain(|hash| !erased.contains(hash));
        let (acks, resync, high) = match answer.path {
            "/v1/sync" => {
                let mut told: SyncAnswer = unpack(&answer.body).expect("an answer");
                if told.unconfirmed {
                    self.tally.count(Fault::DeviceUnknown);
                    // It lies there until somebody has said whose the device is, and here: nothing has become of it.
                    told.acks.retain(|ack| ack.state != UNCONFIRMED);
                }
                let resync =
                    matches!(told.status, Status::Resync(_)) || told.high.seq < before.high.seq;
                if !resync && told.from == before.cursor {
                    self.note_page(d, before, &told);
                }
                (told.acks, resync, told.high.seq)
            }
            "/v1/reconcile" => {
                let told: ReconcileAnswer = unpack(&answer.body).expect("an answer");
                let highest = before.resync_high.map_or(0, |high| high.seq);
                let resync = matches!(told.status, Status::Resync(_)) || told.high.seq < highest;
                if !resync {
                    // Its digest speaks of everything that it has and this device may see.
                    let on_server = &mut self.devices[d].told.on_server;
                    on_server.extend(answer.accepted.iter());
                }
                (Vec::new(), resync, told.high.seq)
            }
            "/v1/docs" => {
                let told: DocsAnswer = unpack(&answer.body).expect("an answer");
                let on_server = &mut self.devices[d].told.on_server;
                for hash in &told.need {
                    on_server.remove(hash);
                }
                let highest = before.resync_high.map_or(0, |high| high.seq);
                let resync = matches!(told.status, Status::Resync(_)) || told.high.seq < highest;
                if !resync {
                    self.note_documents(d, before, &told.docs);
                }
                (told.acks, resync, told.high.seq)
            }
            _ => return,
        };
        let (count, id) = (acks.len(), self.devices[d].id);
        let told = &mut self.devices[d].told;
        if resync {
            told.on_server.clear();
            self.says(|| format!("    device {d} is told to compare, head {high}"));
            return;
        }
        for Ack { hash, state } in acks {
            match state {
                AckState::Accepted(_) | AckState::AcceptedAs(..) => {
                    told.on_server.insert(hash);
                    told.refused.remove(&hash);
                }
                AckState::Rejected(RejectReason::Erased) => {
                    told.on_server.remove(&hash);
                }
                AckState::Quarantined(_) | AckState::Rejected(_) => {
                    told.on_server.remove(&hash);
                    if before
                        .changes
                        .get(&hash)
                        .is_some_and(|held| held.device == id)
                    {
                        told.refused.insert(hash);
                    }
                }
                AckState::Decided(..) => {
                    told.on_server.remove(&hash);
                    told.refused.remove(&hash);
                }
                AckState::MissingDeps(_) => {}
            }
        }
        self.says(|| {
            format!(
                "    device {d} takes {count} acks of {}, head {high}",
                answer.path
            )
        });
    }

    fn note_page(&mut self, d: usize, before: &DeviceLook, told: &SyncAnswer) {
        for decided in &told.decided {
            self.devices[d].told.refused.remove(&decided.hash);
        }
        let docs = told.docs.open().expect("a page");
        self.note_documents(d, before, &docs);
    }

    fn note_documents(&mut self, d: usize, before: &DeviceLook, docs: &[DeliveredDocument]) {
        for delivered in docs {
            match &delivered.content {
                Delivered::Forget => self.tally.count(Fault::AccessLost),
                Delivered::Erased => self.tally.count(Fault::ErasureTold),
                Delivered::Whole(columns) => {
                    let packed = columns.read().expect("columns");
                    let is_new = !before.documents.contains_key(&delivered.doc);
                    if is_new && packed.by.len() > 1 {
                        self.tally.count(Fault::AccessGiven);
                    }
                }
                Delivered::Changes(_) => {}
            }
            let told = &mut self.devices[d].told;
            for hash in hashes(delivered).unwrap_or_default() {
                told.on_server.insert(hash);
                told.refused.remove(&hash);
            }
        }
    }

    /// What a device holds with a receipt was acknowledged to it.
    pub(super) fn acknowledge(&mut self, look: &DeviceLook) {
        for held in look.changes.values().filter(|held| held.receipted) {
            self.truth
                .acknowledged
                .extend(held.entries.iter().map(|(id, _)| *id));
        }
    }
}
