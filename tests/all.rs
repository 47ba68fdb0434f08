//! Every test that needs more than one package, in one binary.

#[path = "all/acts.rs"]
mod acts;
#[path = "all/audited.rs"]
mod audited;
#[path = "all/bad_input.rs"]
mod bad_input;
#[path = "all/beside.rs"]
mod beside;
#[path = "all/between.rs"]
mod between;
#[path = "all/clock.rs"]
mod clock;
#[path = "all/crash.rs"]
mod crash;
#[path = "all/crowd.rs"]
mod crowd;
#[path = "all/damaged.rs"]
mod damaged;
#[path = "all/demo.rs"]
mod demo;
#[path = "all/derived.rs"]
mod derived;
#[path = "all/devices.rs"]
mod devices;
#[path = "all/door.rs"]
mod door;
#[path = "all/event.rs"]
mod event;
#[path = "all/handed_out.rs"]
mod handed_out;
#[path = "all/hazard.rs"]
mod hazard;
#[path = "all/histories.rs"]
mod histories;
#[path = "all/hostile.rs"]
mod hostile;
#[path = "all/house.rs"]
mod house;
#[path = "all/invariants.rs"]
mod invariants;
#[path = "all/lease.rs"]
mod lease;
#[path = "all/left.rs"]
mod left;
#[path = "all/nudge.rs"]
mod nudge;
#[path = "all/operations.rs"]
mod operations;
#[path = "all/operator.rs"]
mod operator;
#[path = "all/outlives.rs"]
mod outlives;
#[path = "all/overview.rs"]
mod overview;
#[path = "all/page_by_page.rs"]
mod page_by_page;
#[path = "all/pages.rs"]
mod pages;
#[path = "all/pair.rs"]
mod pair;
#[path = "all/patience.rs"]
mod patience;
#[path = "all/people.rs"]
mod people;
#[path = "all/process.rs"]
mod process;
#[path = "all/reach.rs"]
mod reach;
#[path = "all/receipts.rs"]
mod receipts;
#[path = "all/refused.rs"]
mod refused;
#[path = "all/release.rs"]
mod release;
#[path = "all/rescue.rs"]
mod rescue;
#[path = "all/resync.rs"]
mod resync;
#[path = "all/review.rs"]
mod review;
#[path = "all/road.rs"]
mod road;
#[path = "all/serve.rs"]
mod serve;
#[path = "all/simulated.rs"]
mod simulated;
#[path = "all/standing.rs"]
mod standing;
#[path = "all/stories.rs"]
mod stories;
#[path = "all/story_rules.rs"]
mod story_rules;
#[path = "all/struck.rs"]
mod struck;
#[path = "all/tablet.rs"]
mod tablet;
#[path = "all/together.rs"]
mod together;
#[path = "all/trouble.rs"]
mod trouble;
#[path = "all/verified.rs"]
mod verified;
#[path = "all/versions.rs"]
mod versions;
#[path = "all/view.rs"]
mod view;
#[path = "all/wide.rs"]
mod wide;
#[path = "all/withdrawal.rs"]
mod withdrawal;
#[path = "all/worry_aside.rs"]
mod worry_aside;
