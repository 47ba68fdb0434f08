//! Cutting a failing history down: parts are left out, larger ones first, as long as the same oracle fails; then what is
//! left is made simpler.

use super::history::History;
use super::oracle::Oracle;

/// The shortest history found in which this oracle still fails. `fails` plays one.
pub fn shortest(
    history: &History,
    oracle: Oracle,
    mut fails: impl FnMut(&History) -> Option<Oracle>,
) -> History {
    let mut best = history.clone();
    let mut still = |candidate: &History| fails(candidate) == Some(oracle);
    let mut part = best.operations.len().div_ceil(2).max(1);
    loop {
        let mut at = 0;
        let mut is_shorter = false;
        while at < best.operations.len() {
            let mut candidate = best.clone();
            let end = (at + part).min(candidate.operations.len());
            candidate.operations.drain(at..end);
            if still(&candidate) {
                best = candidate;
                is_shorter = true;
            } else {
                at += part;
            }
        }
        if part == 1 && !is_shorter {
            break;
        }
        if !is_shorter {
            part = (part / 2).max(1);
        }
    }
    for at in 0..best.operations.len() {
        for simpler in best.operations[at].simpler() {
            let mut candidate = best.clone();
            candidate.operations[at] = simpler;
            if still(&candidate) {
                best = candidate;
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulator::Operation;

    #[test]
    fn a_failing_history_is_cut_down_to_what_makes_it_fail() {
        let mut history = History::of(5);
        let noise = |operation: &Operation| {
            !matches!(
                operation,
                Operation::Image | Operation::Restore(_) | Operation::RestoreAnew(_)
            )
        };
        history.operations.retain(noise);
        history.operations.insert(7, Operation::Image);
        history.operations.insert(30, Operation::RestoreAnew(3));
        let fails = |history: &History| {
            let image = history
                .operations
                .iter()
                .position(|o| *o == Operation::Image)?;
            let restore =
                |o: &Operation| matches!(o, Operation::Restore(_) | Operation::RestoreAnew(_));
            history.operations[image..]
                .iter()
                .any(restore)
                .then_some(Oracle::Kept)
        };
        let shortest = shortest(&history, Oracle::Kept, fails);
        assert_eq!(
            shortest.operations,
            [Operation::Image, Operation::Restore(3)]
        );
    }
}
