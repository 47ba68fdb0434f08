//! The first page: who is unsafe, what is overdue, which device is silent; then whether it is getting better; then
//! what is open. It refuses to know how any of that is counted.

use askama::Template;

use super::handoffs::HandoffRow;
use super::{Frame, Place, SentenceRow, Tone, counted};
use crate::dashboard::chart::funnel::FunnelRow;
use crate::dashboard::chart::run::{RunChart, RunPoint};

#[derive(Debug, Clone, Template)]
#[template(path = "overview.html")]
pub struct OverviewPage {
    pub frame: Frame,
    /// `Monday, 9 March`.
    pub date: String,
    pub sites: u32,
    /// Entries that arrived since yesterday and were made long before.
    pub late_entries: u32,
    /// Which sites are shown, and the links to show others; a person of one site has none.
    pub site: String,
    pub site_links: Vec<SiteRow>,
    pub safety: NowCard,
    pub overdue: NowCard,
    pub silent: SilentCard,
    pub run: RunChart,
    pub funnel: Vec<FunnelRow>,
    /// `Offered 8 Feb – 8 Mar`.
    pub funnel_period: String,
    pub open: Vec<HandoffRow>,
    pub open_count: u32,
    pub check: CheckLine,
    /// Devices of which somebody has to say whose they are.
    pub unconfirmed: u32,
}

/// What the last check of the database came to: calm, or not.
#[derive(Debug, Clone, Default)]
pub struct CheckLine {
    pub sentence: String,
    pub is_loud: bool,
}

#[derive(Debug, Clone)]
pub struct SiteRow {
    pub label: String,
    pub href: String,
    pub is_current: bool,
}

/// A number somebody acts on, and its first few causes.
#[derive(Debug, Clone, Default)]
pub struct NowCard {
    pub count: u32,
    pub rows: Vec<SentenceRow>,
}

#[derive(Debug, Clone, Default)]
pub struct SilentCard {
    /// Entries unsent when the devices were last seen.
    pub unsent: u32,
    pub silent: u32,
    pub enrolled: u32,
    pub rows: Vec<SentenceRow>,
}

impl CheckLine {
    /// When the last check ended, and what it found not sound.
    pub fn of(last: Option<(String, Vec<&str>)>) -> Self {
        match last {
            None => Self {
                sentence:
                    "The data were not checked yet since the server began; they are every night."
                        .into(),
                is_loud: false,
            },
            Some((at, unsound)) if unsound.is_empty() => Self {
                sentence: format!("The data were checked at {at} and are sound."),
                is_loud: false,
            },
            Some((at, unsound)) => Self {
                sentence: format!(
                    "The check at {at} found that something is not sound: {}. Call whoever looks after the server today; the data folder is to stay as it is.",
                    unsound.join(", ")
                ),
                is_loud: true,
            },
        }
    }
}

impl CheckLine {
    /// The last check found nothing: something does not read now, and the top of the page says so.
    pub fn overtaken() -> Self {
        Self {
            sentence: "The data are not sound: see the top of this page.".into(),
            is_loud: false,
        }
    }
}

impl NowCard {
    /// `3 of 4`.
    pub fn shown(&self) -> String {
        format!("{} of {}", self.rows.len(), self.count)
    }
}

impl OverviewPage {
    /// The line below the date.
    pub fn standing(&self) -> String {
        format!(
            "{} · {} · figures as known at {}, {} since yesterday",
            counted(self.sites, "site", "sites"),
            counted(self.open_count, "open handoff", "open handoffs"),
            self.frame.known_at,
            counted(self.late_entries, "late entry", "late entries"),
        )
    }

    pub fn empty() -> Self {
        Self {
            frame: Frame::empty(Place::Overview, "/"),
            date: "Monday, 9 March".into(),
            sites: 1,
            late_entries: 0,
            site: "All sites".into(),
            site_links: Vec::new(),
            safety: NowCard::default(),
            overdue: NowCard::default(),
            silent: SilentCard::default(),
            run: RunChart::default(),
            funnel: Vec::new(),
            funnel_period: "Offered 8 Feb – 8 Mar".into(),
            open: Vec::new(),
            open_count: 0,
            check: CheckLine::of(None),
            unconfirmed: 0,
        }
    }

    /// After a night in which the check found something.
    pub fn unsound() -> Self {
        let check = CheckLine::of(Some(("03:02".to_owned(), vec!["log", "records"])));
        Self {
            check,
            ..Self::sample()
        }
    }

    pub fn sample() -> Self {
        let site = |label: &str, href: &str, is_current| SiteRow {
            label: label.into(),
            href: href.into(),
            is_current,
        };
        Self {
            frame: Frame::sample(Place::Overview, "/"),
            sites: 2,
            late_entries: 3,
            site_links: vec![
                site("All sites", "/", true),
                site("East clinic", "/?site=east", false),
                site("Home visiting", "/?site=home", false),
            ],
            safety: safety_sample(),
            overdue: overdue_sample(),
            silent: silent_sample(),
            run: run_sample(),
            funnel: funnel_sample(),
            open: HandoffRow::samples(),
            open_count: 31,
            check: CheckLine::of(Some(("03:02".to_owned(), Vec::new()))),
            unconfirmed: 1,
            ..Self::empty()
        }
    }
}

fn safety_sample() -> NowCard {
    let raised = SentenceRow::new(
        "safety-4b0",
        "Raised by Ngozi Okafor, at home",
        "handed to Dr. Lima 08:50 · recorded offline 08:40, arrived here 13:00",
    );
    NowCard {
        count: 1,
        rows: vec![
            raised
                .tagged("open 4 h 24 min", Tone::Danger)
                .leading_to("/handoffs/3a1"),
        ],
    }
}

fn overdue_sample() -> NowCard {
    NowCard {
        count: 4,
        rows: vec![
            SentenceRow::new(
                "work-1",
                "Harbor Counseling promised a call",
                "patient 7F2 · Carla Reyes follows up",
            )
            .tagged("45 min", Tone::Late)
            .leading_to("/handoffs/7f2"),
            SentenceRow::new(
                "work-2",
                "Try again after voicemail",
                "patient 1C9 · Ana Duarte",
            )
            .tagged("1 day", Tone::Late)
            .leading_to("/handoffs/1c9"),
            SentenceRow::new(
                "work-3",
                "Two appointments, one patient",
                "patient 4B0 · Carla Reyes decides with her",
            )
            .tagged("61 h", Tone::Late)
            .leading_to("/handoffs/4b0"),
        ],
    }
}

fn silent_sample() -> SilentCard {
    SilentCard {
        unsent: 7,
        silent: 5,
        enrolled: 38,
        rows: vec![
            SentenceRow::new(
                "device-1",
                "Ngozi’s phone",
                "3 unsent · last seen Fri 17:40",
            )
            .tagged("step due tomorrow", Tone::Late)
            .leading_to("/devices#device-ngozi"),
            SentenceRow::new(
                "device-2",
                "East clinic tablet 2",
                "4 unsent · last seen Sat 11:02 · clock 2 h fast",
            )
            .tagged("nothing due", Tone::Plain)
            .leading_to("/devices#device-east2"),
            SentenceRow::new("device-rest", "3 more", "").tagged("nothing unsent", Tone::Plain),
        ],
    }
}

fn run_sample() -> RunChart {
    let weeks = [
        ("24 Nov", 9, 22),
        ("1 Dec", 9, 24),
        ("8 Dec", 9, 20),
        ("15 Dec", 10, 25),
        ("22 Dec", 7, 15),
        ("29 Dec", 8, 19),
        ("5 Jan", 9, 23),
        ("12 Jan", 10, 22),
        ("19 Jan", 12, 23),
        ("26 Jan", 13, 23),
        ("2 Feb", 14, 24),
        ("9 Feb", 13, 24),
        ("16 Feb", 15, 24),
        ("23 Feb", 15, 23),
        ("2 Mar", 16, 24),
        ("9 Mar", 16, 24),
    ];
    let weeks = weeks.map(|(label, hits, all)| RunPoint {
        label: label.into(),
        hits,
        all,
    });
    RunChart::of_weeks(&weeks, 10)
}

fn funnel_sample() -> Vec<FunnelRow> {
    let row = |mode: &str, offered, [spoke, booked, due, attended]: [u32; 4]| FunnelRow {
        mode: mode.into(),
        offered,
        spoke: Some(spoke),
        booked: Some(booked),
        due: Some(due),
        attended: Some(attended),
    };
    vec![
        row("In person", 38, [36, 34, 33, 30]),
        row("Phone together", 64, [58, 55, 53, 47]),
        row("Coordinator", 27, [24, 22, 21, 17]),
        row("Portal + callback", 31, [12, 22, 19, 12]),
    ]
}
