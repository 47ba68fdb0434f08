//! A document goes in and comes out; columns that lie do not.

use super::*;
use uuid::Uuid;

const DOC: DocumentId = DocumentId(Uuid::from_u128(9));

fn text(id: u128, word: &str) -> Put {
    let id = EntryId(Uuid::from_u128(id));
    let text = format!("{{\"id\":\"{id}\",\"says\":\"{word}\"}}");
    Put { id, text }
}

/// A change of one of two people on these.
fn change(who: u128, seq: u64, on: &[&DeliveredChange], puts: Vec<Put>) -> DeliveredChange {
    let device = DeviceId(Uuid::from_u128(who));
    let user = UserId(format!("n{who}"));
    let nonce = [u8::try_from(who).unwrap(); 16];
    let deps: Vec<_> = on.iter().map(|change| change.hash).collect();
    let last_op = on.iter().map(|on| on.change.last_op()).max().unwrap_or(1);
    let sealed = seal(Change {
        doc: DOC,
        actor: Actor::derive(device, &user, DOC, &nonce),
        seq,
        start_op: last_op + 1,
        deps: if deps.is_empty() {
            vec![genesis_hash()]
        } else {
            deps
        },
        nonce: (seq == 1).then_some(nonce),
        device,
        user,
        puts,
    })
    .unwrap();
    let receipt = Receipt {
        received_at: 1_772_000_000_000 + i64::try_from(seq).unwrap() * 977,
        offset_ms: -3,
        key: 1,
        mac: sealed.hash.0[..10].try_into().unwrap(),
    };
    DeliveredChange {
        change: sealed.change,
        hash: sealed.hash,
        receipt,
    }
}

/// Two people who write side by side and meet, and an entry whose text does not begin with its id.
fn document() -> Vec<DeliveredChange> {
    let first = change(1, 1, &[], vec![text(1, "one"), text(2, "two")]);
    let ours = change(1, 2, &[&first], vec![text(3, "three")]);
    let odd = Put {
        id: EntryId(Uuid::from_u128(4)),
        text: "{ }".into(),
    };
    let theirs = change(2, 1, &[&first], vec![odd]);
    let met = change(2, 2, &[&ours, &theirs], vec![text(5, "five")]);
    let apart = change(1, 3, &[&ours], vec![text(6, "six")]);
    vec![first, ours, theirs, met, apart]
}

fn rebuilt(packed: &Packed) -> Vec<DeliveredChange> {
    let rebuilt = packed.rebuild(DOC).unwrap().into_iter();
    let delivered = rebuilt.map(|(sealed, receipt)| DeliveredChange {
        change: sealed.change,
        hash: sealed.hash,
        receipt,
    });
    delivered.collect()
}

#[test]
fn a_document_comes_out_as_it_went_in() {
    let document = document();
    let packed = Packed::of(&document).unwrap();
    let read: Packed = minicbor::decode(&minicbor::to_vec(&packed).unwrap()).unwrap();
    assert_eq!(rebuilt(&read), document);
    assert_eq!(packed.ids.len(), 1);
    assert_eq!(packed.actors.len(), 2);
}

#[test]
fn what_cannot_be_left_out_is_not_left_out() {
    let without = |edit: fn(&mut Vec<DeliveredChange>)| {
        let mut changed = document();
        edit(&mut changed);
        Packed::of(&changed)
    };
    assert_eq!(without(|d| drop(d.remove(0))), None, "a cause is missing");
    assert_eq!(without(|d| d.swap(0, 1)), None, "an effect comes first");
    assert_eq!(without(|d| d[1].change.seq = 7), None, "a gap");
    assert_eq!(
        without(|d| d[1].change.start_op += 1),
        None,
        "a later operation"
    );
    assert_eq!(
        without(|d| d[0].change.actor.0[0] ^= 1),
        None,
        "another's actor"
    );
    assert_eq!(without(|d| d.push(d[0].clone())), None, "twice");
}

#[test]
fn every_column_that_lies_is_found() {
    let honest = Packed::of(&document()).unwrap();
    let lies = |edit: &dyn Fn(&mut Packed)| {
        let mut packed = honest.clone();
        edit(&mut packed);
        packed.rebuild(DOC).map(|changes| changes.len())
    };
    assert_eq!(lies(&|_| {}), Ok(5));
    assert_eq!(
        lies(&|p| p.texts.plain[1].push(' ')),
        Err(Unpackable::Heads)
    );
    assert_eq!(lies(&|p| p.by[2] = 0), Err(Unpackable::Heads));
    assert_eq!(lies(&|p| p.back[3] = vec![1]), Err(Unpackable::Heads));
    assert_eq!(lies(&|p| p.actors[1].nonce[0] ^= 1), Err(Unpackable::Heads));
    assert_eq!(
        lies(&|p| p.actors[1].user = "n1".into()),
        Err(Unpackable::Heads)
    );
    assert_eq!(lies(&|p| p.heads[0] ^= 1), Err(Unpackable::Heads));
    assert_eq!(lies(&|p| p.by[2] = 9), Err(Unpackable::Columns));
    assert_eq!(lies(&|p| p.back[0] = vec![2]), Err(Unpackable::Columns));
    assert_eq!(lies(&|p| p.back[4] = vec![0]), Err(Unpackable::Columns));
    assert_eq!(lies(&|p| p.ids.clear()), Err(Unpackable::Columns));
    assert_eq!(
        lies(&|p| drop(p.texts.plain.pop())),
        Err(Unpackable::Columns)
    );
    assert_eq!(lies(&|p| p.puts[0] = 3), Err(Unpackable::Columns));
    assert_eq!(lies(&|p| p.macs.truncate(3)), Err(Unpackable::Columns));
    assert_eq!(lies(&|p| p.received.truncate(4)), Err(Unpackable::Columns));
    assert_eq!(lies(&|p| p.by.clear()), Err(Unpackable::Columns));
    assert_eq!(lies(&|p| p.back[4] = vec![1; 65]), Err(Unpackable::Bounds));
    assert_eq!(lies(&|p| p.back[4] = vec![1; 2]), Err(Unpackable::Bounds));
    let long = "n".repeat(MAX_MESSAGE / 2);
    assert_eq!(
        lies(&|p| p.actors[0].user = UserId(long.clone())),
        Err(Unpackable::Bounds)
    );
    assert!(
        honest.rebuild(DocumentId(Uuid::nil())).is_err(),
        "another document"
    );
}
