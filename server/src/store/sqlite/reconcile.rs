//! A round of a resync: for each hash that a device holds, how it stands here, or that it is lacking. Nothing is
//! written and nothing is refused: also what the device may no longer see is answered for.

use super::{StoreError, Verb};
use jiff::Timestamp;
use warmhand_core::domain::id::DeviceId;
use warmhand_core::wire::{Ack, AckState, ReconcileAnswer, ReconcileRequest, Status};

impl Verb<'_> {
    pub(super) fn reconcile(
        &self,
        _device: DeviceId,
        request: &ReconcileRequest,
        now: Timestamp,
    ) -> Result<ReconcileAnswer, StoreError> {
        let head = self.head()?;
        let mut answer = ReconcileAnswer {
            number: request.hello.number,
            status: Status::Ok,
            server_now: now.as_millisecond(),
            acks: Vec::new(),
            need: Vec::new(),
            high: head,
        };
        if !self.in_step(&request.hello)? {
            answer.status = Status::Resync(head);
            return Ok(answer);
        }
        for hash in request.offers.iter().flat_map(|offer| &offer.hashes) {
            if let Some(receipt) = self.receipt_of(*hash)? {
                answer.acks.push(Ack {
                    hash: *hash,
                    state: AckState::Accepted(receipt),
                });
            } else if let Some(reason) = self.quarantined(*hash)? {
                answer.acks.push(Ack {
                    hash: *hash,
                    state: AckState::Quarantined(reason),
                });
            } else {
                answer.need.push(*hash);
            }
        }
        Ok(answer)
    }
}
