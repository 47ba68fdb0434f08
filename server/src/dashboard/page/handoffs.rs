//! The list of handoffs with its filters. Patients stand here by their short codes only; it refuses to know a name.

use askama::Template;

use super::{ChoiceRow, Frame, Place, Tag, Tone, counted};

#[derive(Debug, Clone, Template)]
#[template(path = "handoffs.html")]
pub struct HandoffsPage {
    pub frame: Frame,
    pub filter: HandoffFilter,
    pub rows: Vec<HandoffRow>,
    /// Handoffs that match the filter, and which of them this page shows, counted from 1.
    pub matching: u32,
    pub first: u32,
    pub last: u32,
    /// The pages before and after, with the filter kept.
    pub earlier: Option<String>,
    pub later: Option<String>,
}

/// One handoff in one line.
#[derive(Debug, Clone)]
pub struct HandoffRow {
    /// Three or four letters of the patient's id: `7F2`.
    pub code: String,
    pub href: String,
    pub site: String,
    pub stage: Tag,
    pub next: String,
    pub owner: String,
    /// When its newest entry arrived at the server.
    pub received: String,
}

/// What the list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct HandoffFilter {
    pub sites: Vec<ChoiceRow>,
    pub owners: Vec<ChoiceRow>,
    pub stages: Vec<ChoiceRow>,
    pub modes: Vec<ChoiceRow>,
    pub is_overdue_only: bool,
    /// What was typed as a patient's short code.
    pub code: String,
}

/// One group of choices with its name in the query.
#[derive(Debug, Clone)]
pub struct FilterField<'a> {
    pub name: &'static str,
    pub label: &'static str,
    pub choices: &'a [ChoiceRow],
}

impl HandoffFilter {
    pub fn fields(&self) -> [FilterField<'_>; 4] {
        let field = |name, label, choices| FilterField {
            name,
            label,
            choices,
        };
        [
            field("site", "Site", self.sites.as_slice()),
            field("owner", "Owner", self.owners.as_slice()),
            field("stage", "Where it stands", self.stages.as_slice()),
            field("mode", "Mode", self.modes.as_slice()),
        ]
    }

    pub fn is_set(&self) -> bool {
        let is_narrowed = |choices: &[ChoiceRow]| {
            choices
                .iter()
                .any(|choice| choice.is_chosen && !choice.value.is_empty())
        };
        self.is_overdue_only
            || !self.code.is_empty()
            || self.fields().iter().any(|field| is_narrowed(field.choices))
    }
}

impl HandoffsPage {
    /// The line below the heading.
    pub fn standing(&self) -> String {
        let what = if self.filter.is_set() {
            counted(self.matching, "handoff matches", "handoffs match")
        } else {
            counted(self.matching, "handoff", "handoffs")
        };
        let shown = if self.matching > self.last || self.first > 1 {
            format!(" · {}–{} shown", self.first, self.last)
        } else {
            String::new()
        };
        format!("{what}{shown} · as known at {}", self.frame.known_at)
    }

    pub fn empty() -> Self {
        Self {
            frame: Frame::empty(Place::Handoffs, "/handoffs"),
            filter: HandoffFilter::sample(),
            rows: Vec::new(),
            matching: 0,
            first: 0,
            last: 0,
            earlier: None,
            later: None,
        }
    }

    pub fn sample() -> Self {
        Self {
            frame: Frame::sample(Place::Handoffs, "/handoffs?page=2"),
            filter: HandoffFilter::sample(),
            rows: HandoffRow::samples(),
            matching: 31,
            first: 9,
            last: 16,
            earlier: Some("/handoffs".into()),
            later: Some("/handoffs?page=3".into()),
        }
    }
}

impl HandoffFilter {
    fn sample() -> Self {
        Self {
            sites: vec![
                ChoiceRow::new("", "All sites").chosen(),
                ChoiceRow::new("east", "East clinic"),
                ChoiceRow::new("home", "Home visiting"),
            ],
            owners: vec![
                ChoiceRow::new("", "Anyone").chosen(),
                ChoiceRow::new("ana", "Ana Duarte"),
                ChoiceRow::new("carla", "Carla Reyes"),
            ],
            stages: vec![
                ChoiceRow::new("", "Anywhere").chosen(),
                ChoiceRow::new("needs_a_person", "Needs a person"),
                ChoiceRow::new("booked", "Booked"),
                ChoiceRow::new("not_today", "Not today"),
            ],
            modes: vec![
                ChoiceRow::new("", "Any mode").chosen(),
                ChoiceRow::new("in_person", "In person"),
                ChoiceRow::new("phone", "Phone together"),
                ChoiceRow::new("coordinator", "Coordinator"),
                ChoiceRow::new("portal", "Portal + callback"),
            ],
            is_overdue_only: false,
            code: String::new(),
        }
    }
}

impl HandoffRow {
    pub fn samples() -> Vec<Self> {
        let row =
            |code: &str, site: &str, stage, tone, next: &str, owner: &str, received: &str| Self {
                code: code.into(),
                href: format!("/handoffs/{}", code.to_lowercase()),
                site: site.into(),
                stage: Tag::new(stage, tone),
                next: next.into(),
                owner: owner.into(),
                received: received.into(),
            };
        let (east, home) = ("East clinic", "Home visiting");
        vec![
            row(
                "3A1",
                home,
                "safety open",
                Tone::Danger,
                "Dr. Lima assesses today",
                "Ngozi Okafor",
                "13:00",
            ),
            row(
                "7F2",
                east,
                "waiting for the practice",
                Tone::Late,
                "Call from Harbor, due 12:20",
                "Carla Reyes",
                "12:31",
            ),
            row(
                "4B0",
                home,
                "two appointments",
                Tone::Late,
                "Ask her which stands",
                "Carla Reyes",
                "Fri 18:30",
            ),
            row(
                "1C9",
                home,
                "connecting",
                Tone::Late,
                "Try again after voicemail, due Sun",
                "Ana Duarte",
                "Sat 09:12",
            ),
            row(
                "9D5",
                home,
                "booked",
                Tone::Good,
                "First visit Mon 16 Mar 14:00, in 7 days",
                "Ana Duarte",
                "Fri 18:30",
            ),
            row(
                "2E8",
                east,
                "not today",
                Tone::Accent,
                "Check-in planned 19 Mar",
                "Dr. Patel",
                "5 Mar",
            ),
            row(
                "6C4",
                east,
                "next step set",
                Tone::Accent,
                "Mia, intake at Juniper, calls Tue 10:00",
                "Carla Reyes",
                "4 Mar",
            ),
            row(
                "0B7",
                home,
                "offered",
                Tone::Plain,
                "She asks her family first; revisit 11 Mar",
                "أمل الحسن",
                "3 Mar",
            ),
        ]
    }
}
