//! The store's verbs: each a whole transaction of the writer or of a reader, a few with something behind it.

use super::{Sqlite, Verb};
use crate::store::audit::put_on;
use crate::store::check::Check;
use crate::store::{
    Aside, BoxRow, CodeDraft, ConfirmDraft, DeviceRow, Doing, Folder, OpenedBoxes, SessionRow,
    Snapshot, Store, StoreError,
};
use jiff::Timestamp;
use std::sync::Arc;
use warmhand_core::document::ChangeHash;
use warmhand_core::domain::entry::Body;
use warmhand_core::domain::id::{DeviceId, DocumentId, PatientId, UserId};
use warmhand_core::domain::organisation::Organisation;
use warmhand_core::wire::{
    Ack, Decision, DeliveredChange, DocsAnswer, DocsRequest, EnrolAnswer, Heartbeat,
    PushedDocument, ReconcileAnswer, ReconcileRequest, SyncAnswer, SyncRequest, WipedAnswer,
    WipedReport,
};

impl Store for Sqlite {
    fn sync(
        &self,
        device: DeviceId,
        request: SyncRequest,
        now: Timestamp,
    ) -> Doing<'_, SyncAnswer> {
        let (queue, request) = (self.queue.clone(), Arc::new(request));
        let (page_bytes, from) = (request.page_bytes, request.hello.cursor);
        let has_pushed = !request.push.is_empty();
        let pushed = Arc::clone(&request);
        let take = move |verb: &Verb<'_>| {
            let taken = verb.take_push(device, &pushed, now)?;
            Ok((taken, queue.patience(pushed.hello.number)))
        };
        Box::pin(async move {
            if !has_pushed {
                self.ahead.read(device, from).await;
            }
            let (taken, patience) = self.write_passing_over(take).await?;
            let answer = move |verb: &Verb<'_>| verb.answer(device, &request, taken.clone(), now);
            let (mut answer, docs) = self.tell_passing_over(answer).await?;
            answer.retry_after_ms = answer.retry_after_ms.max(patience);
            if answer.more {
                self.read_ahead(device, page_bytes, answer.cursor, now);
            }
            answer.docs = docs.packed();
            Ok(answer)
        })
    }

    fn reconcile(
        &self,
        device: DeviceId,
        request: ReconcileRequest,
        now: Timestamp,
    ) -> Doing<'_, ReconcileAnswer> {
        let (digests, request) = (Arc::clone(&self.digests), Arc::new(request));
        self.read_passing_over(move |verb| verb.reconcile(device, &request, &digests, now))
    }

    fn docs(
        &self,
        device: DeviceId,
        request: DocsRequest,
        now: Timestamp,
    ) -> Doing<'_, DocsAnswer> {
        let (digests, request) = (Arc::clone(&self.digests), Arc::new(request));
        self.read_passing_over(move |verb| verb.docs(device, &request, &digests, now))
    }

    fn rescue(&self, docs: Vec<PushedDocument>, now: Timestamp) -> Doing<'_, Vec<Ack>> {
        self.write_passing_over(move |verb| verb.rescue(&docs, now))
    }

    fn heartbeat(&self, device: DeviceId, beat: Heartbeat, now: Timestamp) -> Doing<'_, ()> {
        self.write(move |verb| verb.seen(device, &beat.hello, &beat.state, now))
    }

    fn device_of(&self, credential: String, now: Timestamp) -> Doing<'_, Option<DeviceId>> {
        self.known_or_proven(credential, now)
    }

    fn issue_code(&self, draft: CodeDraft) -> Doing<'_, ()> {
        self.write(move |verb| verb.issue_code(&draft))
    }

    fn enrol(
        &self,
        code_hash: [u8; 32],
        device: DeviceId,
        now: Timestamp,
    ) -> Doing<'_, EnrolAnswer> {
        self.write(move |verb| verb.enrol(&code_hash, device, now))
    }

    fn confirm(
        &self,
        device: DeviceId,
        draft: ConfirmDraft,
        by: UserId,
        now: Timestamp,
    ) -> Doing<'_, ()> {
        self.write_passing_over(move |verb| {
            verb.confirm(device, &draft, now)?;
            let named = format!("{} ({})", verb.named(device)?, draft.kind);
            let why = put_on(&named, &draft.people, &by);
            verb.audit(now, &by, "confirmed a device", None, &why)
        })
    }

    fn revoke(&self, device: DeviceId, by: UserId, now: Timestamp) -> Doing<'_, ()> {
        self.write(move |verb| {
            verb.revoke(device, now)?;
            verb.audit(now, &by, "revoked a device", None, &device.to_string())
        })
    }

    fn reinstate(&self, device: DeviceId, by: UserId, now: Timestamp) -> Doing<'_, ()> {
        self.write(move |verb| {
            verb.reinstate(device, now)?;
            verb.audit(now, &by, "took a device back", None, &device.to_string())
        })
    }

    fn set_people(
        &self,
        device: DeviceId,
        people: Vec<UserId>,
        by: UserId,
        now: Timestamp,
    ) -> Doing<'_, ()> {
        self.write(move |verb| {
            verb.set_people(device, &people, now)?;
            let why = put_on(&verb.named(device)?, &people, &by);
            verb.audit(now, &by, "changed a device's people", None, &why)
        })
    }

    fn wiped(
        &self,
        device: DeviceId,
        report: WipedReport,
        now: Timestamp,
    ) -> Doing<'_, WipedAnswer> {
        self.write_passing_over(move |verb| verb.wiped(device, &report, now))
    }

    fn boxes(&self, device: DeviceId) -> Doing<'_, Vec<BoxRow>> {
        self.read(move |verb| verb.boxes(device))
    }

    fn open_boxes(&self, now: Timestamp) -> Doing<'_, OpenedBoxes> {
        Box::pin(async move {
            let mut opened = OpenedBoxes::default();
            for hash in self.read(|verb: &Verb<'_>| verb.openable()).await? {
                // Each by itself: what is amiss with one is in the way of that one alone.
                match self.write(move |verb| verb.open_box(&hash, now)).await {
                    Ok(is_taken) => opened.taken += usize::from(is_taken),
                    Err(error @ (StoreError::Full | StoreError::Busy | StoreError::Killed)) => {
                        return Err(error);
                    }
                    Err(_) => opened.left += 1,
                }
            }
            Ok(opened)
        })
    }

    fn load_sheet(&self, text: String) -> Doing<'_, u64> {
        self.write(move |verb| verb.load_sheet(&text))
    }

    fn sheet(&self) -> Doing<'_, Organisation> {
        self.read(|verb| Ok(verb.sheet()?.1.as_ref().clone()))
    }

    fn snapshot(&self, now: Timestamp) -> Doing<'_, Snapshot> {
        Box::pin(async move {
            loop {
                let whole = self.read(move |verb| verb.snapshot(now)).await?;
                if let Some(snapshot) = whole {
                    return Ok(snapshot);
                }
            }
        })
    }

    fn devices(&self) -> Doing<'_, Vec<DeviceRow>> {
        self.read(|verb: &Verb<'_>| verb.device_rows())
    }

    fn folder(&self, patient: PatientId, as_known_at: Option<Timestamp>) -> Doing<'_, Folder> {
        self.read(move |verb| verb.folder(patient, as_known_at))
    }

    fn patients(&self) -> Doing<'_, Vec<PatientId>> {
        self.read(|verb: &Verb<'_>| verb.patients())
    }

    fn record_bytes(&self, record: DocumentId) -> Doing<'_, Vec<Vec<u8>>> {
        self.read(move |verb| verb.record_bytes(record))
    }

    fn changes(&self) -> Doing<'_, Vec<DeliveredChange>> {
        self.read(|verb| {
            Ok(verb
                .changes("1", [])?
                .into_iter()
                .map(|row| verb.delivered(row))
                .collect())
        })
    }

    fn author(
        &self,
        user: UserId,
        record: DocumentId,
        body: Body,
        seed: u64,
        now: Timestamp,
    ) -> Doing<'_, ()> {
        let what = match body {
            Body::ReviewSettled(_) => "settled a question",
            _ => "wrote in a record",
        };
        self.write(move |verb| {
            verb.author(&user, record, body, seed, now)?;
            verb.audit(now, &user, what, Some(record), "")
        })
    }

    fn quarantine(&self, now: Timestamp) -> Doing<'_, Aside> {
        self.read_passing_over(move |verb| verb.before_the_reviewer(now))
    }

    fn decide(
        &self,
        user: UserId,
        hash: ChangeHash,
        decision: Decision,
        seed: u64,
        now: Timestamp,
    ) -> Doing<'_, ()> {
        self.write(move |verb| verb.decide(&user, hash, decision, seed, now))
    }

    fn save_account(&self, user: UserId, password_hash: String) -> Doing<'_, ()> {
        self.write(move |verb| verb.save_account(&user, &password_hash))
    }

    fn account(&self, user: UserId) -> Doing<'_, Option<String>> {
        self.read(move |verb| verb.account(&user))
    }

    fn is_revoked(&self, device: DeviceId) -> Doing<'_, bool> {
        self.read(move |verb| verb.is_revoked(device))
    }

    fn begin_session(
        &self,
        token_hash: [u8; 32],
        session: SessionRow,
        proved_by: String,
    ) -> Doing<'_, bool> {
        self.write(move |verb| verb.begin_session(&token_hash, &session, &proved_by))
    }

    fn touch_session(&self, token_hash: [u8; 32], now: Timestamp) -> Doing<'_, bool> {
        self.write(move |verb| verb.touch_session(&token_hash, now))
    }

    fn open_record(
        &self,
        token_hash: [u8; 32],
        record: DocumentId,
        why: String,
        now: Timestamp,
    ) -> Doing<'_, bool> {
        self.write(move |verb| verb.open_record(&token_hash, record, &why, now))
    }

    fn session(&self, token_hash: [u8; 32]) -> Doing<'_, Option<SessionRow>> {
        self.read(move |verb| verb.session(&token_hash))
    }

    fn end_session(&self, token_hash: [u8; 32]) -> Doing<'_, ()> {
        self.write(move |verb| verb.end_session(&token_hash))
    }

    fn audit(
        &self,
        at: Timestamp,
        user: UserId,
        what: &'static str,
        record: Option<DocumentId>,
        why: String,
    ) -> Doing<'_, ()> {
        self.write(move |verb| verb.audit(at, &user, what, record, &why))
    }

    fn erase(
        &self,
        record: DocumentId,
        whole_patient: bool,
        user: UserId,
        why: String,
        now: Timestamp,
    ) -> Doing<'_, usize> {
        Box::pin(async move {
            let erase =
                move |verb: &Verb<'_>| verb.erase(record, whole_patient, (&user, &why), now);
            let done = self.write(erase).await?;
            if let Some(empty) = self.writer.emptying() {
                let _ = tokio::task::spawn_blocking(empty).await;
            }
            Ok(done)
        })
    }

    fn head(&self) -> Doing<'_, u64> {
        self.read(|verb| Ok(verb.head()?.seq))
    }

    fn look_at_keys(&self) -> Doing<'_, Option<u16>> {
        self.take_keys()
    }

    fn check(&self, so_far: Check, now: Timestamp) -> Doing<'_, Check> {
        self.check_apart(so_far, now)
    }
}
