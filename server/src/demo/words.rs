//! What people of the demo write and say: notes, her own words, reasons for leaving, what was left with her. Invented;
//! no name of a condition and no number in it.

use rand::Rng;
use rand::seq::IndexedRandom;

/// Notes after a visit.
pub const NOTES: &[&str] = &[
    "Her sister comes on Tuesdays and can watch the baby during a visit.",
    "Prefers mornings, the bus runs better then.",
    "Asked that we say \"the clinic\" and nothing more if somebody else picks up.",
    "Would rather talk with a woman. Harbor said yes to that.",
    "She wrote the time on the fridge calendar while I was there.",
    "Video suits her better than the drive, she has a quiet room after two.",
    "Interpreter was on the line from the start, went well.",
    "Her mother was in the next room, we kept it general until she left.",
    "Baby slept through the whole call, she laughed about that.",
    "Needs the ride that the county pays. Form is filled in and sent.",
    "Said the introduction made the call easier than she had feared.",
    "New shift pattern from next week: not on Wednesdays.",
];

/// In her words, when she would rather not today.
pub const NOT_TODAY: &[&str] = &[
    "Let me get through this week first.",
    "I want to ask my husband what he thinks.",
    "I just met you all, give me a little time.",
    "My last counselor never called me back.",
    "I don't have anyone to watch the twins.",
    "Maybe when my mother has gone home.",
];

/// In her words, when she would rather not be asked again.
pub const NEVER: &[&str] = &[
    "I have my own pastor for that, thank you.",
    "I know where to find you. Please leave it there.",
];

/// What a member of staff wrote when she was worried.
pub const WORRIES: &[&str] = &[
    "She said she is scared to be alone tonight.",
    "Has hardly slept for four nights and talks very fast, her partner is worried too.",
    "She went quiet when he came in, and asked me to come back when he is at work.",
];

/// What a clinician wrote when the flag could be resolved.
pub const RESOLVED: &[&str] = &[
    "Talked with her for half an hour. Her sister stays with her until Sunday, and she knows whom to call at night.",
    "Spoke on the phone, then again with her partner in the room, as she wished. Plan for the week is written down with her.",
    "Saw her in person. She feels safe at home tonight, has the numbers, and wants us to ring tomorrow.",
];

/// Why she left without a plan.
pub const LEFT: &[&str] = &[
    "ride was waiting",
    "baby needed feeding",
    "nobody answered at the practice",
    "next patient was waiting",
];

/// What was left with her.
pub const MATERIAL: &[&str] = &["info sheet", "hotline card", "info sheet and hotline card"];

/// Why an appointment was called off.
pub const CALLED_OFF: &[&str] = &["child is ill", "no ride that day", "has to work"];

/// Why the practice could not reach her, or she did not come.
pub const MISSED: &[&str] = &[
    "No childcare that morning. She would like another time.",
    "Mixed up the days and was sorry about it.",
    "The ride did not come. Booked one for the next time.",
];

/// One of them.
pub fn one_of<'a>(words: &'a [&'a str], rng: &mut impl Rng) -> &'a str {
    words.choose(rng).copied().unwrap_or_default()
}
