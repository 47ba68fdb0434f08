//! What two people said without seeing each other, side by side, for somebody to decide. It refuses to pick a winner,
//! and to repeat what was said before the record was opened for a reason; the decision itself is made in the record.

use askama::Template;

use super::handoff::Side;
use super::{Frame, Place, Tag, Tone, counted};

#[derive(Debug, Clone, Template)]
#[template(path = "review.html")]
pub struct ReviewPage {
    pub frame: Frame,
    pub rows: Vec<ReviewRow>,
    /// Work that is kept aside, on a page of its own.
    pub aside: u32,
}

#[derive(Debug, Clone)]
pub struct ReviewRow {
    pub key: String,
    pub code: String,
    pub href: String,
    /// `Two appointments, one patient`.
    pub what: String,
    pub tag: Tag,
    /// What they said; none before the record is opened for a reason.
    pub said: Option<Vec<Side>>,
    /// Who decides, and what holds until then.
    pub detail: String,
}

impl ReviewRow {
    /// What is said in place of a side that stands in another site's record.
    pub fn elsewhere(&self) -> Option<&'static str> {
        let said = self.said.as_ref()?;
        (said.len() < 2).then_some(Side::ELSEWHERE)
    }
}

impl ReviewPage {
    pub fn standing(&self) -> String {
        let count = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        if count == 0 {
            return format!("Nothing to decide · as known at {}", self.frame.known_at);
        }
        format!(
            "{} to decide · as known at {}",
            counted(count, "pair", "pairs"),
            self.frame.known_at
        )
    }

    /// `1 piece of work is kept aside`.
    pub fn kept_aside(&self) -> String {
        counted(self.aside, "piece of work is", "pieces of work are")
    }

    pub fn empty() -> Self {
        Self {
            frame: Frame::empty(Place::Review, "/review"),
            rows: Vec::new(),
            aside: 0,
        }
    }

    pub fn sample() -> Self {
        Self {
            frame: Frame::sample(Place::Review, "/review"),
            aside: 1,
            rows: vec![
                ReviewRow {
                    key: "review-4b0".into(),
                    code: "4B0".into(),
                    href: "/handoffs/4b0".into(),
                    what: "Two appointments, one patient".into(),
                    tag: Tag::new("61 h", Tone::Late),
                    said: Some(Side::samples()),
                    detail: "Carla Reyes decides with her · both bookings stand until then; nobody is messaged".into(),
                },
                ReviewRow {
                    key: "review-8f3".into(),
                    code: "8F3".into(),
                    href: "/handoffs/8f3".into(),
                    what: "Did she agree?".into(),
                    tag: Tag::new("opened 11:40", Tone::Plain),
                    said: None,
                    detail: "Carla Reyes calls her · nothing is shared with the practice until then".into(),
                },
            ],
        }
    }
}
