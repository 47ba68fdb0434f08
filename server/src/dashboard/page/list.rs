//! A page that is one list in a few groups: what is due and overdue, and which safety flags stand. It refuses to sort
//! or to count; whoever fills it has done both.

use askama::Template;

use super::{Frame, Place, SentenceRow, Tone};

#[derive(Debug, Clone, Template)]
#[template(path = "list.html")]
pub struct ListPage {
    pub frame: Frame,
    pub title: String,
    /// The line below the heading, with the counts.
    pub standing: String,
    pub groups: Vec<ListGroup>,
    /// What holds for all of them; empty for nothing.
    pub note: String,
}

#[derive(Debug, Clone)]
pub struct ListGroup {
    /// Unique on the page.
    pub key: String,
    pub heading: String,
    /// Colours the edge of the card.
    pub tone: Tone,
    pub rows: Vec<SentenceRow>,
    /// The sentence that stands where rows would.
    pub empty: String,
}

impl ListGroup {
    pub fn new(key: &str, heading: &str, tone: Tone, empty: &str) -> Self {
        Self {
            key: key.into(),
            heading: heading.into(),
            tone,
            rows: Vec::new(),
            empty: empty.into(),
        }
    }

    #[must_use]
    pub fn with(mut self, rows: Vec<SentenceRow>) -> Self {
        self.rows = rows;
        self
    }
}

impl ListPage {
    pub fn work_sample() -> Self {
        let mut page = Self::work_empty();
        page.frame = Frame::sample(Place::Work, "/work");
        page.standing = "4 overdue, 3 due today or tomorrow · as known at 13:04".into();
        page.groups = vec![
            overdue().with(vec![
                SentenceRow::new(
                    "work-1",
                    "Two appointments, one patient",
                    "patient 4B0 · due Sat 00:00 · Carla Reyes decides with her",
                )
                .tagged("61 h", Tone::Late)
                .leading_to("/handoffs/4b0"),
                SentenceRow::new(
                    "work-2",
                    "Try again after voicemail",
                    "patient 1C9 · due Sun 13:00 · Ana Duarte, who has been silent since Fri",
                )
                .tagged("1 day", Tone::Late)
                .leading_to("/handoffs/1c9"),
                SentenceRow::new(
                    "work-3",
                    "Ask Juniper Clinic whether she came",
                    "patient 8F3 · due 09:00 · nobody holds this",
                )
                .tagged("4 h", Tone::Late)
                .leading_to("/handoffs/8f3"),
                SentenceRow::new(
                    "work-4",
                    "Harbor Counseling promised a call",
                    "patient 7F2 · due 12:20 · Carla Reyes follows up",
                )
                .tagged("45 min", Tone::Late)
                .leading_to("/handoffs/7f2"),
            ]),
            due().with(vec![
                SentenceRow::new(
                    "work-5",
                    "Check on her after the concern of this morning",
                    "patient 3A1 · Ngozi Okafor",
                )
                .tagged("tomorrow 09:00", Tone::Plain)
                .leading_to("/handoffs/3a1"),
                SentenceRow::new(
                    "work-6",
                    "Planned check-in: she wanted to ask her family",
                    "patient 0B7 · أمل الحسن",
                )
                .tagged("tomorrow", Tone::Plain)
                .leading_to("/handoffs/0b7"),
                SentenceRow::new(
                    "work-7",
                    "Reminder of the first visit",
                    "patient 9D5 · Ana Duarte · by call only; voicemail not allowed",
                )
                .tagged("tomorrow 14:00", Tone::Plain)
                .leading_to("/handoffs/9d5"),
            ]),
        ];
        page
    }

    pub fn work_empty() -> Self {
        Self {
            frame: Frame::empty(Place::Work, "/work"),
            title: "Work".into(),
            standing: "Nothing overdue, nothing due today or tomorrow · as known at 13:04".into(),
            groups: vec![overdue(), due()],
            note: "A late step can still be done with its real date; it is done on the handoff itself.".into(),
        }
    }

    pub fn safety_sample() -> Self {
        let mut page = Self::safety_empty();
        page.frame = Frame::sample(Place::Safety, "/safety");
        page.standing = "1 open, 1 resolved in the last 7 days · as known at 13:04".into();
        page.groups = vec![
            open().with(vec![
                SentenceRow::new(
                    "flag-1",
                    "Ngozi Okafor is worried, at home",
                    "patient 3A1 · handed to Dr. Lima 08:50, in person · recorded offline 08:40, arrived here 13:00",
                )
                .tagged("open 4 h 24 min", Tone::Danger)
                .leading_to("/handoffs/3a1"),
            ]),
            resolved().with(vec![
                SentenceRow::new(
                    "flag-2",
                    "A screen asked for attention, East clinic",
                    "patient 5D0 · raised Thu 16:58 by Dr. Patel · resolved Thu 17:20 by Dr. Lima, with a note",
                )
                .tagged("22 min", Tone::Plain)
                .leading_to("/handoffs/5d0"),
            ]),
        ];
        page
    }

    pub fn safety_empty() -> Self {
        Self {
            frame: Frame::empty(Place::Safety, "/safety"),
            title: "Safety".into(),
            standing: "Nothing open · as known at 13:04".into(),
            groups: vec![open(), resolved()],
            note: "A flag stays open until a licensed clinician has resolved it with a note. \
                   Devices that are silent may hold flags that have not arrived."
                .into(),
        }
    }
}

fn overdue() -> ListGroup {
    ListGroup::new(
        "overdue",
        "Past its time",
        Tone::Late,
        "Nothing is past its time.",
    )
}

fn due() -> ListGroup {
    ListGroup::new(
        "due",
        "Due today and tomorrow",
        Tone::Plain,
        "Nothing is due today or tomorrow.",
    )
}

fn open() -> ListGroup {
    ListGroup::new("open", "Open", Tone::Danger, "No safety flag is open.")
}

fn resolved() -> ListGroup {
    ListGroup::new(
        "resolved",
        "Resolved in the last 7 days",
        Tone::Plain,
        "None was resolved in the last 7 days.",
    )
}
