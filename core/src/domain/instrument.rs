//! Screening instruments as numbers: how many items, which range, which item asks about self-harm. No wording. A blank
//! is never 0, an incomplete form is never negative, and C-SSRS has no sum.

use super::code::{Instrument, ScreenResult, SelfHarm};

/// What a filled-in form says to everybody on the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Score {
    /// The sum, when every item was answered.
    pub total: Option<u16>,
    /// Against the cutoff.
    pub result: ScreenResult,
    /// The self-harm item.
    pub self_harm: SelfHarm,
}

/// Why numbers are no score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoScore {
    /// Not the instrument's number of items.
    ItemCount,
    /// An item or the total is out of range.
    OutOfRange,
    /// Neither items nor a total.
    Empty,
}

impl Instrument {
    /// How many items it has.
    pub fn items(self) -> usize {
        match self {
            Self::Epds => 10,
            Self::Phq2 => 2,
            Self::Phq9 => 9,
            Self::Gad7 => 7,
            Self::Pass => 31,
            Self::AuditC => 3,
            Self::CssrsScreener => 6,
        }
    }

    /// The highest score of an item.
    pub fn item_max(self) -> u8 {
        match self {
            Self::AuditC => 4,
            Self::CssrsScreener => 1,
            _ => 3,
        }
    }

    /// The highest total; none where a sum means nothing.
    pub fn total_max(self) -> Option<u16> {
        let items = u16::try_from(self.items()).ok()?;
        (self != Self::CssrsScreener).then(|| items * u16::from(self.item_max()))
    }

    /// Which item (from 0) asks about self-harm.
    pub fn self_harm_item(self) -> Option<usize> {
        match self {
            Self::Epds => Some(9),
            Self::Phq9 => Some(8),
            _ => None,
        }
    }

    /// Does it ask about alcohol or drugs? What is answered to it lies apart from all other answers.
    pub fn is_about_substances(self) -> bool {
        self == Self::AuditC
    }

    /// Does this item (from 0) ask about self-harm?
    pub fn is_about_self_harm(self, at: usize) -> bool {
        self == Self::CssrsScreener && at < self.items() || self.self_harm_item() == Some(at)
    }

    /// Is this item (from 0) asked, after these answers? Questions 3 to 5 of the C-SSRS only if 2 is yes.
    pub fn asks(self, at: usize, items: &[Option<u8>]) -> bool {
        self != Self::CssrsScreener || !(2..=4).contains(&at) || items.get(1) == Some(&Some(1))
    }

    /// Scores a form against a cutoff.
    pub fn score(
        self,
        items: &[Option<u8>],
        total: Option<u16>,
        cutoff: Option<u16>,
    ) -> Result<Score, NoScore> {
        if items.is_empty() {
            return self.score_total(total.ok_or(NoScore::Empty)?, cutoff);
        }
        if items.len() != self.items() {
            return Err(NoScore::ItemCount);
        }
        if items.iter().flatten().any(|i| *i > self.item_max()) {
            return Err(NoScore::OutOfRange);
        }
        if self == Self::CssrsScreener {
            return Ok(cssrs(items));
        }
        let sum: Option<u16> = items.iter().map(|i| i.map(u16::from)).sum();
        if total.is_some() && total != sum {
            return Err(NoScore::OutOfRange);
        }
        let result = match (sum, cutoff) {
            (Some(sum), Some(cutoff)) if sum >= cutoff => ScreenResult::Positive,
            (Some(_), _) => ScreenResult::Negative,
            (None, _) => ScreenResult::Incomplete,
        };
        let self_harm = match self.self_harm_item().and_then(|at| items.get(at)) {
            None => SelfHarm::Unavailable,
            Some(None) => SelfHarm::Unanswered,
            Some(Some(0)) => SelfHarm::No,
            Some(Some(_)) => SelfHarm::Yes,
        };
        Ok(Score {
            total: sum,
            result,
            self_harm,
        })
    }

    fn score_total(self, total: u16, cutoff: Option<u16>) -> Result<Score, NoScore> {
        if self.total_max().is_none_or(|max| total > max) {
            return Err(NoScore::OutOfRange);
        }
        let positive = cutoff.is_some_and(|cutoff| total >= cutoff);
        let result = if positive {
            ScreenResult::Positive
        } else {
            ScreenResult::Negative
        };
        Ok(Score {
            total: Some(total),
            result,
            self_harm: SelfHarm::Unavailable,
        })
    }
}

/// Questions 1 and 2 to all, 3 to 5 only if 2 is yes, 6 to all: any yes is positive, nothing is added up.
fn cssrs(items: &[Option<u8>]) -> Score {
    let any_yes = items.iter().flatten().any(|i| *i > 0);
    let blank = items
        .iter()
        .enumerate()
        .any(|(at, i)| Instrument::CssrsScreener.asks(at, items) && i.is_none());
    let (result, self_harm) = match (any_yes, blank) {
        (true, _) => (ScreenResult::Positive, SelfHarm::Yes),
        (false, true) => (ScreenResult::Incomplete, SelfHarm::Unanswered),
        (false, false) => (ScreenResult::Negative, SelfHarm::No),
    };
    Score {
        total: None,
        result,
        self_harm,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_low_total_does_not_override_a_positive_self_harm_item() {
        let mut items = vec![Some(1); 7];
        items.extend([Some(0), Some(0), Some(1)]);
        let score = Instrument::Epds.score(&items, None, Some(10)).unwrap();
        assert_eq!(
            (score.total, score.result, score.self_harm),
            (Some(8), ScreenResult::Negative, SelfHarm::Yes)
        );
    }

    #[test]
    fn a_blank_is_not_zero_and_an_incomplete_form_is_not_negative() {
        let mut items = vec![Some(0); 9];
        items[8] = None;
        let score = Instrument::Phq9.score(&items, None, Some(10)).unwrap();
        assert_eq!(
            (score.total, score.result, score.self_harm),
            (None, ScreenResult::Incomplete, SelfHarm::Unanswered)
        );
    }

    #[test]
    fn a_total_alone_cannot_rule_out_the_self_harm_item() {
        let score = Instrument::Epds.score(&[], Some(4), Some(10)).unwrap();
        assert_eq!(
            (score.result, score.self_harm),
            (ScreenResult::Negative, SelfHarm::Unavailable)
        );
        assert_eq!(
            Instrument::Epds.score(&[], Some(31), Some(10)),
            Err(NoScore::OutOfRange)
        );
        assert_eq!(
            Instrument::Epds.score(&[Some(1)], None, Some(10)),
            Err(NoScore::ItemCount)
        );
        assert_eq!(
            Instrument::Phq2.score(&[Some(4), Some(0)], None, Some(3)),
            Err(NoScore::OutOfRange)
        );
    }

    #[test]
    fn the_suicide_screener_adds_nothing_up() {
        let no = [Some(0), Some(0), None, None, None, Some(0)];
        let score = Instrument::CssrsScreener.score(&no, None, None).unwrap();
        assert_eq!((score.total, score.self_harm), (None, SelfHarm::No));
        let yes = [Some(1), Some(0), None, None, None, Some(0)];
        assert_eq!(
            Instrument::CssrsScreener
                .score(&yes, None, None)
                .unwrap()
                .self_harm,
            SelfHarm::Yes
        );
    }
}
