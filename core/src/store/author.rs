//! The next change of a document by somebody on this device: on everything that is here of it, under her actor, with the
//! count that follows. The same for what she says now and for what is written anew.

use super::{ChangeState, StoreError, Write};
use crate::document::{Actor, Change, Put, Sealed, Tip, seal};
use crate::domain::id::{DeviceId, DocumentId, UserId};
use rand::RngCore;

/// Who writes where.
#[derive(Clone, Copy, Debug)]
pub struct Author<'a> {
    /// In which document.
    pub doc: DocumentId,
    /// On which device.
    pub device: DeviceId,
    /// Who.
    pub user: &'a UserId,
}

impl Write<'_> {
    /// Writes one change there, and goes on with its author's actor or begins one.
    pub fn write_next(
        &mut self,
        author: Author<'_>,
        tip: Tip,
        puts: Vec<Put>,
        recorded_at: i64,
        rng: &mut dyn RngCore,
    ) -> Result<Sealed, StoreError> {
        let Author { doc, device, user } = author;
        let (actor, nonce, seq) = if let Some((actor, nonce, seq)) = self.actor(doc, user)? {
            (actor, nonce, seq + 1)
        } else {
            let mut nonce = [0; 16];
            rng.fill_bytes(&mut nonce);
            (Actor::derive(device, user, doc, &nonce), nonce, 1)
        };
        let fields = Change {
            doc,
            actor,
            seq,
            start_op: tip.start_op,
            deps: tip.deps,
            nonce: (seq == 1).then_some(nonce),
            device,
            user: user.clone(),
            puts,
        };
        let sealed = seal(fields).map_err(|_| StoreError::Unreadable)?;
        self.append(&sealed, ChangeState::Saved, recorded_at, None)?;
        self.save_actor(doc, user, actor, &nonce, seq)?;
        Ok(sealed)
    }
}
