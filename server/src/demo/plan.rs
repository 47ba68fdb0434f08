//! The plan: every step of every handoff, by meeting and device. Pure: a seed, a number of weeks and a now give the same
//! plan each time. Opens no device and no socket.

use super::ask;
use super::cast::{self, AT_HOME, IN_CLINIC, Visitor};
use super::collide::{self, Collision};
use super::diary::{Diary, SILENT_SINCE};
use super::differ::{self, Difference};
use super::intent::Intent;
use super::tale::{Step, Tale};
use super::today::Scene;
use super::worry;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use rand::{Rng, SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;
use warmhand_core::domain::code::{DecisionValue, Mode};
use warmhand_core::domain::organisation::Organisation;

/// What is to be played.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// When it begins: devices are enrolled then.
    pub from: Timestamp,
    /// Meetings, in order.
    pub rounds: Vec<Round>,
    /// How many handoffs it tells.
    pub handoffs: usize,
}

/// A time at which devices have a link, with what each did since its last.
#[derive(Clone, Debug, PartialEq)]
pub struct Round {
    /// When.
    pub at: Timestamp,
    /// The devices, each with its steps in order.
    pub turns: Vec<Turn>,
}

/// A device in a round.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// Which.
    pub device: usize,
    /// The link carries a word on how the device is, and nothing more.
    pub weak: bool,
    /// What was done on it without a link.
    pub steps: Vec<Step>,
}

/// Handoffs in a week.
const A_WEEK: usize = 24;

/// Plans so many weeks up to now.
pub fn plan(seed: u64, weeks: u16, now: Timestamp) -> Result<Plan, String> {
    let sheet = Organisation::parse(cast::ORGANISATION)?;
    let zone = jiff::tz::TimeZone::get(&sheet.zone).map_err(|error| error.to_string())?;
    let diary = Diary::of(zone, weeks, now);
    let mut making = Making {
        diary: &diary,
        rng: ChaCha8Rng::seed_from_u64(seed),
        steps: Vec::new(),
        told: 0,
        taken: BTreeSet::new(),
    };
    making.scenes()?;
    making.collisions()?;
    making.differences()?;
    making.worries()?;
    making.reopening()?;
    making.visits(usize::from(weeks) * A_WEEK)?;
    let handoffs = making.told;
    Ok(Plan {
        from: diary.from,
        rounds: rounds(&diary, making.steps),
        handoffs,
    })
}

struct Making<'a> {
    diary: &'a Diary,
    rng: ChaCha8Rng,
    steps: Vec<Step>,
    told: usize,
    taken: BTreeSet<(&'static str, Timestamp)>,
}

impl Making<'_> {
    fn tell(
        &mut self,
        intent: &Intent,
        at: Timestamp,
        stays: bool,
        play: impl FnOnce(&mut Tale<'_>, &Intent),
    ) -> Result<(), String> {
        let mut tale = Tale::new(
            self.diary,
            &mut self.rng,
            intent.visitor.device,
            intent.visitor.user,
            at,
        );
        play(&mut tale, intent);
        if let Some(fault) = tale.fault {
            return Err(fault);
        }
        // What could not be sent any more was not done, nor what would stand on it.
        let sent = |step: &Step| stays || self.diary.link(step.device, step.at).is_some();
        self.steps.extend(tale.steps.into_iter().take_while(sent));
        self.told += 1;
        Ok(())
    }

    fn scenes(&mut self) -> Result<(), String> {
        for scene in Scene::ALL {
            let intent = scene.intent(self.told);
            self.tell(
                &intent,
                scene.begins(self.diary),
                scene.stays(),
                |tale, intent| scene.play(tale, intent),
            )?;
        }
        Ok(())
    }

    fn collisions(&mut self) -> Result<(), String> {
        let days = self.diary.days();
        let last = days.len().saturating_sub(2);
        let settled = [
            (0.2, Collision::TwoBooked),
            (0.35, Collision::Disputed),
            (0.4, Collision::Outcome),
            (0.6, Collision::TwoBooked),
        ];
        let settled = settled.map(|(part, what)| (day_at(part, last), what, true));
        let open = [
            (last, Collision::TwoBooked, false),
            (last, Collision::Disputed, false),
            // A visit has to be had first.
            (last.saturating_sub(8), Collision::Outcome, false),
        ];
        for (nth, what, settled) in settled.into_iter().chain(open) {
            let Some(day) = days.get(nth) else { continue };
            let intent = collide::intent(self.told);
            let at = self.diary.at(*day, 15, 35);
            self.tell(&intent, at, false, |tale, intent| {
                collide::collide(tale, intent, what, settled);
            })?;
        }
        Ok(())
    }

    fn differences(&mut self) -> Result<(), String> {
        let days = self.diary.days();
        let Some(day) = days.get(days.len().saturating_sub(2)).copied() else {
            return Ok(());
        };
        for what in Difference::ALL {
            let intent = collide::intent(self.told);
            let minute = if what == Difference::Sharing { 10 } else { 40 };
            let at = self.diary.at(day, 14, minute);
            self.tell(&intent, at, false, |tale, intent| {
                differ::differ(tale, intent, what);
            })?;
        }
        Ok(())
    }

    /// Begun so many days ago that the end of it is of yesterday.
    fn reopening(&mut self) -> Result<(), String> {
        let days = self.diary.days();
        let Some(day) = days.get(days.len().saturating_sub(5)).copied() else {
            return Ok(());
        };
        let intent = collide::intent(self.told);
        let at = self.diary.at(day, 15, 20);
        self.tell(&intent, at, false, worry::reopens)
    }

    fn worries(&mut self) -> Result<(), String> {
        let days = self.diary.days();
        for (part, home) in [(0.15, true), (0.45, false), (0.7, true)] {
            let Some(day) = days.get(day_at(part, days.len().saturating_sub(2))) else {
                continue;
            };
            let nurses = AT_HOME.iter().filter(|v| v.screens);
            let clinic = IN_CLINIC.iter();
            let visitors: Vec<&Visitor> = if home {
                nurses.collect()
            } else {
                clinic.take(1).collect()
            };
            let Some(visitor) = visitors.get(self.told % visitors.len().max(1)) else {
                continue;
            };
            let mode = if home { Mode::Phone } else { Mode::InPerson };
            let intent = Intent {
                patient: self.told,
                visitor: **visitor,
                mode,
                says: DecisionValue::Agreed,
                luck: 1.0,
            };
            let at = self.diary.at(*day, 10, 12);
            self.tell(
                &intent,
                at,
                false,
                if home {
                    worry::at_home
                } else {
                    worry::in_clinic
                },
            )?;
        }
        Ok(())
    }

    /// The usual visits: so many in all that `count` handoffs are told.
    fn visits(&mut self, count: usize) -> Result<(), String> {
        let count = count.saturating_sub(self.told);
        let mut modes: Vec<Mode> = (0..count).map(mode).collect();
        modes.shuffle(&mut self.rng);
        let days = self.diary.days();
        for (nth, mode) in modes.into_iter().enumerate() {
            let intent = Intent {
                patient: self.told,
                visitor: self.visitor(mode, nth),
                mode,
                says: says(nth),
                luck: 1.0,
            };
            // The last few are of today.
            let today = nth + TODAY.len() >= count;
            let at = if today {
                self.today(count - nth - 1)
            } else {
                self.slot(&days, nth, count, &intent)
            };
            // It gets better over the weeks.
            let through = at.duration_since(self.diary.from).as_secs_f64()
                / self.diary.now.duration_since(self.diary.from).as_secs_f64();
            let says = if today {
                DecisionValue::Agreed
            } else {
                intent.says
            };
            let intent = Intent {
                luck: 0.78 + 0.3 * through,
                says,
                ..intent
            };
            self.tell(&intent, at, false, ask::first)?;
        }
        Ok(())
    }

    fn visitor(&mut self, mode: Mode, nth: usize) -> Visitor {
        let clinic = matches!(mode, Mode::InPerson | Mode::Coordinator)
            || mode == Mode::Portal && !nth.is_multiple_of(3);
        let place = if clinic { &IN_CLINIC[..] } else { &AT_HOME[..] };
        let [first, ..] = AT_HOME;
        place
            .get(self.rng.random_range(0..place.len()))
            .copied()
            .unwrap_or(first)
    }

    /// A free hour of a working day, early ones first.
    fn slot(&mut self, days: &[Date], nth: usize, count: usize, intent: &Intent) -> Timestamp {
        const AT_HOME: [(i8, i8); 4] = [(8, 40), (10, 25), (13, 15), (15, 5)];
        const IN_CLINIC: [(i8, i8); 7] = [
            (8, 30),
            (9, 35),
            (10, 40),
            (11, 45),
            (13, 40),
            (14, 45),
            (15, 50),
        ];
        let silent = intent.visitor.device == cast::SILENT_PHONE
            || intent.visitor.device == cast::SILENT_TABLET;
        let until = if silent {
            self.diary.now - SILENT_SINCE - SignedDuration::from_hours(40)
        } else {
            self.diary.now
        };
        let days: Vec<Date> = days
            .iter()
            .copied()
            .filter(|day| self.diary.at(*day, 18, 0) < until)
            .collect();
        let hours = if intent.visitor.home {
            &AT_HOME[..]
        } else {
            &IN_CLINIC[..]
        };
        let mut place = nth * days.len() / count.max(1);
        for _ in 0..40 {
            let day = days.get(place.min(days.len().saturating_sub(1))).copied();
            let (hour, minute) = hours
                .get(self.rng.random_range(0..hours.len()))
                .copied()
                .unwrap_or((9, 0));
            let day = day.unwrap_or_else(|| self.diary.date(self.diary.from));
            let at = self.diary.at(day, hour, minute);
            if self.taken.insert((intent.visitor.user, at)) {
                return at;
            }
            place = self.rng.random_range(0..days.len().max(1));
        }
        self.diary.from
    }

    fn today(&self, back: usize) -> Timestamp {
        self.diary.before(TODAY.get(back).copied().unwrap_or(300))
    }
}

/// So many minutes before now somebody was visited.
const TODAY: [i64; 5] = [84, 130, 186, 243, 335];

fn day_at(part: f64, last: usize) -> usize {
    let last = u32::try_from(last).unwrap_or(0);
    (0..=last)
        .rev()
        .find(|day| f64::from(*day) <= part * f64::from(last))
        .and_then(|day| usize::try_from(day).ok())
        .unwrap_or(0)
}

/// The modes in their proportions.
fn mode(nth: usize) -> Mode {
    match nth % 20 {
        0..=3 => Mode::InPerson,
        4..=10 => Mode::Phone,
        11..=14 => Mode::Coordinator,
        15..=17 => Mode::Portal,
        _ => Mode::Written,
    }
}

/// What she says at first, in its proportions.
fn says(nth: usize) -> DecisionValue {
    match nth % 25 {
        3 | 9 | 17 => DecisionValue::NotToday,
        6 | 21 => DecisionValue::Hesitant,
        12 => DecisionValue::DoNotAskAgain,
        19 => DecisionValue::Withdrew,
        _ => DecisionValue::Agreed,
    }
}

/// Steps to the meetings before which they are done.
fn rounds(diary: &Diary, mut steps: Vec<Step>) -> Vec<Round> {
    // Of one time as told: what stands on another comes after it.
    steps.sort_by_key(|step| step.at);
    let mut rounds = Vec::new();
    for meeting in &diary.meetings {
        let turns = meeting.devices.iter().map(|device| {
            let (mine, rest) = std::mem::take(&mut steps)
                .into_iter()
                .partition(|step: &Step| step.device == *device && step.at <= meeting.at);
            steps = rest;
            Turn {
                device: *device,
                weak: meeting.weak,
                steps: mine,
            }
        });
        rounds.push(Round {
            at: meeting.at,
            turns: turns.collect(),
        });
    }
    skip_idle(diary, &mut rounds);
    rounds
}

/// A link at which a device has nothing to send, and after which nothing is done on it until its next one, tells nobody
/// anything: all of it comes with the next.
fn skip_idle(diary: &Diary, rounds: &mut Vec<Round>) {
    let today = diary.today_from();
    let mut idle_after = [false; cast::MEMBERS.len()];
    for round in rounds.iter_mut().rev() {
        let at = round.at;
        round.turns.retain(|turn| {
            let Some(idle_after) = idle_after.get_mut(turn.device) else {
                return true;
            };
            let idle = turn.steps.is_empty() && !turn.weak;
            let skip = idle && *idle_after && at < today;
            *idle_after = idle;
            !skip
        });
    }
    rounds.retain(|round| !round.turns.is_empty());
}
