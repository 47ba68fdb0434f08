//! Work that the server keeps and has not put into a record, for a person to decide: why, by whom, in which words. It
//! refuses to decide by itself, and what is dismissed is kept all the same.

use askama::Template;

use super::{Frame, Place, counted};

#[derive(Debug, Clone, Template)]
#[template(path = "quarantine.html")]
pub struct QuarantinePage {
    pub frame: Frame,
    /// Worries first, then the oldest.
    pub rows: Vec<AsideRow>,
}

/// One action of one person.
#[derive(Debug, Clone)]
pub struct AsideRow {
    /// As it stands in addresses.
    pub id: String,
    /// The patient's code; empty where nobody can say whose it is.
    pub code: String,
    /// Where it opens for a reason: her handoff, here or yet to come.
    pub href: String,
    /// Why it was kept aside.
    pub why: String,
    pub since: String,
    /// `Ana Duarte, on Ana’s phone`.
    pub who: String,
    /// It was opened for a reason.
    pub is_open: bool,
    /// Somebody was worried: that is said before it is opened.
    pub is_worry: bool,
    /// A worry is left out by a licensed clinician alone.
    pub may_leave_out: bool,
    /// What she says, as typed where she typed; nothing before the record is opened.
    pub sentences: Vec<Said>,
}

#[derive(Debug, Clone)]
pub struct Said {
    /// The time its author claims.
    pub at: String,
    pub what: String,
    /// Empty for none.
    pub words: String,
}

impl QuarantinePage {
    pub fn standing(&self) -> String {
        let count = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
        let what = match count {
            0 => "Nothing is kept aside".to_owned(),
            _ => counted(count, "piece of work waits", "pieces of work wait"),
        };
        format!("{what} · as known at {}", self.frame.known_at)
    }

    pub fn empty() -> Self {
        Self {
            frame: Frame::empty(Place::Review, "/quarantine"),
            rows: Vec::new(),
        }
    }

    pub fn sample() -> Self {
        Self {
            frame: Frame::sample(Place::Review, "/quarantine"),
            rows: vec![AsideRow {
                id: "5c1f".into(),
                code: "4B0".into(),
                href: "/handoffs/4b0".into(),
                why: "From a device or a person no longer in service".into(),
                since: "Fri 17:52".into(),
                who: "Ngozi Okafor, on Ngozi’s phone".into(),
                is_open: true,
                is_worry: false,
                may_leave_out: true,
                sentences: vec![
                    Said {
                        at: "Fri 6 Mar 15:10".into(),
                        what: "spoke with Harbor Counseling".into(),
                        words: String::new(),
                    },
                    Said {
                        at: "Fri 6 Mar 15:12".into(),
                        what: "noted".into(),
                        words: "She asks for a call before noon.".into(),
                    },
                ],
            }],
        }
    }
}
