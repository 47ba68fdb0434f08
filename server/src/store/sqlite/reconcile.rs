//! A round of a resync: for each hash that a device holds, how it stands here, or that it is lacking. Nothing is
//! written and nothing is refused: also what the device may no longer see is answered for.

use super::{StoreError, Verb};
use jiff::Timestamp;
use warmhand_core::domain::id::DeviceId;
use warmhand_core::wire::{Ack, ReconcileAnswer, ReconcileRequest, Status};

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
            match self.state_of(*hash)? {
                Some(state) => answer.acks.push(Ack { hash: *hash, state }),
                None => answer.need.push(*hash),
            }
        }
        Ok(answer)
    }
}
