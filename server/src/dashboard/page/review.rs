//! What two people said without seeing each other, side by side, for somebody to decide. It refuses to pick a winner,
//! and the decision itself is made in the record, where she can be asked.

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
    pub sides: Vec<Side>,
    /// Who decides, and what holds until then.
    pub detail: String,
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
                    sides: Side::samples(),
                    detail: "Carla Reyes decides with her · both bookings stand until then; nobody is messaged".into(),
                },
                ReviewRow {
                    key: "review-8f3".into(),
                    code: "8F3".into(),
                    href: "/handoffs/8f3".into(),
                    what: "Did she agree?".into(),
                    tag: Tag::new("opened 11:40", Tone::Plain),
                    sides: vec![
                        Side::new("Ngozi Okafor", "heard: not today", "revisit planned 12 Mar", "home visit, Mon 09:15"),
                        Side::new("Carla Reyes", "heard: she agreed", "call from Juniper expected", "by phone, Mon 09:40"),
                    ],
                    detail: "Carla Reyes calls her · nothing is shared with the practice until then".into(),
                },
            ],
        }
    }
}
