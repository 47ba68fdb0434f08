//! What every plan has to have, whatever the hour at which the demo is started.

use super::cast;
use super::plan::{Plan, plan};
use super::tale::Step;
use jiff::Timestamp;
use std::collections::BTreeMap;
use warmhand_core::domain::code::{DecisionValue, Mode};
use warmhand_core::usecase::Command;

const WEDNESDAY: &str = "2026-11-25T16:20:00Z";
const SUNDAY_NIGHT: &str = "2026-11-22T08:05:00Z";

fn five_weeks(now: &str) -> Plan {
    plan(7, 5, now.parse().unwrap()).unwrap()
}

fn steps(plan: &Plan) -> Vec<&Step> {
    plan.rounds
        .iter()
        .flat_map(|r| &r.turns)
        .flat_map(|t| &t.steps)
        .collect()
}

fn count(plan: &Plan, fits: impl Fn(&Command) -> bool) -> usize {
    steps(plan).into_iter().filter(|s| fits(&s.command)).count()
}

#[test]
fn a_seed_and_a_now_give_one_plan_and_another_seed_another() {
    assert!(five_weeks(WEDNESDAY) == five_weeks(WEDNESDAY));
    assert!(five_weeks(WEDNESDAY) != plan(8, 5, WEDNESDAY.parse().unwrap()).unwrap());
}

#[test]
fn about_120_handoffs_in_at_most_800_pushes_whatever_the_hour() {
    for now in [WEDNESDAY, SUNDAY_NIGHT] {
        let plan = five_weeks(now);
        let begun = count(&plan, |c| matches!(c, Command::IdentifyNeed(_)));
        assert!((112..=125).contains(&begun), "{begun} handoffs at {now}");
        let links: usize = plan.rounds.iter().map(|r| r.turns.len()).sum();
        assert!(links <= 800, "{links} links at {now}");
        assert!(plan.rounds.is_sorted_by_key(|r| r.at));
    }
}

#[test]
fn every_mode_every_decision_and_both_sites_occur() {
    let plan = five_weeks(WEDNESDAY);
    for mode in Mode::ALL {
        let offered = count(
            &plan,
            |c| matches!(c, Command::OfferHandoff(o) if o.mode == *mode),
        );
        assert!(offered >= 8, "{offered} offers in mode {mode}");
    }
    for value in DecisionValue::ALL {
        let said = count(
            &plan,
            |c| matches!(c, Command::RecordDecision(d) if d.value == *value),
        );
        assert!(said >= 3, "{said} times {value}");
    }
    for site in ["northside", "bayview"] {
        let opened = count(
            &plan,
            |c| matches!(c, Command::OpenRecord(o) if o.site.as_str() == site),
        );
        assert!(opened >= 40, "{opened} records at {site}");
    }
}

#[test]
fn calls_missed_visits_rescues_worries_and_settlements_occur() {
    let plan = five_weeks(WEDNESDAY);
    let occurs: [(&str, usize); 7] = [
        (
            "voicemail",
            count(&plan, |c| format!("{c:?}").contains("LeftVoicemail")),
        ),
        (
            "missed visit",
            count(&plan, |c| format!("{c:?}").contains("NoShow")),
        ),
        (
            "attended",
            count(&plan, |c| format!("{c:?}").contains("value: Attended")),
        ),
        (
            "cancelled",
            count(&plan, |c| matches!(c, Command::CancelAppointment(_))),
        ),
        (
            "worry handed over",
            count(&plan, |c| matches!(c, Command::HandSafety(_))),
        ),
        (
            "worry resolved",
            count(&plan, |c| matches!(c, Command::ResolveSafety(_))),
        ),
        (
            "settlement",
            count(&plan, |c| matches!(c, Command::SettleReview(_))),
        ),
    ];
    for (what, times) in occurs {
        assert!(times >= 2, "{times} times {what}");
    }
}

#[test]
fn nobody_goes_on_from_what_she_cannot_have_on_her_device() {
    for now in [WEDNESDAY, SUNDAY_NIGHT] {
        let plan = five_weeks(now);
        // Per record: which devices have it, after which round.
        let mut opened: BTreeMap<_, (usize, usize)> = BTreeMap::new();
        let mut met: Vec<Vec<usize>> = vec![Vec::new(); cast::MEMBERS.len()];
        for (nth, round) in plan.rounds.iter().enumerate() {
            for turn in round.turns.iter().filter(|t| !t.weak) {
                for step in &turn.steps {
                    match (&step.command, step.makes.record, step.command.record()) {
                        (Command::OpenRecord(_), Some(record), _) => {
                            opened.insert(record, (turn.device, nth));
                        }
                        (command, _, Some(record)) => {
                            let (device, pushed) = opened[&record];
                            let here = device == turn.device
                                || met[turn.device].iter().any(|r| *r > pushed);
                            assert!(
                                here,
                                "{command:?} on {} in round {nth}",
                                cast::MEMBERS[turn.device].name
                            );
                        }
                        _ => {}
                    }
                }
                met[turn.device].push(nth);
            }
        }
    }
}

#[test]
fn everybody_acts_on_a_device_that_is_hers_too() {
    for step in steps(&five_weeks(WEDNESDAY)) {
        let member = cast::MEMBERS[step.device];
        let (user, name) = (step.user, member.name);
        assert!(member.people.contains(&user), "{user} on {name}");
    }
}

#[test]
fn the_last_things_are_minutes_old() {
    let now: Timestamp = SUNDAY_NIGHT.parse().unwrap();
    let plan = plan(7, 5, now).unwrap();
    let last = steps(&plan).into_iter().map(|s| s.at).max().unwrap();
    assert!(
        last < now && now.duration_since(last).as_mins() < 45,
        "the last is of {last}"
    );
}
