//! What every page of the dashboard has in common. A page is a struct of plain values, a template walks it, and
//! `sample()` shows what it looks like when it is filled. Nothing here knows a query, a request or a clock.

pub mod device_code;
pub mod device_confirm;
pub mod device_people;
pub mod device_reinstate;
pub mod device_revoke;
pub mod devices;
pub mod handoff;
pub mod handoffs;
pub mod list;
pub mod message;
pub mod overview;
pub mod quarantine;
pub mod review;
pub mod sign_in;

#[cfg(test)]
mod tests;

/// What stands around a page for somebody who is signed in.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    pub organisation: String,
    pub person: String,
    /// As in a sentence: `supervisor`.
    pub role: String,
    pub csrf: String,
    /// The page's own address with its query; the page refreshes itself from there.
    pub path: String,
    pub place: Place,
    /// The time, such as `13:04`, at which every figure of the page was true.
    pub known_at: String,
    /// What the page is without, since it does not read.
    pub missing: Option<String>,
    pub counts: Counts,
}

/// The numbers beside the menu.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counts {
    pub overdue: u32,
    pub safety: u32,
    pub review: u32,
    pub silent: u32,
}

/// Where in the menu a page belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Place {
    #[default]
    Overview,
    Handoffs,
    Work,
    Safety,
    Review,
    Devices,
}

/// One link of the menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuRow {
    pub label: &'static str,
    pub href: &'static str,
    pub count: u32,
    /// What the number counts, for somebody who hears it.
    pub counted: &'static str,
    pub class: &'static str,
    pub is_current: bool,
}

impl Frame {
    pub fn menu(&self) -> [MenuRow; 6] {
        let counts = self.counts;
        [
            self.row(Place::Overview, "Overview", "/", (0, "", "")),
            self.row(Place::Handoffs, "Handoffs", "/handoffs", (0, "", "")),
            self.row(
                Place::Work,
                "Work",
                "/work",
                (counts.overdue, "overdue", "late"),
            ),
            self.row(
                Place::Safety,
                "Safety",
                "/safety",
                (counts.safety, "open", "danger"),
            ),
            self.row(
                Place::Review,
                "Review",
                "/review",
                (counts.review, "to decide", "late"),
            ),
            self.row(
                Place::Devices,
                "Devices",
                "/devices",
                (counts.silent, "silent", "silent"),
            ),
        ]
    }

    fn row(
        &self,
        place: Place,
        label: &'static str,
        href: &'static str,
        (count, counted, class): (u32, &'static str, &'static str),
    ) -> MenuRow {
        MenuRow {
            label,
            href,
            count,
            counted,
            class,
            is_current: self.place == place,
        }
    }

    pub fn sample(place: Place, path: &str) -> Self {
        Self {
            organisation: "Harbor County Home Visiting".into(),
            person: "Maya Lindqvist".into(),
            role: "supervisor".into(),
            csrf: "nE4x-sample-token".into(),
            path: path.into(),
            place,
            known_at: "13:04".into(),
            missing: None,
            counts: Counts {
                overdue: 4,
                safety: 1,
                review: 2,
                silent: 5,
            },
        }
    }

    /// The frame of a programme in which nothing has happened yet.
    pub fn empty(place: Place, path: &str) -> Self {
        Self {
            counts: Counts::default(),
            ..Self::sample(place, path)
        }
    }
}

/// How a tag is coloured. Red is for safety alone, amber for what is past its time, violet for silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Plain,
    Accent,
    Good,
    Late,
    Silent,
    Danger,
}

impl Tone {
    pub fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Accent => "accent",
            Self::Good => "good",
            Self::Late => "late",
            Self::Silent => "silent",
            Self::Danger => "danger",
        }
    }
}

/// The few words at the right of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    pub text: String,
    pub tone: Tone,
}

impl Tag {
    pub fn new(text: impl Into<String>, tone: Tone) -> Self {
        Self {
            text: text.into(),
            tone,
        }
    }
}

/// A row that reads as a sentence: what, who, since when; the tag says how late.
#[derive(Debug, Clone, Default)]
pub struct SentenceRow {
    /// Stays the same while the page refreshes itself; unique on the page.
    pub key: String,
    pub what: String,
    /// Where the row leads, if it leads anywhere.
    pub href: Option<String>,
    pub tag: Option<Tag>,
    /// The second line; empty for none.
    pub detail: String,
}

impl SentenceRow {
    pub fn new(key: &str, what: &str, detail: &str) -> Self {
        Self {
            key: key.into(),
            what: what.into(),
            detail: detail.into(),
            ..Self::default()
        }
    }

    #[must_use]
    pub fn tagged(mut self, text: &str, tone: Tone) -> Self {
        self.tag = Some(Tag::new(text, tone));
        self
    }

    #[must_use]
    pub fn leading_to(mut self, href: &str) -> Self {
        self.href = Some(href.into());
        self
    }
}

/// One choice of a filter or of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChoiceRow {
    pub value: String,
    pub label: String,
    pub is_chosen: bool,
}

impl ChoiceRow {
    pub fn new(value: &str, label: &str) -> Self {
        Self {
            value: value.into(),
            label: label.into(),
            is_chosen: false,
        }
    }

    #[must_use]
    pub fn chosen(mut self) -> Self {
        self.is_chosen = true;
        self
    }
}

/// `1 site`, `2 sites`, `0 sites`.
pub fn counted(count: u32, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
