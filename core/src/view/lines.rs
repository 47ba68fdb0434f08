//! Numbers that are the same everywhere, in the order in which they are shown: danger first, then the crisis line, then
//! whom the organisation names, and support last, labelled as what it is. Knows no patient and needs no sheet.

use crate::domain::code::{Channel, SafetyCall};
use crate::domain::organisation::SafetySteps;
use serde::Serialize;

/// Whom to call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Which; what a tap on it records.
    pub call: SafetyCall,
    /// What it is for.
    pub purpose: Purpose,
    /// A named person, where it is one.
    pub name: Option<String>,
    /// What she does.
    pub role: Option<String>,
    /// How to reach it, the quickest first.
    pub ways: Vec<Way>,
    /// By day and night.
    pub day_and_night: bool,
}

/// What a line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// There is danger now.
    DangerNow,
    /// A crisis line.
    CrisisLine,
    /// The organisation's clinician on call.
    OnCall,
    /// Support by day and night; it is not a crisis line.
    SupportNotACrisisLine,
}

/// One way to reach a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Way {
    /// By what means.
    pub channel: Channel,
    /// The number.
    pub value: String,
    /// In this language alone; else in any that the line has.
    pub language: Option<String>,
    /// What to press, or to send as a text.
    pub say: Option<String>,
}

fn way(channel: Channel, value: &str) -> Way {
    Way {
        channel,
        value: value.to_owned(),
        language: None,
        say: None,
    }
}

fn spanish(channel: Channel, value: &str, say: &str) -> Way {
    Way {
        language: Some("es".to_owned()),
        say: Some(say.to_owned()),
        ..way(channel, value)
    }
}

fn line(call: SafetyCall, purpose: Purpose, ways: Vec<Way>) -> Line {
    Line {
        call,
        purpose,
        name: None,
        role: None,
        ways,
        day_and_night: true,
    }
}

/// 911, 988, those on call in their order, the Maternal Mental Health Hotline.
pub(super) fn lines(own: Option<&SafetySteps>) -> Vec<Line> {
    let mut lines = vec![
        line(
            SafetyCall::Emergency911,
            Purpose::DangerNow,
            vec![way(Channel::Voice, "911")],
        ),
        line(
            SafetyCall::Lifeline988,
            Purpose::CrisisLine,
            vec![
                way(Channel::Voice, "988"),
                way(Channel::Text, "988"),
                spanish(Channel::Voice, "988", "2"),
                spanish(Channel::Text, "988", "AYUDA"),
            ],
        ),
    ];
    lines.extend(own.iter().flat_map(|s| &s.on_call).map(|contact| Line {
        name: Some(contact.name.clone()),
        role: contact.role.clone(),
        day_and_night: false,
        ..line(
            SafetyCall::OnCall,
            Purpose::OnCall,
            vec![way(contact.channel, &contact.value)],
        )
    }));
    lines.push(line(
        SafetyCall::MaternalHotline,
        Purpose::SupportNotACrisisLine,
        vec![
            way(Channel::Voice, "1-833-852-6262"),
            way(Channel::Text, "1-833-852-6262"),
        ],
    ));
    lines
}
