//! Documents that come whole lie whole, read like any other, and are opened when something of them is spoken of.

use super::*;
use crate::document::seal;
use crate::store::{ChangeState, StoredChange};
use crate::wire::Columns;

/// Another's device with so many records of three entries, all told; and a fresh device that asks for them.
fn many(count: usize) -> (Server, App, Vec<DocumentId>) {
    let mut server = Server::default();
    let mut other = enrolled(&mut server, 2);
    let docs = (0..count).map(|n| {
        let record = patient_of(&open_record(&mut other, &format!("Ada {n}")).unwrap()).1;
        note(&mut other, record, "one").unwrap();
        record
    });
    let docs = docs.collect();
    run(&mut other, &mut server).unwrap();
    let app = enrolled(&mut server, 1);
    (server, app, docs)
}

/// Takes a page of which every document comes whole, after it was edited.
fn take_whole(app: &mut App, server: &mut Server, edit: impl FnOnce(&mut Vec<DeliveredDocument>)) {
    let asked = asks(app);
    let mut answer = server.sync(&unpack(&asked.body).unwrap());
    let mut docs = answer.docs.open().unwrap();
    for document in &mut docs {
        if let Delivered::Changes(changes) = &document.content {
            document.content = Delivered::whole(changes.clone());
            assert!(matches!(document.content, Delivered::Whole(_)));
        }
    }
    edit(&mut docs);
    answer.docs = Parcel::of(&docs);
    let body = pack(&answer);
    let carried = Carried::Answer { status: 200, body };
    app.sync_answered(asked.number, &carried, now()).unwrap();
}

fn held(app: &App, doc: DocumentId) -> Vec<StoredChange> {
    app.store.rows().document(doc).unwrap()
}

fn open(app: &mut App, doc: DocumentId) {
    let opened: Result<(), crate::store::StoreError> = app.store.write(|w| w.open_whole(doc));
    opened.unwrap();
}

#[test]
fn what_lies_whole_reads_like_what_lies_by_itself_and_is_opened_below_what_was_written_on_it() {
    let (mut server, mut app, docs) = many(1);
    let mut plain = enrolled(&mut server, 3);
    run(&mut plain, &mut server).unwrap();
    take_whole(&mut app, &mut server, |_| ());
    let [doc] = docs[..] else {
        panic!("one record")
    };
    let rows = app.store.rows();
    assert_eq!(held(&app, doc), held(&plain, doc));
    let hash = held(&app, doc)[0].hash;
    assert_eq!(rows.change(hash), Ok(None), "none of them lies by itself");
    note(&mut app, doc, "seen by us").unwrap();
    let before = held(&app, doc);
    assert_eq!(before.len(), 3);
    open(&mut app, doc);
    assert_eq!(held(&app, doc), before, "in the same order");
    let [first, second] = [0, 1].map(|at| app.store.rows().change(before[at].hash));
    assert_eq!(first, Ok(Some(before[0].clone())));
    assert_eq!(second, Ok(Some(before[1].clone())));
    open(&mut app, doc);
    assert_eq!(held(&app, doc), before, "once is enough");
}

#[test]
fn a_page_of_many_is_in_its_order_and_one_that_lies_holds_nobody_up() {
    let (mut server, mut app, docs) = many(70);
    let liar = docs[33];
    take_whole(&mut app, &mut server, |delivered| {
        for document in delivered {
            if let (true, Delivered::Whole(columns)) = (document.doc == liar, &mut document.content)
            {
                let mut packed = columns.read().unwrap();
                packed.heads[0] ^= 1;
                *columns = Columns::of(&packed);
            }
        }
    });
    for doc in &docs {
        assert_eq!(app.holds(*doc), Ok(*doc != liar));
    }
    let refetches = app.store.rows().refetches().unwrap();
    assert_eq!(refetches.iter().map(|r| r.0).collect::<Vec<_>>(), [liar]);
    run(&mut app, &mut server).unwrap();
    assert_eq!(shown(&app, liar).len(), 3);
    assert_eq!(app.store.rows().refetches(), Ok(Vec::new()));
    assert_eq!(app.patients(now()).unwrap().rows.len(), docs.len());
}

#[test]
fn one_that_comes_twice_in_a_page_is_taken_once() {
    let (mut server, mut app, docs) = many(2);
    take_whole(&mut app, &mut server, |delivered| {
        delivered.push(delivered[0].clone());
    });
    for doc in docs {
        assert_eq!(held(&app, doc).len(), 2);
        assert_eq!(shown(&app, doc).len(), 3);
    }
    assert_eq!(app.store.rows().refetches(), Ok(Vec::new()));
    assert_eq!(run(&mut app, &mut server), Ok(1), "nothing is left to say");
}

#[test]
fn an_entry_id_with_two_texts_is_found_in_what_comes_whole() {
    let (mut server, mut app, docs) = many(1);
    let [doc] = docs[..] else {
        panic!("one record")
    };
    let mut changes = server.log.clone();
    changes[1].change.puts[0].id = changes[0].change.puts[0].id;
    changes[1].hash = seal(changes[1].change.clone()).unwrap().hash;
    take_whole(&mut app, &mut server, |delivered| {
        delivered[0].content = Delivered::whole(changes);
    });
    assert_eq!(held(&app, doc).len(), 1, "what came before it stays");
    assert_eq!(app.store.rows().refetches().unwrap().len(), 1);
    run(&mut app, &mut server).unwrap();
    assert_eq!(shown(&app, doc).len(), 3);
}

#[test]
fn a_count_that_was_used_twice_is_found_in_what_lies_whole() {
    let (mut server, mut app, docs) = many(1);
    let [doc] = docs[..] else {
        panic!("one record")
    };
    take_whole(&mut app, &mut server, |_| ());
    let first = held(&app, doc)[1].clone();
    // The same count of the same actor, with other words; as a change by itself, in the next page.
    let mut second = server.log[1].clone();
    second.change.puts[0].id = EntryId::new(now(), &mut ChaCha8Rng::seed_from_u64(8));
    let (old, new) = (first.change.puts[0].id, second.change.puts[0].id);
    let text = first.change.puts[0]
        .text
        .replace(&old.to_string(), &new.to_string());
    second.change.puts[0].text = text;
    second.hash = seal(second.change.clone()).unwrap().hash;
    let asked = asks(&mut app);
    let mut answer = server.sync(&unpack(&asked.body).unwrap());
    let content = Delivered::Changes(vec![second.clone()]);
    let mut docs = answer.docs.open().unwrap();
    docs.push(DeliveredDocument { doc, content });
    answer.docs = Parcel::of(&docs);
    let body = pack(&answer);
    let carried = Carried::Answer { status: 200, body };
    app.sync_answered(asked.number, &carried, now()).unwrap();
    let became: BTreeMap<_, _> = held(&app, doc)
        .into_iter()
        .map(|held| (held.hash, (held.state, held.relay)))
        .collect();
    assert_eq!(became[&first.hash], (ChangeState::Aside, true));
    assert_eq!(became[&second.hash], (ChangeState::Remote, false));
}

/// Documents that lie whole.
fn lying_whole(app: &App) -> BTreeSet<DocumentId> {
    let all = app.store.rows().document_ids("select doc from whole", []);
    all.unwrap().into_iter().collect()
}

#[test]
fn after_a_resync_what_the_server_has_still_lies_whole_and_what_it_lost_is_given_back() {
    let (mut server, mut app, docs) = many(20);
    take_whole(&mut app, &mut server, |_| ());
    run(&mut app, &mut server).unwrap();
    assert_eq!(lying_whole(&app), docs.iter().copied().collect());
    // The image lacks the last record, and the note in the one before it.
    let (all, lost) = (server.log.clone(), docs[19]);
    assert_eq!(all[all.len() - 1].change.doc, lost);
    server.log.truncate(all.len() - 3);
    let asked = asks(&mut app);
    let carried = server.carry(&asked);
    app.sync_answered(asked.number, &carried, now()).unwrap();
    let is_green = |app: &App, doc: DocumentId| {
        let states = shown(app, doc).into_values();
        states
            .into_iter()
            .all(|state| state == EntryState::OnServer)
    };
    assert!(docs.iter().all(|doc| !is_green(&app, *doc)));
    assert!(docs.iter().all(|doc| !held(&app, *doc)[0].confirmed));
    assert_eq!(lying_whole(&app).len(), 20, "nothing is written anew");
    assert_eq!(app.store.rows().waiting().unwrap().len(), 20);
    assert_eq!(app.store.rows().is_answered(), Ok(false));
    let asked = asks(&mut app);
    assert_eq!(asked.path, "/v1/reconcile");
    let carried = server.carry(&asked);
    app.sync_answered(asked.number, &carried, now()).unwrap();
    let differ = BTreeSet::from([docs[18], lost]);
    for doc in &docs {
        assert_eq!(is_green(&app, *doc), !differ.contains(doc));
        assert_eq!(lying_whole(&app).contains(doc), !differ.contains(doc));
    }
    run(&mut app, &mut server).unwrap();
    assert!(docs.iter().all(|doc| is_green(&app, *doc)));
    let had: BTreeMap<_, _> = all.iter().map(|c| (c.hash, c.receipt)).collect();
    let has: BTreeMap<_, _> = server.log.iter().map(|c| (c.hash, c.receipt)).collect();
    assert_eq!(has, had, "each with the receipt that it once had");
    assert_eq!(app.store.rows().waiting(), Ok(Vec::new()));
    assert_eq!(app.store.rows().is_answered(), Ok(true));
}

#[test]
fn a_document_that_lies_whole_and_is_doubted_does_not_go_before_it_is_answered() {
    let (mut server, mut app, docs) = many(1);
    take_whole(&mut app, &mut server, |_| ());
    let doc = docs[0];
    let write = |app: &mut App, what: &mut dyn FnMut(&mut crate::store::Write<'_>)| {
        let written: Result<(), crate::store::StoreError> = app.store.write(|write| {
            what(write);
            Ok(())
        });
        written.unwrap();
    };
    write(&mut app, &mut |w| w.unconfirm_all().unwrap());
    write(&mut app, &mut |w| w.hide(doc).unwrap());
    write(&mut app, &mut |w| w.wipe_drained(doc).unwrap());
    assert_eq!(held(&app, doc).len(), 2);
    open(&mut app, doc);
    write(&mut app, &mut |w| w.wipe_drained(doc).unwrap());
    let doubted = held(&app, doc).into_iter().filter(|held| !held.confirmed);
    assert_eq!(doubted.count(), 2, "opened, and doubted as before");
    write(&mut app, &mut |w| w.confirm_document(doc).unwrap());
    write(&mut app, &mut |w| w.wipe_drained(doc).unwrap());
    assert_eq!(held(&app, doc), Vec::new());
}

#[test]
fn columns_that_do_not_read_are_of_one_document_alone() {
    let (mut server, mut app, docs) = many(70);
    take_whole(&mut app, &mut server, |delivered| {
        for document in delivered {
            if document.doc == docs[33] {
                document.content = Delivered::Whole(minicbor::decode(&[0x42, 1, 2]).unwrap());
            }
        }
    });
    for doc in &docs {
        assert_eq!(app.holds(*doc), Ok(*doc != docs[33]));
    }
    run(&mut app, &mut server).unwrap();
    assert_eq!(app.store.rows().refetches(), Ok(Vec::new()));
    assert_eq!(shown(&app, docs[33]).len(), 3);
}

#[test]
fn a_page_that_cannot_be_written_to_its_end_is_not_begun() {
    let (mut server, mut app, docs) = many(70);
    // Whatever comes of the last document, those before it are built and written by then.
    let sql = format!(
        "create trigger no before insert on whole when new.doc = x'{}' begin select raise(abort, 'no'); end",
        hex::encode(docs[69].as_bytes())
    );
    app.store.rows().0.execute_batch(&sql).unwrap();
    let asked = asks(&mut app);
    let mut answer = server.sync(&unpack(&asked.body).unwrap());
    let whole = docs.iter().map(|doc| server.whole(*doc)).collect();
    answer.docs = Parcel::of(&whole);
    let body = pack(&answer);
    let carried = Carried::Answer { status: 200, body };
    assert!(app.sync_answered(asked.number, &carried, now()).is_err());
    assert!(docs.iter().all(|doc| app.holds(*doc) == Ok(false)));
    app.store.rows().0.execute_batch("drop trigger no").unwrap();
    run(&mut app, &mut server).unwrap();
    assert!(docs.iter().all(|doc| app.holds(*doc) == Ok(true)));
}
