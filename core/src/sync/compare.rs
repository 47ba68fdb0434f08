//! The device's side of a comparison: rounds of set reconciliation over documents, at a fixed position. Its end is never
//! believed: what it found has to lead from what is here to the server's own digest, or it found nothing.

use crate::domain::id::DocumentId;
use crate::wire::{DocumentDigest, Holding, MAX_FRAME, digest_of};
use negentropy::{Negentropy, NegentropyStorageVector};
use std::collections::BTreeSet;

/// More rounds than any honest comparison takes.
const MOST_ROUNDS: u32 = 200;

/// A comparison under way.
#[derive(Debug)]
pub(super) struct Rounds {
    holding: Holding,
    reconciler: Negentropy<'static, NegentropyStorageVector>,
    frame: Vec<u8>,
    /// What is here and not there.
    here: BTreeSet<DocumentDigest>,
    /// What is there and not here.
    there: BTreeSet<DocumentDigest>,
    count: u32,
}

/// What an answer led to.
#[derive(Debug)]
pub(super) enum Compared {
    /// There is more to ask.
    GoesOn(Rounds),
    /// What is the same on both sides, and the items of what is not.
    Proven(Vec<DocumentId>, BTreeSet<DocumentDigest>),
    /// It ended with something else than what the server has.
    Unproven,
}

impl Rounds {
    /// Begins; none if the documents cannot be compared so.
    pub fn begin(holding: Holding) -> Option<Self> {
        Self::within(holding, MAX_FRAME)
    }

    fn within(holding: Holding, frame_limit: u64) -> Option<Self> {
        let mut reconciler = holding.reconciler(frame_limit).ok()?;
        let frame = reconciler.initiate().ok()?;
        Some(Self {
            holding,
            reconciler,
            frame,
            here: BTreeSet::new(),
            there: BTreeSet::new(),
            count: 0,
        })
    }

    /// What to say next; the same until it is answered.
    pub fn frame(&self) -> &[u8] {
        &self.frame
    }

    /// Takes an answer with the digest of everything that the server has.
    pub fn take(mut self, frame: &[u8], digest: &[u8; 32]) -> Compared {
        let (mut here, mut there) = (Vec::new(), Vec::new());
        let next = self
            .reconciler
            .reconcile_with_ids(frame, &mut here, &mut there);
        self.here.extend(here.iter().map(|id| DocumentDigest(**id)));
        self.there
            .extend(there.iter().map(|id| DocumentDigest(**id)));
        self.count += 1;
        match next {
            Ok(Some(frame)) if self.count < MOST_ROUNDS => Compared::GoesOn(Self { frame, ..self }),
            Ok(None) => self.end(digest),
            Ok(Some(_)) | Err(_) => Compared::Unproven,
        }
    }

    fn end(self, digest: &[u8; 32]) -> Compared {
        let all = self.holding.documents();
        let same: Vec<_> = all.filter(|(item, _)| !self.here.contains(item)).collect();
        let mut theirs: BTreeSet<_> = same.iter().map(|(item, _)| *item).collect();
        theirs.extend(&self.there);
        if digest_of(&theirs) != *digest {
            return Compared::Unproven;
        }
        let same = same.into_iter().map(|(_, doc)| doc).collect();
        Compared::Proven(same, self.there)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{Rng, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use std::collections::BTreeMap;
    use uuid::Uuid;

    /// So many documents, each as it is at this turn.
    fn holding(documents: impl Iterator<Item = (u32, u8)>) -> Holding {
        let mut holding = Holding::default();
        for (n, turn) in documents {
            let doc = DocumentId(Uuid::from_u128(u128::from(n / 7) << 80 | u128::from(n)));
            let mut item = [turn; 32];
            item[..4].copy_from_slice(&n.wrapping_mul(0x9e37_79b9).to_be_bytes());
            holding.add(doc, DocumentDigest(item));
        }
        holding
    }

    /// Compares to the end; how many rounds, bytes up and bytes down it took.
    fn compare(ours: &Holding, theirs: &Holding, limit: u64) -> (Compared, u32, usize, usize) {
        let mut rounds = Rounds::within(ours.clone(), limit).unwrap();
        let (mut count, mut up, mut down) = (0, 0, 0);
        loop {
            let answer = theirs.answer(rounds.frame());
            (count, up, down) = (count + 1, up + rounds.frame().len(), down + answer.len());
            match rounds.take(&answer, &theirs.digest()) {
                Compared::GoesOn(next) => rounds = next,
                end => return (end, count, up, down),
            }
        }
    }

    fn proven(compared: Compared) -> (BTreeSet<DocumentId>, BTreeSet<DocumentDigest>) {
        match compared {
            Compared::Proven(same, there) => (same.into_iter().collect(), there),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn ten_thousand_documents_in_step_are_one_small_round() {
        let ours = holding((0..10_000).map(|n| (n, 0)));
        let (end, rounds, up, down) = compare(&ours, &ours, MAX_FRAME);
        println!("{rounds} rounds, {up} B up, {down} B down");
        assert_eq!(proven(end).0.len(), 10_000);
        assert!(rounds == 1 && up < 500 && down < 10);
    }

    #[test]
    fn what_differs_is_found_and_nothing_else_is_fetched() {
        let ours = holding((0..10_000).map(|n| (n, u8::from(n % 200 == 0))));
        let theirs = holding((20..10_020).map(|n| (n, 0)));
        let (end, rounds, up, down) = compare(&ours, &theirs, MAX_FRAME);
        println!("{rounds} rounds, {up} B up, {down} B down");
        let (same, there) = proven(end);
        // Fifty are otherwise here, of which one is among the twenty that are not there at all.
        assert_eq!((same.len(), there.len()), (10_000 - 20 - 49, 20 + 49));
        for item in there {
            assert!(theirs.document(item).is_some());
        }
        assert!(rounds <= 4);
    }

    #[test]
    fn a_frame_has_a_limit_and_then_there_are_more_rounds() {
        let (none, many) = (Holding::default(), holding((0..2_000).map(|n| (n, 0))));
        let (end, rounds, ..) = compare(&none, &many, 4_096);
        assert_eq!(proven(end).1.len(), 2_000);
        let (end, back, ..) = compare(&many, &none, 4_096);
        assert_eq!(proven(end), (BTreeSet::new(), BTreeSet::new()));
        println!("{rounds} rounds to fetch, {back} to offer");
        let far = holding((0..2_000).map(|n| (n, u8::from(n % 2 == 0))));
        let (end, ..) = compare(&far, &many, 4_096);
        assert_eq!(proven(end).1.len(), 1_000);
    }

    #[test]
    fn an_end_with_something_missing_is_not_believed() {
        let ours = holding((0..100).map(|n| (n, 0)));
        let theirs = holding((1..101).map(|n| (n, 0)));
        let done = [0x61];
        for answer in [&done[..], &[], &[9, 9]] {
            let rounds = Rounds::begin(ours.clone()).unwrap();
            let end = rounds.take(answer, &theirs.digest());
            assert!(matches!(end, Compared::Unproven), "{end:?}");
        }
        let rounds = Rounds::begin(ours.clone()).unwrap();
        let end = rounds.take(&done, &ours.digest());
        assert_eq!(proven(end).0.len(), 100);
    }

    #[test]
    fn no_frame_makes_it_panic_or_believe() {
        let ours = holding((0..200).map(|n| (n, 0)));
        let theirs = holding((10..210).map(|n| (n, 0)));
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        for _ in 0..2_000 {
            let rounds = Rounds::begin(ours.clone()).unwrap();
            let mut frame = theirs.answer(rounds.frame());
            for _ in 0..rng.random_range(1..4) {
                let at = rng.random_range(0..frame.len());
                frame[at] = rng.random();
            }
            let mut end = rounds.take(&frame, &theirs.digest());
            while let Compared::GoesOn(rounds) = end {
                let answer = theirs.answer(rounds.frame());
                end = rounds.take(&answer, &theirs.digest());
            }
            if let Compared::Proven(same, there) = end {
                // It may well be told to fetch what it has, and never that something is the same that is not.
                let of = |holding: &Holding| holding.documents().collect::<BTreeMap<_, _>>();
                let (ours, theirs) = (of(&ours), of(&theirs));
                let same: BTreeSet<_> = same.into_iter().collect();
                let fetched = there.iter().filter_map(|item| theirs.get(item)).copied();
                assert!(same.iter().all(|doc| ours.values().any(|ours| ours == doc)));
                assert_eq!(
                    same.iter().copied().chain(fetched).collect::<BTreeSet<_>>(),
                    theirs.values().copied().collect()
                );
            }
        }
    }
}
