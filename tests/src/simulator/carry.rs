//! The way between devices and the server, with everything that can happen to a message on it.

use super::fault::{Blow, Fault};
use super::network::{Answer, Message, ROOM};
use super::oracle::{Failure, Oracle, holds};
use super::world::World;
use crate::struck::Said;
use std::rc::Rc;
use warmhand_core::app::{Carried, Outgoing, SyncStep};
use warmhand_core::wire::{Ack, AckState, SyncAnswer, SyncRequest, pack, unpack};

impl World {
    /// What a device would send now.
    pub(super) fn ask(&mut self, d: usize) -> Result<Option<Outgoing>, Failure> {
        let now = self.devices[d].clock(self.now);
        let device = &mut self.devices[d];
        let Some(app) = device.app.as_mut() else {
            return Ok(None);
        };
        app.sync_wanted();
        let step = app.sync_next(now);
        // Before it asks, a device writes down what time has overtaken: it can end in that as well.
        if step.is_err()
            && let Some(struck) = device.recover_from_blow()
        {
            self.note_blow(&struck, false);
            return Ok(None);
        }
        match step {
            Ok(SyncStep::Send(mut asked)) => {
                device.in_flight = Some(asked.number);
                if asked.path == "/v1/sync" {
                    let mut request: SyncRequest = unpack(&asked.body).expect("a request");
                    request.page_bytes = self.page_bytes;
                    asked.body = pack(&request);
                }
                Ok(Some(asked))
            }
            Ok(SyncStep::Idle(_)) => Ok(None),
            Err(refusal) => Err(Failure {
                oracle: Oracle::Typed,
                says: format!("device {d} cannot ask: {refusal}"),
            }),
        }
    }

    /// The server takes a request. No answer leaves it if it ends meanwhile.
    pub(super) fn serve(&mut self, d: usize, asked: &Outgoing) -> Result<Option<Answer>, Failure> {
        self.tally.requests += 1;
        let (status, body) =
            self.server
                .post(asked.path, asked.bearer.as_deref(), asked.body.clone());
        let struck = self.server.recover_from_blow();
        let new = self.server.refresh();
        if let Some(struck) = &struck {
            self.note_blow(struck, true);
        } else {
            holds(Oracle::Typed, status == 200, || {
                format!("device {d} was answered with {status} by {}", asked.path)
            })?;
        }
        self.check_server(&new)?;
        let body = self.cut_short(d, asked.path, status, body);
        let is_ended = struck.is_some_and(|struck| struck.blow != Blow::Full);
        if is_ended && status != 200 {
            return Ok(None);
        }
        let answer = Answer {
            number: asked.number,
            path: asked.path,
            status,
            body,
            held: Rc::new(self.server.entries()),
            accepted: Rc::new(self.server.accepted.keys().copied().collect()),
        };
        self.check_answer(d, &answer)?;
        Ok(Some(answer))
    }

    /// A device takes an answer.
    pub(super) fn take(&mut self, d: usize, answer: &Answer) -> Result<(), Failure> {
        if !self.devices[d].lives() {
            return Ok(());
        }
        let before = self.devices[d].look();
        let now = self.devices[d].clock(self.now);
        let (status, body) = (answer.status, answer.body.clone());
        let device = &mut self.devices[d];
        let is_awaited = device.in_flight == Some(answer.number);
        let app = device.app.as_mut().expect("it lives");
        let done = app.sync_answered(answer.number, &Carried::Answer { status, body }, now);
        if is_awaited {
            device.in_flight = None;
        }
        let struck = device.recover_from_blow();
        if let Some(struck) = &struck {
            self.note_blow(struck, false);
        }
        let after = self.devices[d].look();
        holds(Oracle::Typed, done.is_ok() || struck.is_some(), || {
            format!("device {d} could not take an answer: {done:?}")
        })?;
        let was_taken = is_awaited
            && status == 200
            && (done.is_ok() || struck.is_some_and(|struck| struck.is_after_commit()));
        if was_taken {
            self.note_told(d, &before, answer);
            self.acknowledge(&after);
        } else {
            let same = before.changes == after.changes && before.cursor == after.cursor;
            holds(Oracle::Replay, same, || {
                format!("device {d} took an answer that was not for it")
            })?;
        }
        self.check_kept(d, &before, &after, &answer.held)?;
        self.check_device(d, &after)
    }

    /// One request and its answer.
    fn exchange(&mut self, d: usize) -> Result<bool, Failure> {
        let Some(asked) = self.ask(d)? else {
            return Ok(false);
        };
        let path = asked.path;
        self.says(|| format!("    device {d} asks {path}"));
        if let Some(answer) = self.serve(d, &asked)? {
            self.take(d, &answer)?;
        } else {
            // The link broke: whoever carries says so.
            let now = self.devices[d].clock(self.now);
            let app = self.devices[d].app.as_mut().expect("it lives");
            let told = app.sync_answered(asked.number, &Carried::Failed, now);
            holds(Oracle::Typed, told.is_ok(), || format!("{told:?}"))?;
        }
        Ok(true)
    }

    pub(super) fn round(&mut self, d: u8) -> Result<(), Failure> {
        let Some(d) = self.named(d) else {
            return Ok(());
        };
        self.exchange(d).map(|_| ())
    }

    /// Until there is nothing to say, but not for ever: a history has faults.
    pub(super) fn sync(&mut self, d: u8) -> Result<(), Failure> {
        let Some(d) = self.named(d) else {
            return Ok(());
        };
        for _ in 0..12 {
            self.exchange(d)?;
            let look = self.devices[d].look();
            let is_through = look.cursor.token == self.server.head && look.phase == "normal";
            if look.phase == "ended" {
                break;
            }
            if is_through && !look.changes.values().any(super::look::HeldChange::waits) {
                break;
            }
        }
        Ok(())
    }

    pub(super) fn ask_on_the_way(&mut self, d: u8) -> Result<(), Failure> {
        let Some(d) = self.named(d).filter(|_| self.net.len() < ROOM) else {
            return Ok(());
        };
        if let Some(asked) = self.ask(d)? {
            self.says(|| format!("    device {d} asks {}", asked.path));
            self.net.push(Message::Request(d, asked));
        }
        Ok(())
    }

    fn chosen(&self, k: u8) -> Option<usize> {
        (!self.net.is_empty()).then(|| usize::from(k) % self.net.len())
    }

    fn arrive(&mut self, message: Message) -> Result<(), Failure> {
        match message {
            Message::Request(d, asked) => {
                if let Some(answer) = self.serve(d, &asked)? {
                    self.net.push(Message::Answer(d, answer));
                }
                Ok(())
            }
            Message::Answer(d, answer) => self.take(d, &answer),
        }
    }

    pub(super) fn deliver(&mut self, k: u8) -> Result<(), Failure> {
        let Some(at) = self.chosen(k) else {
            return Ok(());
        };
        if at > 0 {
            self.tally.count(Fault::Reordered);
        }
        let message = self.net.remove(at);
        self.arrive(message)
    }

    #[expect(clippy::unnecessary_wraps, reason = "every operation answers alike")]
    pub(super) fn lose(&mut self, k: u8) -> Result<(), Failure> {
        if let Some(at) = self.chosen(k) {
            let fault = match self.net.remove(at) {
                Message::Request(..) => Fault::RequestLost,
                Message::Answer(..) => Fault::AnswerLost,
            };
            self.tally.count(fault);
        }
        Ok(())
    }

    pub(super) fn lose_answer(&mut self, d: u8) -> Result<(), Failure> {
        let Some(d) = self.named(d) else {
            return Ok(());
        };
        if let Some(asked) = self.ask(d)? {
            self.serve(d, &asked)?;
            self.tally.count(Fault::AnswerLost);
        }
        Ok(())
    }

    pub(super) fn repeat(&mut self, k: u8) -> Result<(), Failure> {
        let Some(at) = self.chosen(k) else {
            return Ok(());
        };
        let message = self.net[at].clone();
        match &message {
            Message::Request(d, asked) => {
                self.tally.count(Fault::RequestRepeated);
                let Some(first) = self.serve(*d, asked)? else {
                    return Ok(());
                };
                let (was_done, head) = (first.status == 200, self.server.head);
                self.net.push(Message::Answer(*d, first));
                let Some(again) = self.serve(*d, asked)? else {
                    return Ok(());
                };
                // What was lacking may be there by now; everything else has its answer.
                let lacks = |ack: &Ack| matches!(ack.state, AckState::MissingDeps(_));
                let told = unpack::<SyncAnswer>(&again.body);
                let is_settled = was_done && told.is_ok_and(|told| !told.acks.iter().any(lacks));
                let is_same = self.server.head.seq == head.seq;
                holds(Oracle::Replay, !is_settled || is_same, || {
                    format!("a request of device {d} moved the log twice")
                })
            }
            Message::Answer(d, answer) => {
                self.tally.count(Fault::AnswerRepeated);
                if !self.devices[*d].lives() {
                    return Ok(());
                }
                self.take(*d, answer)?;
                let before = Said::by(&self.devices[*d].path);
                self.take(*d, answer)?;
                let after = Said::by(&self.devices[*d].path);
                holds(Oracle::Replay, before == after, || {
                    format!(
                        "an answer that came twice changed {:?} of device {d}",
                        before.differs_in(&after)
                    )
                })
            }
        }
    }
}
