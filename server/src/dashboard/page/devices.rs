//! Which devices carry the programme's records, when each was last heard, and what it had not sent. It refuses to call
//! silence an error: a phone in a valley is silent too.

use askama::Template;

use super::{ChoiceRow, Frame, Place, Tag, Tone, counted};

#[derive(Debug, Clone, Template)]
#[template(path = "devices.html")]
pub struct DevicesPage {
    pub frame: Frame,
    /// Silent first, then by name.
    pub rows: Vec<DeviceRow>,
    /// Entries unsent when the devices were last seen.
    pub unsent: u32,
    pub draft: EnrolDraft,
}

#[derive(Debug, Clone)]
pub struct DeviceRow {
    pub id: String,
    pub name: String,
    /// `phone` or `tablet`.
    pub kind: String,
    /// Who may sign in on it: `Ana Duarte, Carla Reyes`.
    pub people: String,
    pub last_seen: String,
    pub unsent: u32,
    /// What waits for these entries: `step due tomorrow`.
    pub due: Option<String>,
    /// `right`, or `2 h fast`.
    pub clock: String,
    pub is_clock_wrong: bool,
    pub is_silent: bool,
    pub state: DeviceState,
    /// What went with it, once it was revoked.
    pub loss: Option<Loss>,
}

/// What is known of a device that was taken out of service: for whoever has to judge its loss. It names no patient.
#[derive(Debug, Clone)]
pub struct Loss {
    /// `Confirmed wiped 2 Mar 08:10`, or what is missing for that.
    pub fate: String,
    /// `Records of at most 14 patients · 2 unsent when last seen · encrypted`.
    pub held: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceState {
    Active,
    /// Enrolled after the backup that was put back; nobody has said yet whose it is.
    Unconfirmed,
    /// Revoked, and not heard since.
    Revoked,
    ToldToWipe,
    Wiped,
}

impl DeviceRow {
    pub fn is_active(&self) -> bool {
        self.state == DeviceState::Active
    }

    /// It has not said that it is wiped: its order can be taken back.
    pub fn may_come_back(&self) -> bool {
        matches!(self.state, DeviceState::Revoked | DeviceState::ToldToWipe)
    }

    pub fn waits(&self) -> bool {
        self.state == DeviceState::Unconfirmed
    }

    pub fn tag(&self) -> Tag {
        match self.state {
            DeviceState::Active if self.is_silent => Tag::new("silent", Tone::Silent),
            DeviceState::Active => Tag::new("active", Tone::Good),
            DeviceState::Unconfirmed => Tag::new("is it yours?", Tone::Late),
            DeviceState::Revoked => Tag::new("revoked, not yet seen", Tone::Plain),
            DeviceState::ToldToWipe => Tag::new("told to wipe", Tone::Plain),
            DeviceState::Wiped => Tag::new("confirmed wiped", Tone::Plain),
        }
    }
}

/// What somebody has typed to enrol a device.
#[derive(Debug, Clone, Default)]
pub struct EnrolDraft {
    pub name: String,
    /// `phone` and `tablet`.
    pub kinds: Vec<ChoiceRow>,
    pub people: Vec<ChoiceRow>,
    /// There may be people whom this visitor cannot choose.
    pub others: bool,
    pub error: Option<String>,
}

impl DevicesPage {
    pub fn standing(&self) -> String {
        let count = |predicate: fn(&DeviceRow) -> bool| {
            u32::try_from(self.rows.iter().filter(|row| predicate(row)).count()).unwrap_or(u32::MAX)
        };
        format!(
            "{} · {} silent for more than a day · {} last seen unsent · as known at {}",
            counted(
                count(DeviceRow::is_active),
                "active device",
                "active devices"
            ),
            count(|row| row.is_silent && row.is_active()),
            counted(self.unsent, "entry", "entries"),
            self.frame.known_at
        )
    }

    /// Devices of which somebody has to say whose they are.
    pub fn waiting(&self) -> usize {
        self.rows.iter().filter(|row| row.waits()).count()
    }

    pub fn empty() -> Self {
        Self {
            frame: Frame::empty(Place::Devices, "/devices"),
            rows: Vec::new(),
            unsent: 0,
            draft: EnrolDraft {
                kinds: vec![
                    ChoiceRow::new("phone", "Phone").chosen(),
                    ChoiceRow::new("tablet", "Tablet"),
                ],
                people: vec![
                    ChoiceRow::new("ana", "Ana Duarte"),
                    ChoiceRow::new("carla", "Carla Reyes"),
                    ChoiceRow::new("ngozi", "Ngozi Okafor"),
                    ChoiceRow::new("amal", "أمل الحسن"),
                ],
                ..EnrolDraft::default()
            },
        }
    }

    pub fn sample() -> Self {
        Self {
            frame: Frame::sample(Place::Devices, "/devices"),
            rows: rows(),
            unsent: 7,
            ..Self::empty()
        }
    }

    /// After an attempt that named nobody.
    pub fn refused() -> Self {
        let mut page = Self::sample();
        page.draft.name = "Ngozi’s new phone".into();
        page.draft.error = Some("Choose at least one person who will use it.".into());
        page
    }
}

fn loss(fate: &str, held: &str) -> Loss {
    Loss {
        fate: fate.into(),
        held: held.into(),
    }
}

fn rows() -> Vec<DeviceRow> {
    let row = |id: &str, name: &str, kind: &str, people: &str, last_seen: &str, unsent| DeviceRow {
        id: id.into(),
        name: name.into(),
        kind: kind.into(),
        people: people.into(),
        last_seen: last_seen.into(),
        unsent,
        due: None,
        clock: "right".into(),
        is_clock_wrong: false,
        is_silent: false,
        state: DeviceState::Active,
        loss: None,
    };
    vec![
        DeviceRow {
            due: Some("step due tomorrow".into()),
            is_silent: true,
            ..row(
                "ngozi",
                "Ngozi’s phone",
                "phone",
                "Ngozi Okafor",
                "Fri 17:40",
                3,
            )
        },
        DeviceRow {
            clock: "2 h fast".into(),
            is_clock_wrong: true,
            is_silent: true,
            ..row(
                "east2",
                "East clinic tablet 2",
                "tablet",
                "Carla Reyes, Dr. Patel, front desk",
                "Sat 11:02",
                4,
            )
        },
        row("ana", "Ana’s phone", "phone", "Ana Duarte", "12:58", 0),
        row(
            "east1",
            "Clinic tablet 1",
            "tablet",
            "Carla Reyes, Dr. Patel, أمل الحسن",
            "13:02",
            0,
        ),
        DeviceRow {
            state: DeviceState::Unconfirmed,
            ..row("new", "Device 3f9a07", "device", "", "13:01", 2)
        },
        DeviceRow {
            state: DeviceState::ToldToWipe,
            loss: Some(loss(
                "Seen 2 Mar 08:10 and told to wipe; it has not confirmed it",
                "Records of at most 31 patients · nothing unsent when last seen · encrypted",
            )),
            ..row(
                "old",
                "Ana’s old phone, the one with the cracked screen 🐚",
                "phone",
                "Ana Duarte",
                "2 Mar 08:10",
                0,
            )
        },
        DeviceRow {
            state: DeviceState::Revoked,
            loss: Some(loss(
                "Not yet seen since it was revoked 12 Feb 09:00",
                "Records of at most 14 patients · 2 unsent when last seen · encrypted",
            )),
            ..row(
                "lost",
                "Lost in Harbor Street",
                "phone",
                "Ngozi Okafor",
                "11 Feb 19:30",
                2,
            )
        },
        DeviceRow {
            state: DeviceState::Wiped,
            loss: Some(loss(
                "Confirmed wiped 3 Jan 11:20",
                "Records of at most 1 patient · nothing unsent when last seen · encrypted · 1 closed box of work that nobody had taken",
            )),
            ..row(
                "found",
                "Left on the bus",
                "tablet",
                "Carla Reyes",
                "3 Jan 11:20",
                0,
            )
        },
    ]
}
