//! A change as a database keeps it: its bytes, which are the source of truth, and beside them its fields, so that nobody
//! has to read Automerge's columns. The entries' texts are most of a change and lie in its bytes already: the fields
//! only say where.

use super::change::{Change, Put};
use super::seal::Sealed;
use minicbor::{Decode, Encode};

/// What lies beside a change's bytes.
#[derive(Encode, Decode)]
struct Beside {
    /// Its fields, the texts of its entries left out.
    #[n(0)]
    change: Change,
    /// Where in the bytes the first text begins; each of the others follows the one before.
    #[n(1)]
    at: u32,
    /// How long each is.
    #[n(2)]
    lengths: Vec<u32>,
}

/// The fields of a change as they are kept beside its bytes. None if its texts do not lie in them one after the other, as
/// they do in every change that was built here.
pub fn beside(sealed: &Sealed) -> Option<Vec<u8>> {
    let Sealed { change, bytes, .. } = sealed;
    let texts: Vec<u8> = change
        .puts
        .iter()
        .flat_map(|put| put.text.bytes())
        .collect();
    // They come late in a change, behind what says whose they are.
    let mut places = (0..=bytes.len().checked_sub(texts.len())?).rev();
    let at = places.find(|at| {
        bytes
            .get(*at..)
            .is_some_and(|rest| rest.starts_with(&texts))
    })?;
    let lengths = change.puts.iter().map(|put| u32::try_from(put.text.len()));
    let without = |put: &Put| Put {
        id: put.id,
        text: String::new(),
    };
    let beside = Beside {
        at: u32::try_from(at).ok()?,
        lengths: lengths.collect::<Result<_, _>>().ok()?,
        change: Change {
            deps: change.deps.clone(),
            user: change.user.clone(),
            puts: change.puts.iter().map(without).collect(),
            ..*change
        },
    };
    minicbor::to_vec(&beside).ok()
}

/// A change, read from its bytes and what was kept beside them. None if they cannot be of one change; whether they are, its
/// hash says.
pub fn kept(fields: &[u8], bytes: &[u8]) -> Option<Change> {
    let Beside {
        mut change,
        at,
        lengths,
    } = minicbor::decode(fields).ok()?;
    if lengths.len() != change.puts.len() {
        return None;
    }
    let mut rest = bytes.get(usize::try_from(at).ok()?..)?;
    for (put, length) in change.puts.iter_mut().zip(lengths) {
        let (text, more) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        std::str::from_utf8(text).ok()?.clone_into(&mut put.text);
        rest = more;
    }
    Some(change)
}

#[cfg(test)]
mod tests {
    use super::super::change::{Actor, LIMITS, genesis_hash};
    use super::super::seal::seal;
    use super::*;
    use crate::domain::id::{DeviceId, DocumentId, EntryId, UserId};
    use uuid::Uuid;

    fn sealed(texts: &[&str]) -> Sealed {
        let (device, user) = (DeviceId(Uuid::from_u128(7)), UserId::from("n1"));
        let (doc, nonce) = (DocumentId(Uuid::from_u128(9)), [3; 16]);
        let put = |(at, text): (u128, &&str)| Put {
            id: EntryId(Uuid::from_u128(at)),
            text: (*text).to_owned(),
        };
        seal(Change {
            doc,
            actor: Actor::derive(device, &user, doc, &nonce),
            seq: 1,
            start_op: 2,
            deps: vec![genesis_hash()],
            nonce: Some(nonce),
            device,
            user,
            puts: (0..).zip(texts).map(put).collect(),
        })
        .unwrap()
    }

    #[test]
    fn a_change_is_read_from_its_bytes_and_the_little_that_lies_beside_them() {
        let long = "she asked to be called after six ".repeat(LIMITS.text / 33);
        for texts in [
            &["one"][..],
            &["", "", "two"],
            &[
                "same",
                "same",
                "ünï",
                "n1",
                "00000000-0000-0000-0000-000000000001",
            ],
            &[long.as_str()],
            &["0"; LIMITS.puts],
        ] {
            let sealed = sealed(texts);
            let fields = beside(&sealed).unwrap();
            assert!(fields.len() < 200 + 30 * texts.len(), "{}", fields.len());
            assert_eq!(kept(&fields, &sealed.bytes), Some(sealed.change));
        }
    }

    #[test]
    fn what_is_not_of_one_change_is_none() {
        let (one, other) = (sealed(&["one text"]), sealed(&["ünï"]));
        let fields = beside(&one).unwrap();
        assert_eq!(kept(&fields, &one.bytes[..one.bytes.len() / 2]), None);
        assert_eq!(kept(&fields, &[]), None);
        assert_eq!(kept(&[], &one.bytes), None);
        let mixed = Sealed {
            bytes: other.bytes,
            ..one
        };
        assert_eq!(beside(&mixed), None);
    }
}
