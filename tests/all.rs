//! Every test that needs more than one package, in one binary.

#[path = "all/convergence.rs"]
mod convergence;
#[path = "all/demo.rs"]
mod demo;
#[path = "all/hostile.rs"]
mod hostile;
#[path = "all/house.rs"]
mod house;
#[path = "all/nudge.rs"]
mod nudge;
#[path = "all/refused.rs"]
mod refused;
#[path = "all/road.rs"]
mod road;
#[path = "all/serve.rs"]
mod serve;
#[path = "all/stories.rs"]
mod stories;
#[path = "all/story_rules.rs"]
mod story_rules;
#[path = "all/trouble.rs"]
mod trouble;
