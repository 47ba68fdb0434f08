//! Bytes that are no message: to the server, and to a device from whatever answers in the server's place.

use super::fault::Fault;
use super::hostile::pushed;
use super::look;
use super::network::Answer;
use super::oracle::{Failure, Oracle, holds};
use super::world::World;
use rand::{Rng, RngCore};
use std::rc::Rc;
use warmhand_core::app::Carried;
use warmhand_core::wire::{ReconcileAnswer, SyncRequest, pack, unpack};

impl World {
    pub(super) fn bytes(&mut self, d: u8, k: u16) -> Result<(), Failure> {
        let Some(d) = self.named(d) else {
            return Ok(());
        };
        let Some(bearer) = self.bearer(d) else {
            return Ok(());
        };
        let user = self.devices[d].people[0].clone();
        let honest = self.draft(d, 0, &user).map(|draft| {
            self.truth.hostile.insert(draft.id());
            pushed(draft.change())
        });
        let honest = honest.and_then(|change| self.request_of(d, vec![change]));
        let mut rng = self.rng(u64::from(k) << 16);
        let mut body = honest.map_or_else(Vec::new, |request| pack(&request));
        match k % 4 {
            0 => body.truncate(rng.random_range(0..=body.len() / 2)),
            1 => {
                body = vec![0; rng.random_range(0..400)];
                rng.fill_bytes(&mut body);
            }
            2 => {
                body = [
                    &[1_u8],
                    zstd::bulk::compress(&[0; 3 << 20], 1)
                        .expect("packed")
                        .as_slice(),
                ]
                .concat()
            }
            _ => body = [&[0_u8, 0x9b], [0xff; 8].as_slice()].concat(),
        }
        if unpack::<SyncRequest>(&body).is_ok() {
            return Ok(());
        }
        let head = self.server.head;
        // A credential that our keys prove enters its device, whatever else is said.
        let entered = u64::from(!look::is_entered(&self.server.eyes, self.devices[d].id));
        for path in [
            "/v1/sync",
            "/v1/reconcile",
            "/v1/docs",
            "/v1/heartbeat",
            "/v1/enrol",
        ] {
            let (status, _) = self.server.post(path, Some(&bearer), body.clone());
            if let Some(struck) = self.server.recover_from_blow() {
                self.note_blow(&struck, true);
                return Ok(());
            }
            holds(Oracle::Typed, matches!(status, 400 | 413), || {
                format!("bytes to {path} were answered with {status}")
            })?;
        }
        self.tally.count(Fault::HostileRequest);
        self.server.refresh();
        let moved = self.server.head.seq - head.seq;
        holds(Oracle::Replay, moved == entered, || {
            "bytes moved the log".to_owned()
        })
    }

    /// Something answers that is no server: a captive portal, a proxy, noise.
    pub(super) fn babble(&mut self, d: u8, k: u16) -> Result<(), Failure> {
        let Some(d) = self.named(d) else {
            return Ok(());
        };
        let Some(asked) = self.ask(d)? else {
            return Ok(());
        };
        let mut rng = self.rng(u64::from(k) << 24);
        let mut body = vec![0; rng.random_range(0..300)];
        rng.fill_bytes(&mut body);
        let status = [200, 200, 302, 401, 403, 404, 413, 429, 500, 503][usize::from(k % 10)];
        if k.is_multiple_of(3) {
            // A true answer that broke off.
            let whole = self
                .serve(d, &asked)?
                .map(|answer| answer.body)
                .unwrap_or_default();
            body = whole[..whole.len() / 2].to_vec();
        }
        let answer = Answer {
            number: asked.number,
            path: "/",
            status,
            body,
            held: Rc::default(),
            accepted: Rc::default(),
        };
        self.tally.count(Fault::HostileAnswer);
        self.take_babble(d, &answer)
    }

    fn take_babble(&mut self, d: usize, answer: &Answer) -> Result<(), Failure> {
        let before = self.devices[d].look();
        let now = self.devices[d].clock(self.now);
        let carried = Carried::Answer {
            status: answer.status,
            body: answer.body.clone(),
        };
        let device = &mut self.devices[d];
        device.in_flight = None;
        let app = device.app.as_mut().expect("it lives");
        let done = app.sync_answered(answer.number, &carried, now);
        let struck = device.recover_from_blow();
        if let Some(struck) = &struck {
            self.note_blow(struck, false);
        }
        holds(Oracle::Typed, done.is_ok() || struck.is_some(), || {
            format!("{done:?}")
        })?;
        let after = self.devices[d].look();
        holds(Oracle::Replay, before == after, || {
            "bytes changed a device".to_owned()
        })
    }

    /// The next comparisons of a device end too early: with something missing, as an older library could.
    #[expect(clippy::unnecessary_wraps, reason = "every operation answers alike")]
    pub(super) fn mislead(&mut self, d: u8, k: u8) -> Result<(), Failure> {
        if let Some(d) = self.named(d) {
            self.devices[d].misled = 1 + k % 3;
        }
        Ok(())
    }

    /// An answer as it reaches a device whose comparison ends too early.
    pub(super) fn cut_short(
        &mut self,
        d: usize,
        path: &str,
        status: u16,
        body: Vec<u8>,
    ) -> Vec<u8> {
        let is_due = self.devices[d].misled > 0 && path == "/v1/reconcile" && status == 200;
        let told = unpack::<ReconcileAnswer>(&body).ok().filter(|_| is_due);
        // One byte alone says that nothing differs.
        let Some(mut told) = told.filter(|told| told.frame.len() > 1) else {
            return body;
        };
        told.frame.truncate(1);
        self.devices[d].misled -= 1;
        self.tally.count(Fault::ComparisonCut);
        self.says(|| format!("    the comparison of device {d} ends too early"));
        pack(&told)
    }
}
