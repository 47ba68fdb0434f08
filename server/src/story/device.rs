//! A device of a story: a real core in memory with its clock and its link. Its bytes are carried to the server without
//! a socket, documents and changes of a message in whatever order is tried. Refuses to know what a command says.

use super::form;
use super::house::House;
use super::names::Made;
use super::order::Order;
use super::step::Link;
use jiff::{SignedDuration, Timestamp};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};
use warmhand_core::app::{App, Carried, Outgoing, Place, SyncStep};
use warmhand_core::document::ChangeHash;
use warmhand_core::domain::id::{DeviceId, DocumentId, UserId};
use warmhand_core::refusal::Refusal;
use warmhand_core::usecase::{Command, Outcome};
use warmhand_core::wire::{
    Columns, Delivered, DeliveredChange, Parcel, SyncAnswer, SyncRequest, pack, unpack,
};

/// More requests in a row than any honest story needs.
const MOST_REQUESTS: usize = 1_000;

/// A device.
pub(super) struct Device {
    pub name: String,
    pub link: Link,
    pub is_lost: bool,
    people: Vec<UserId>,
    app: App,
    id: DeviceId,
    ahead: SignedDuration,
}

impl Device {
    /// Enrols a device by a one-time code, as the story begins.
    pub(super) async fn enrol(
        told: &form::Device,
        house: &House,
        at: Timestamp,
    ) -> Result<Self, String> {
        let seed: [u8; 32] = Sha256::digest(told.name.as_bytes()).into();
        let rng = Box::new(ChaCha8Rng::from_seed(seed));
        let mut app = App::open(&Place::Memory, rng).map_err(in_words)?;
        let code = house.issue_code(told).await?;
        let now = at.saturating_add(told.clock_ahead).unwrap_or(at);
        let asked = app.enrol(&code, now);
        let number = asked.number;
        let carried = house.carry(asked).await?;
        app.sync_answered(number, &carried, now).map_err(in_words)?;
        let id = app.id().map_err(in_words)?;
        Ok(Self {
            name: told.name.clone(),
            link: told.link,
            is_lost: false,
            people: told.people.clone(),
            app,
            id,
            ahead: told.clock_ahead,
        })
    }

    pub(super) fn id(&self) -> DeviceId {
        self.id
    }

    /// What its clock shows.
    fn now(&self, at: Timestamp) -> Timestamp {
        at.saturating_add(self.ahead).unwrap_or(at)
    }

    /// Signs a person in, if she is not; left out, whoever holds the device, or the one person that it is for.
    fn hand_to(&mut self, by: Option<&UserId>, at: Timestamp) -> Result<(), Refusal> {
        let holds = self.app.signed_in()?;
        let user = match (by, &holds, self.people.as_slice()) {
            (Some(user), _, _) => user,
            (None, Some(_), _) => return Ok(()),
            (None, None, [only]) => only,
            (None, None, _) => return Err(Refusal::SignedOut),
        };
        if holds.as_ref() == Some(user) {
            return Ok(());
        }
        let user = user.clone();
        let command = if holds.is_none() {
            Command::SignIn { user }
        } else {
            Command::SwitchUser { user }
        };
        self.app.dispatch(command, self.now(at)).map(|_| ())
    }

    /// A person does something.
    pub(super) fn dispatch(
        &mut self,
        by: Option<&UserId>,
        command: Command,
        at: Timestamp,
    ) -> Result<Outcome, Refusal> {
        if !matches!(command, Command::SignIn { .. } | Command::SwitchUser { .. }) {
            self.hand_to(by, at)?;
        }
        self.app.dispatch(command, self.now(at))
    }

    /// Has it received what a name stands for?
    pub(super) fn has(&self, made: &Made) -> Result<bool, String> {
        if !self.app.holds(made.record).map_err(in_words)? {
            return Ok(false);
        }
        let (patient, _) = self.app.patient(made.patient).map_err(in_words)?;
        Ok(patient
            .record(made.record)
            .is_some_and(|record| record.past.get(made.entry).is_some()))
    }

    /// Sends and receives until there is nothing more to say.
    pub(super) async fn run_until_quiet(
        &mut self,
        house: &House,
        order: &mut Order,
        at: Timestamp,
    ) -> Result<(), String> {
        let now = self.now(at);
        self.app.sync_wanted();
        for _ in 0..MOST_REQUESTS {
            let SyncStep::Send(mut asked) = self.app.sync_next(now).map_err(in_words)? else {
                return Ok(());
            };
            let number = asked.number;
            let is_sync = asked.path == "/v1/sync";
            if is_sync {
                mix_request(&mut asked, order)?;
            }
            let mut carried = house.carry(asked).await?;
            if is_sync {
                mix_answer(&mut carried, order)?;
            }
            self.app
                .sync_answered(number, &carried, now)
                .map_err(in_words)?;
        }
        Err(format!(
            "the device \"{}\" does not come to rest",
            self.name
        ))
    }
}

fn in_words(refusal: impl std::error::Error) -> String {
    refusal.to_string()
}

/// The documents of a push and the changes of each, in an order that is as good.
fn mix_request(asked: &mut Outgoing, order: &mut Order) -> Result<(), String> {
    let mut request: SyncRequest = unpack(&asked.body).map_err(|why| why.to_string())?;
    order.any(&mut request.push);
    for document in &mut request.push {
        let changes = std::mem::take(&mut document.changes);
        document.changes = order.causal(changes, |c| c.hash, |c| c.change.deps.clone());
        note(order, "push", document.changes.iter().map(|c| c.hash));
    }
    asked.body = pack(&request);
    Ok(())
}

/// The same for a page.
fn mix_answer(carried: &mut Carried, order: &mut Order) -> Result<(), String> {
    let Carried::Answer { status: 200, body } = carried else {
        return Ok(());
    };
    let mut answer: SyncAnswer = unpack(body).map_err(|why| why.to_string())?;
    let mut docs = answer.docs.open().map_err(|why| why.to_string())?;
    order.any(&mut docs);
    order.any(&mut answer.acks);
    for document in &mut docs {
        let given = match &mut document.content {
            Delivered::Changes(changes) => std::mem::take(changes),
            Delivered::Whole(columns) => rebuilt(document.doc, columns)?,
            Delivered::Forget | Delivered::Erased => continue,
        };
        let mixed = order.causal(given, |c| c.hash, |c| c.change.deps.clone());
        note(order, "page", mixed.iter().map(|c| c.hash));
        document.content = match document.content {
            Delivered::Whole(_) => Delivered::whole(mixed),
            _ => Delivered::Changes(mixed),
        };
    }
    answer.docs = Parcel::of(&docs);
    *body = pack(&answer);
    Ok(())
}

fn rebuilt(doc: DocumentId, columns: &Columns) -> Result<Vec<DeliveredChange>, String> {
    let packed = columns.read().map_err(|why| why.to_string())?;
    let rebuilt = packed.rebuild(doc).map_err(|why| why.to_string())?;
    let delivered = rebuilt
        .into_iter()
        .map(|(sealed, receipt)| DeliveredChange {
            change: sealed.change,
            hash: sealed.hash,
            receipt,
        });
    Ok(delivered.collect())
}

fn note(order: &mut Order, what: &str, hashes: impl Iterator<Item = ChangeHash>) {
    let hashes: Vec<String> = hashes
        .map(|hash| format!("{hash:?}").chars().take(8).collect())
        .collect();
    order.note(format!("{what} {}", hashes.join(" ")));
}
