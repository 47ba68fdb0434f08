//! What a device is told by a server that somebody else has taken over: a document that cannot be is not applied, what comes
//! beside it is, and an answer that cannot be is none. From the honest server everything comes afterwards.

use super::*;
use warmhand_core::app::{Carried, Outgoing};
use warmhand_core::wire::{Columns, Delivered, DeliveredDocument, Packed, Parcel};
use warmhand_tests::bomb;

use super::bombs::TIMES;

/// Carla's device has a record, has asked, and is about to be answered: one more note in it, and another patient.
struct Hearing {
    town: Town,
    ana: Phone,
    carla: Phone,
    record: DocumentId,
    patient: PatientId,
    other: PatientId,
    asked: Outgoing,
    answer: SyncAnswer,
}

fn hearing() -> Hearing {
    let town = Town::default();
    let (mut ana, mut carla, record, patient) = town.shared_handoff();
    ana.note(&town, record, "one more");
    let (_, other) = ana.handoff(&town, "Imani");
    ana.sync(&town);
    carla.app.sync_wanted();
    let SyncStep::Send(asked) = carla.app.sync_next(town.now()).unwrap() else {
        panic!("nothing to ask")
    };
    let Carried::Answer { status: 200, body } = town.carry(&asked) else {
        panic!("no answer")
    };
    let answer = unpack(&body).unwrap();
    Hearing {
        town,
        ana,
        carla,
        record,
        patient,
        other,
        asked,
        answer,
    }
}

impl Hearing {
    /// What lies in her device's file.
    fn said(&self) -> Said {
        Said::by(self.carla.file())
    }

    fn docs(&self) -> Vec<DeliveredDocument> {
        self.answer.docs.open().unwrap()
    }

    /// The columns of a document that comes whole.
    fn columns(&self) -> Packed {
        let docs = self.docs();
        let mut whole = docs.iter().filter_map(|one| match &one.content {
            Delivered::Whole(columns) => Some(columns.read().unwrap()),
            _ => None,
        });
        whole.next().expect("one comes whole")
    }

    fn takes(&mut self, body: Vec<u8>) {
        let carried = Carried::Answer { status: 200, body };
        let app = &mut self.carla.app;
        app.sync_answered(self.asked.number, &carried, self.town.now())
            .unwrap();
    }

    /// This stands in the place of the note's record: nothing of it is written but that something came that cannot be, and
    /// what is beside it is there.
    fn told(mut self, content: Delivered) {
        let mut docs = self.docs();
        let record = docs.iter_mut().find(|one| one.doc == self.record);
        record.unwrap().content = content;
        self.answer.docs = Parcel::of(&docs);
        let (entries, before) = (self.carla.entries(self.patient), self.said());
        let body = pack(&self.answer);
        self.takes(body);
        let written = self.said().since(&before);
        assert_eq!(written["refetch"][1].len(), 1, "{written:#?}");
        assert!(!written.contains_key("change"), "{written:#?}");
        assert!(written["whole"][0].is_empty(), "{written:#?}");
        assert_eq!(self.carla.entries(self.patient), entries);
        assert_eq!(self.carla.entries(self.other), self.ana.entries(self.other));
        self.goes_on();
    }

    /// This comes in the place of an answer: nothing at all is written.
    fn answered(mut self, body: Vec<u8>) {
        let before = self.said();
        self.takes(body);
        assert_eq!(self.said().since(&before), BTreeMap::new());
        self.goes_on();
    }

    /// From the honest server everything comes.
    fn goes_on(mut self) {
        self.carla.restart();
        self.carla.sync(&self.town);
        for patient in [self.patient, self.other] {
            assert_eq!(self.carla.entries(patient), self.ana.entries(patient));
        }
        assert!(self.said().rows("refetch").is_empty());
        assert_eq!(self.town.verify(), Verified::SOUND);
    }
}

/// Bytes in the place of a document's columns.
fn whole(bytes: &[u8]) -> Delivered {
    let mut encoder = minicbor::Encoder::new(Vec::new());
    encoder.bytes(bytes).unwrap();
    let columns: Columns = minicbor::decode(encoder.writer()).unwrap();
    Delivered::Whole(columns)
}

#[test]
fn a_run_length_bomb_is_no_document_and_no_answer() {
    let bomb = bomb::run_length(TIMES);
    hearing().told(whole(&bomb));
    let framed = [&[0], &bomb[..]].concat();
    hearing().answered(framed.clone());
    let mut hearing = hearing();
    hearing.answer.docs = framed.into();
    let body = pack(&hearing.answer);
    hearing.answered(body);
}

#[test]
fn columns_that_claim_more_than_they_bring_are_no_document() {
    let claims: [fn(&mut Packed); 5] = [
        |packed| packed.puts.fill(u8::MAX),
        |packed| packed.back[0] = vec![1; 65],
        |packed| packed.by.fill(u32::MAX),
        |packed| packed.texts.plain[0] = "\u{2}".repeat(900_000),
        |packed| packed.actors[0].user = "n".repeat(900_000).as_str().into(),
    ];
    for claim in claims {
        let hearing = hearing();
        let mut packed = hearing.columns();
        claim(&mut packed);
        hearing.told(Delivered::Whole(Columns::of(&packed)));
    }
}

#[test]
fn a_compressed_bomb_is_no_answer_and_no_page() {
    for window in [21, 27] {
        let bomb = bomb::zeros(512, window);
        hearing().answered(bomb.clone());
        let mut hearing = hearing();
        hearing.answer.docs = bomb.into();
        let body = pack(&hearing.answer);
        hearing.answered(body);
    }
}

#[test]
fn deep_nesting_is_no_answer_and_no_page_and_no_document() {
    let deep = [vec![0], vec![0x81; 900_000]].concat();
    hearing().told(whole(&deep[..200_000]));
    hearing().answered(deep.clone());
    let mut hearing = hearing();
    hearing.answer.docs = deep.into();
    let body = pack(&hearing.answer);
    hearing.answered(body);
}

#[test]
fn what_is_oversized_is_no_document_and_no_answer() {
    let hearing_of = hearing();
    let mut docs = hearing_of.docs();
    let record = docs.iter_mut().find(|one| one.doc == hearing_of.record);
    let mut content = record.unwrap().content.clone();
    let Delivered::Changes(changes) = &mut content else {
        panic!("it comes as changes")
    };
    changes[0].change.puts[0].text = "x".repeat(70_000);
    hearing_of.told(content);
    hearing().answered(vec![0; 3 * 1024 * 1024]);
}

#[test]
fn an_entry_that_is_too_deep_to_read_is_read_by_nobody_and_the_honest_one_takes_its_place() {
    let mut hearing = hearing();
    let mut docs = hearing.docs();
    let record = docs.iter_mut().find(|one| one.doc == hearing.record);
    let Delivered::Changes(changes) = &mut record.unwrap().content else {
        panic!("it comes as changes")
    };
    let forged = &mut changes[0];
    forged.change.puts[0].text = "[".repeat(10_000);
    forged.hash = seal(forged.change.clone()).unwrap().hash;
    hearing.answer.docs = Parcel::of(&docs);
    let entries = hearing.carla.entries(hearing.patient);
    let body = pack(&hearing.answer);
    hearing.takes(body);
    assert_eq!(hearing.carla.entries(hearing.patient), entries);
    let (record, now) = (hearing.record, hearing.town.now());
    assert!(hearing.carla.app.handoff(record, now).is_ok());
    // What stands on the honest one shows that something is missing.
    hearing.ana.note(&hearing.town, record, "and another");
    hearing.ana.sync(&hearing.town);
    hearing.goes_on();
}
