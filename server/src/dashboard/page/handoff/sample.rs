//! An invented record that holds every kind of moment a timeline can show.

use super::{AtOnce, Entry, Gate, Grade, HandoffPage, Moment, OpenRecord, Record, Settle, Side};
use crate::dashboard::page::{ChoiceRow, Frame, Place, SentenceRow, Tag, Tone};

impl HandoffPage {
    pub fn sample() -> Self {
        Self::of(Record::Open(Box::new(OpenRecord {
            name: "Rosa Jiménez-Delacroix".into(),
            stage: Tag::new("two appointments", Tone::Late),
            identified: "Identified Thu 5 Mar by Dr. Patel".into(),
            owner: "Carla Reyes".into(),
            grade: Some(Grade {
                code: "W3".into(),
                meaning: "spoke and booked before leaving".into(),
            }),
            reason: "I follow up this handoff".into(),
            timeline: timeline(),
            to_do: to_do(),
            reach: reach(),
            devices: devices(),
        })))
    }

    /// A record that was only just opened by somebody, whose name reads from right to left.
    pub fn empty() -> Self {
        Self::of(Record::Open(Box::new(OpenRecord {
            name: "ליאת בן־דוד 🌷".into(),
            stage: Tag::new("opened", Tone::Plain),
            identified: "Opened today by Ngozi Okafor".into(),
            owner: String::new(),
            grade: None,
            reason: "Quality review".into(),
            timeline: Vec::new(),
            to_do: Vec::new(),
            reach: Vec::new(),
            devices: Vec::new(),
        })))
    }

    /// Before a reason is chosen.
    pub fn closed() -> Self {
        Self::of(Record::Closed(Gate::new()))
    }

    fn of(state: Record) -> Self {
        Self {
            frame: Frame::sample(Place::Handoffs, "/handoffs/4b0"),
            id: "4b0".into(),
            code: "4B0".into(),
            state,
        }
    }
}

impl Side {
    pub fn samples() -> Vec<Self> {
        vec![
            Self::new(
                "Ana Duarte",
                "booked Harbor Counseling",
                "Mon 16 Mar 14:00",
                "with her, at home, Fri 10:34",
            ),
            Self::new(
                "Carla Reyes",
                "booked Juniper Clinic",
                "Thu 12 Mar 09:00",
                "by phone, Fri 13:00",
            ),
        ]
    }
}

fn entry(key: &str, at: &str, who: &str, what: &str, place: &str) -> Entry {
    Entry {
        key: key.into(),
        at: at.into(),
        who: who.into(),
        what: what.into(),
        place: place.into(),
        ..Entry::default()
    }
}

fn timeline() -> Vec<Moment> {
    let offline = Some("recorded offline, received Fri 18:30".to_owned());
    vec![
        Moment::Entry(entry(
            "e1",
            "Thu 5 Mar 17:00",
            "Dr. Patel",
            "identified a need",
            "screen positive, reviewed after the visit · clinic tablet 1",
        )),
        Moment::Entry(Entry {
            words: "I would rather talk to someone who speaks Spanish.".into(),
            received: offline.clone(),
            ..entry(
                "e2",
                "Fri 6 Mar 10:20",
                "Ana Duarte",
                "offered; she agreed",
                "home visit, voice only · Ana’s phone",
            )
        }),
        Moment::Entry(Entry {
            received: offline.clone(),
            ..entry(
                "e3",
                "10:25",
                "Ana Duarte",
                "called Harbor Counseling; she spoke to Mia, intake",
                "10 minutes · introduced by name · patient on the line",
            )
        }),
        Moment::Entry(Entry {
            received: offline.clone(),
            is_safety: true,
            ..entry(
                "e4",
                "10:31",
                "Ana Duarte",
                "raised a safety concern",
                "not sleeping for days · handed to Dr. Lima by phone 10:33",
            )
        }),
        Moment::AtOnce(AtOnce {
            key: "e5".into(),
            what: "Two people booked without seeing each other".into(),
            sides: Side::samples(),
            settle: Settle::Ask {
                item: "review-4b0".into(),
                choices: vec![
                    ChoiceRow::new("e5b", "She keeps Juniper"),
                    ChoiceRow::new("e5a", "She keeps Harbor"),
                ],
            },
        }),
        Moment::Entry(Entry {
            received: offline,
            ..entry(
                "e6",
                "Fri 6 Mar 11:00",
                "Ana Duarte",
                "ended the visit: leave-check passed",
                "appointment confirmed before leaving",
            )
        }),
        Moment::Entry(Entry {
            is_safety: true,
            ..entry(
                "e7",
                "11:20",
                "Dr. Lima",
                "resolved the concern, with a note",
                "names the flag of 10:31 · by phone",
            )
        }),
        Moment::Entry(Entry {
            is_late: true,
            clock: Some("clock 2 h fast".into()),
            ..entry(
                "e8",
                "Fri 6 Mar 16:10",
                "East clinic tablet 2, front desk",
                "left the sheet about the first visit",
                "made for Thu 5 Mar, recorded the day after",
            )
        }),
        Moment::Entry(Entry {
            voided: Some("Carla Reyes voided this Mon 09:30: wrong patient".into()),
            ..entry(
                "e9",
                "Sat 7 Mar 09:05",
                "Carla Reyes",
                "noted a new number",
                "East clinic tablet 2",
            )
        }),
        Moment::Entry(Entry {
            newer_kind: Some("transport_arranged".into()),
            ..entry("e10", "Mon 9 Mar 08:15", "Ana Duarte", "", "Ana’s phone")
        }),
    ]
}

fn to_do() -> Vec<SentenceRow> {
    vec![
        SentenceRow::new(
            "todo-1",
            "Ask her which appointment stands",
            "Carla Reyes · nobody is messaged before that",
        )
        .tagged("61 h", Tone::Late),
        SentenceRow::new("todo-2", "Reminder", "by call only; voicemail not allowed")
            .tagged("11 Mar", Tone::Plain),
    ]
}

fn reach() -> Vec<SentenceRow> {
    vec![
        SentenceRow::new("reach-1", "Call, mornings", "").tagged("confirmed 5 Mar", Tone::Plain),
        SentenceRow::new(
            "reach-2",
            "No voicemail, no text",
            "two people recorded different answers; the stricter holds",
        )
        .tagged("most restrictive rule", Tone::Plain),
        SentenceRow::new("reach-3", "Spanish, interpreter offered", ""),
    ]
}

fn devices() -> Vec<SentenceRow> {
    vec![
        SentenceRow::new("on-1", "Ana’s phone", "last seen 12:58")
            .tagged("all received", Tone::Good),
        SentenceRow::new("on-2", "Clinic tablet 1", "last seen 13:02")
            .tagged("all received", Tone::Good),
        SentenceRow::new("on-3", "East clinic tablet 2", "last seen Sat 11:02")
            .tagged("4 unsent", Tone::Silent),
    ]
}
