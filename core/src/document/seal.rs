//! A change with its hash and its bytes, built from its fields.

use super::change::{Change, ChangeHash, Unsound};
use super::chunk::chunk;

/// A change together with its hash and its bytes as Automerge writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The fields.
    pub change: Change,
    /// The hash over them.
    pub hash: ChangeHash,
    /// The bytes of the change: the source of truth.
    pub bytes: Vec<u8>,
}

/// Builds the change that these fields describe. Costs about a microsecond; refuses what is out of bounds.
pub fn seal(change: Change) -> Result<Sealed, Unsound> {
    change.check()?;
    let (hash, bytes) = chunk(&change);
    Ok(Sealed {
        change,
        hash,
        bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::super::change::{Actor, LIMITS, Put, genesis_bytes, genesis_hash};
    use super::*;
    use crate::domain::id::{DeviceId, DocumentId, EntryId, UserId};
    use automerge::ActorId;
    use automerge::transaction::Transactable;
    use automerge::{AutoCommit, ROOT, ReadDoc};
    use uuid::Uuid;

    fn change(seq: u64, start_op: u64, deps: Vec<ChangeHash>, texts: &[&str]) -> Change {
        let device = DeviceId(Uuid::from_u128(7));
        let user = UserId::from("n1");
        let doc = DocumentId(Uuid::from_u128(9));
        let nonce = [3; 16];
        let puts = texts
            .iter()
            .enumerate()
            .map(|(at, text)| Put {
                id: EntryId(Uuid::from_u128(u128::from(start_op) + at as u128)),
                text: (*text).into(),
            })
            .collect();
        let actor = Actor::derive(device, &user, doc, &nonce);
        Change {
            doc,
            actor,
            seq,
            start_op,
            deps,
            nonce: (seq == 1).then_some(nonce),
            device,
            user,
            puts,
        }
    }

    #[test]
    fn the_rebuilt_change_is_the_one_that_automerge_itself_writes() {
        let first = seal(change(
            1,
            2,
            vec![genesis_hash()],
            &["{\"a\":1}", "{\"b\":\"día 👶\"}"],
        ))
        .unwrap();
        let second = seal(change(2, 4, vec![first.hash], &["{}"])).unwrap();

        let mut document = AutoCommit::new();
        let genesis = automerge::Change::from_bytes(genesis_bytes().to_vec()).unwrap();
        document.apply_changes([genesis]).unwrap();
        document.set_actor(ActorId::from(&first.change.actor.0[..]));
        for sealed in [&first, &second] {
            let (_, entries) = document.get(ROOT, "entries").unwrap().unwrap();
            for put in &sealed.change.puts {
                document
                    .put(&entries, put.id.to_string(), put.text.as_str())
                    .unwrap();
            }
            document.commit_with(automerge::transaction::CommitOptions::default().with_time(0));
            let heads = document.get_heads();
            assert_eq!(heads, vec![automerge::ChangeHash(sealed.hash.0)]);
            let theirs = document.get_change_by_hash(&heads[0]).unwrap();
            assert_eq!(theirs.raw_bytes(), sealed.bytes);
        }
    }

    #[test]
    fn every_field_is_covered_by_the_hash_or_by_the_actor() {
        let honest = seal(change(1, 2, vec![genesis_hash()], &["{}"]))
            .unwrap()
            .hash;
        let mut other = change(1, 2, vec![genesis_hash()], &["{ }"]);
        assert_ne!(seal(other.clone()).unwrap().hash, honest);
        other = change(1, 3, vec![genesis_hash()], &["{}"]);
        assert_ne!(seal(other).unwrap().hash, honest);
        let mut stolen = change(1, 2, vec![genesis_hash()], &["{}"]);
        assert!(stolen.actor_fits());
        stolen.user = UserId::from("n2");
        assert!(!stolen.actor_fits());
    }

    #[test]
    fn fields_out_of_bounds_are_refused_before_anything_is_built() {
        let of = |edit: fn(&mut Change)| {
            let mut it = change(1, 2, vec![genesis_hash()], &["{}"]);
            edit(&mut it);
            seal(it).map(|s| s.hash)
        };
        assert_eq!(of(|c| c.puts.clear()), Err(Unsound::Puts));
        assert_eq!(
            of(|c| c.puts = vec![c.puts[0].clone(); 2]),
            Err(Unsound::Puts)
        );
        assert_eq!(of(|c| c.deps.clear()), Err(Unsound::Deps));
        assert_eq!(of(|c| c.deps = vec![c.deps[0]; 2]), Err(Unsound::Deps));
        assert_eq!(
            of(|c| c.puts[0].text = "x".repeat(LIMITS.text + 1)),
            Err(Unsound::TooBig)
        );
        assert_eq!(of(|c| c.start_op = u64::MAX), Err(Unsound::Counter));
        assert_eq!(of(|c| c.start_op = 0), Err(Unsound::Counter));
        assert_eq!(of(|c| c.nonce = None), Err(Unsound::Counter));
    }

    #[test]
    fn a_saved_document_loads_again_with_the_same_entries() {
        let first = seal(change(1, 2, vec![genesis_hash()], &["{\"a\":1}"])).unwrap();
        let second = seal(change(2, 3, vec![first.hash], &["{\"b\":2}"])).unwrap();
        let saved = super::super::export(&[first.bytes, second.bytes]).unwrap();
        let entries = super::super::entries_of(&saved).unwrap();
        assert_eq!(
            entries.into_values().collect::<Vec<_>>(),
            ["{\"a\":1}", "{\"b\":2}"]
        );
        assert!(super::super::export(&[b"no change".to_vec()]).is_err());
        assert!(super::super::entries_of(b"no document").is_err());
    }
}
