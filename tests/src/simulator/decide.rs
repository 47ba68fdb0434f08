//! A supervisor decides about work that was kept aside, as she finds it before her; and the mistake of a build by which
//! a device's work is not taken at all.

use super::fault::Fault;
use super::oracle::{Failure, Oracle, holds};
use super::truth::Written;
use super::world::World;
use rand::{Rng, RngCore};
use rusqlite::{OptionalExtension, params};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use warmhand_core::document::{Actor, Change, ChangeHash, Put, beside, genesis_hash, seal};
use warmhand_core::domain::id::{DocumentId, EntryId, UserId};
use warmhand_core::wire::Decision;
use warmhand_server::store::{QuarantineRow, Store, StoreError};

impl World {
    /// What lies before her.
    fn before_the_reviewer(&self) -> Vec<QuarantineRow> {
        let store = self.server.store();
        let read = || self.server.run(store.quarantine(self.server_now()));
        let aside = self.server.blows.spared(read).expect("the quarantine");
        aside.rows
    }

    /// Nobody honest wrote it: a person who asked would be told so.
    fn is_forged(&self, hash: ChangeHash) -> bool {
        let change = &self.server.quarantine[&hash].change;
        !change.puts.iter().all(|put| {
            let written = self.truth.written.get(&put.id);
            written.is_some_and(|w| w.text == put.text && w.device == change.device)
        })
    }

    pub(super) fn decide(&mut self, k: u8, decision: Decision) -> Result<(), Failure> {
        self.server.refresh();
        let mut rows = self.before_the_reviewer();
        self.check_dismissed(&rows)?;
        rows.retain(|row| !self.is_forged(row.hash));
        if rows.is_empty() {
            return Ok(());
        }
        let row = rows.swap_remove(usize::from(k) % rows.len());
        if decision == Decision::Released {
            let all = self.server.quarantine.iter();
            let of_it = all.filter(|(hash, l)| l.change.doc == row.doc && !self.is_forged(**hash));
            let entries = of_it.flat_map(|(_, l)| l.change.puts.iter().map(|put| put.id));
            let entries: Vec<_> = entries.collect();
            self.truth.written_anew.extend(entries);
        }
        let causes = self.causes_of(row.hash);
        let seed = self.rng(self.tally.operations << 5).random();
        let now = self.server_now();
        let store = self.server.store();
        let done = self
            .server
            .run(store.decide("sup".into(), row.hash, decision, seed, now));
        let struck = self.server.recover_from_blow();
        if let Some(struck) = &struck {
            self.note_blow(struck, true);
        }
        let is_typed = matches!(done, Ok(()) | Err(StoreError::Refused(_)));
        holds(Oracle::Typed, is_typed || struck.is_some(), || {
            format!("{decision:?} was answered with {done:?}")
        })?;
        let new = self.server.refresh();
        self.says(|| format!("    {decision:?} {:?}: {done:?}", row.hash));
        if done.is_ok() {
            let ids = row.entries.iter().map(|entry| entry.id);
            match decision {
                Decision::Released => {
                    self.tally.count(Fault::Released);
                    self.truth.released.extend(ids.chain(causes));
                }
                Decision::Dismissed => {
                    self.tally.count(Fault::Dismissed);
                    self.truth.dismissed.extend(ids);
                }
            }
            let again = self.before_the_reviewer();
            let is_away = again.iter().all(|other| other.hash != row.hash);
            holds(Oracle::Once, is_away, || {
                format!("{:?} lies before the reviewer after her decision", row.hash)
            })?;
        }
        self.check_server(&new)?;
        self.check_released(false)
    }

    /// The honest entries that lie there undecided and on which a change stands: who releases it releases them.
    fn causes_of(&self, hash: ChangeHash) -> Vec<EntryId> {
        let mut found = BTreeSet::new();
        let mut next = vec![hash];
        while let Some(hash) = next.pop() {
            let lying = self.server.quarantine.get(&hash);
            if let Some(lying) = lying.filter(|l| !l.is_decided && !found.contains(&hash)) {
                next.extend(&lying.change.deps);
                found.insert(hash);
            }
        }
        let honest = found.iter().filter(|hash| !self.is_forged(**hash));
        let puts = honest.flat_map(|hash| &self.server.quarantine[hash].change.puts);
        puts.map(|put| put.id).collect()
    }

    /// She is not asked twice, in whatever change an entry comes.
    fn check_dismissed(&self, rows: &[QuarantineRow]) -> Result<(), Failure> {
        let entries = rows.iter().flat_map(|row| &row.entries);
        let mut twice = entries.filter(|entry| self.truth.dismissed.contains(&entry.id));
        let twice = twice.next();
        holds(Oracle::Once, twice.is_none(), || {
            format!("{twice:?} lies before the reviewer, who has dismissed it")
        })
    }

    /// The text of every entry in a record.
    pub(super) fn in_records(&self) -> BTreeMap<EntryId, &String> {
        let accepted = self.server.accepted.values();
        accepted
            .flat_map(|change| change.entries.iter().map(|(id, text)| (*id, text)))
            .collect()
    }

    /// What a person released is in the record, in its author's words.
    pub(super) fn check_released(&self, is_at_rest: bool) -> Result<(), Failure> {
        let texts = self.in_records();
        for id in &self.truth.released {
            let is_there = texts
                .get(id)
                .is_some_and(|text| **text == self.truth.written[id].text);
            // After an image was put back, those who hold it with its receipt bring it again: at rest it is there.
            let is_held = || {
                let living = self.devices.iter().filter(|device| device.lives());
                living
                    .into_iter()
                    .any(|d| d.look().receipted().contains(id))
            };
            holds(
                Oracle::Released,
                is_there || !is_at_rest && self.restored && is_held(),
                || format!("entry {id} was released by a person and is not in the record"),
            )?;
        }
        Ok(())
    }

    /// What was released and is neither in the record nor anywhere with a receipt has to be decided about again.
    pub(super) fn note_what_is_to_be_released_again(&mut self) {
        let mut held = BTreeSet::new();
        held.extend(self.in_records().into_keys());
        for device in self.devices.iter().filter(|device| device.lives()) {
            held.extend(device.look().receipted());
        }
        self.truth.released.retain(|id| held.contains(id));
    }

    /// A build writes an entry that does not read. It goes past the core, into the file.
    pub(super) fn odd(&mut self, d: u8, r: u8) -> Result<(), Failure> {
        let Some(d) = self.named(d) else {
            return Ok(());
        };
        let Some(doc) = self.pick(d, r) else {
            return Ok(());
        };
        let user = self.devices[d].people[0].clone();
        let look = self.devices[d].look();
        let live = look.live();
        let all = look.changes.iter().filter(|(_, held)| held.doc == doc);
        let on: Vec<_> = all.filter(|(hash, _)| live.contains(hash)).collect();
        let Some((_, text)) = on.iter().find_map(|(_, held)| held.entries.first()) else {
            return Ok(());
        };
        let mut entry: Value = serde_json::from_str(text).expect("JSON");
        let mut rng = self.rng(self.tally.operations << 7);
        let id = EntryId::new(self.now, &mut rng);
        entry["id"] = json!(id);
        entry["by"] = json!(user);
        entry["device"] = json!(self.devices[d].id);
        entry["after"] = json!([]);
        entry["kind"] = json!("Noted");
        entry["payload"] = json!({"text": 5});
        let stood_on: Vec<_> = on.iter().flat_map(|(_, held)| &held.deps).collect();
        let heads = on.iter().filter(|(hash, _)| !stood_on.contains(hash));
        let mut deps: Vec<_> = heads.map(|(hash, _)| **hash).collect();
        deps.sort_unstable();
        if deps.is_empty() {
            deps.push(genesis_hash());
        }
        let start_op = on.iter().map(|(_, held)| held.last_op).max().unwrap_or(1) + 1;
        let put = Put {
            id,
            text: entry.to_string(),
        };
        let mut nonce = [0; 16];
        rng.fill_bytes(&mut nonce);
        self.write_past_the_core(d, doc, &user, nonce, (deps, start_op), put);
        let look = self.devices[d].look();
        self.check_device(d, &look)
    }

    fn write_past_the_core(
        &mut self,
        d: usize,
        doc: DocumentId,
        user: &UserId,
        fresh: [u8; 16],
        (deps, start_op): (Vec<ChangeHash>, u64),
        put: Put,
    ) {
        let device = self.devices[d].id;
        let eyes = &self.devices[d].eyes;
        let sql = "select actor, nonce, seq from actor where doc = ?1 and user = ?2";
        let named = params![&doc.as_bytes()[..], user.as_str()];
        let known = eyes.query_row(sql, named, |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        });
        let known: Option<([u8; 16], [u8; 16], i64)> = known.optional().expect("an actor");
        let begun = (Actor::derive(device, user, doc, &fresh).0, fresh, 0);
        let (actor, nonce, last) = known.unwrap_or(begun);
        let seq = last + 1;
        let sealed = seal(Change {
            doc,
            actor: Actor(actor),
            seq: seq.unsigned_abs(),
            start_op,
            deps,
            nonce: (seq == 1).then_some(nonce),
            device,
            user: user.clone(),
            puts: vec![put.clone()],
        });
        let sealed = sealed.expect("a change");
        let fields = beside(&sealed).expect("fields");
        eyes.execute(
            "insert into change (place, hash, doc, device, fields, bytes, state, recorded_at)
                 values ((select max(place) + 1 from (select place from change where doc = ?2
                     union all select home + (1 << 19) from document where id = ?2)), ?1, ?2, ?3, ?4, ?5, 'saved', ?6)",
            params![
                &sealed.hash.0[..],
                &doc.as_bytes()[..],
                &device.as_bytes()[..],
                fields,
                sealed.bytes,
                self.now.as_millisecond()
            ],
        )
        .expect("written");
        eyes.execute(
            "insert or replace into actor (doc, user, actor, nonce, seq) values (?1, ?2, ?3, ?4, ?5)",
            params![&doc.as_bytes()[..], user.as_str(), &actor[..], &nonce[..], seq],
        )
        .expect("written");
        let written = Written {
            text: put.text,
            device,
            user: user.clone(),
        };
        self.truth.written.insert(put.id, written);
        self.truth.promised.insert(put.id, d);
        self.truth.odd.insert(put.id);
        self.tally.count(Fault::OddEntry);
        self.says(|| format!("    device {d}: an odd entry {}", put.id));
    }
}
