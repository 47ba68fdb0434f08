//! The flags of the config's keys, made from the one list of them.

use crate::config::Flags;
use crate::config::key::{KEYS, Key};
use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What the command line says of the config: the file, and every key or the data folder alone.
#[derive(Debug)]
pub(super) struct Said<const EVERY: bool>(pub Flags);

/// For whoever serves.
pub(super) type AllFlags = Said<true>;

/// For commands that serve nobody.
pub(super) type DataFlags = Said<false>;

fn arg(key: &'static Key) -> Arg {
    let arg = Arg::new(key.name).long(key.flag()).value_name("VALUE");
    match key.default {
        Some(text) => arg.help(format!("{} [default: {text}]", key.about)),
        None => arg.help(key.about),
    }
}

fn with(command: Command, keys: &[&'static Key]) -> Command {
    let file = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .value_parser(clap::value_parser!(PathBuf))
        .help("A config file, TOML; its keys are the flags below with _ for -");
    command.arg(file).args(keys.iter().copied().map(arg))
}

fn read(matches: &ArgMatches, keys: &[&'static Key]) -> Flags {
    let value = |key: &&'static Key| {
        let text = matches.get_one::<String>(key.name)?;
        Some((key.name, text.clone()))
    };
    Flags {
        file: matches.get_one::<PathBuf>("config").cloned(),
        values: keys.iter().filter_map(value).collect::<BTreeMap<_, _>>(),
    }
}

fn keys(every: bool) -> Vec<&'static Key> {
    KEYS.iter()
        .filter(|key| every || key.name == "data")
        .collect()
}

impl<const EVERY: bool> FromArgMatches for Said<EVERY> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self(read(matches, &keys(EVERY))))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        self.0 = read(matches, &keys(EVERY));
        Ok(())
    }
}

impl<const EVERY: bool> Args for Said<EVERY> {
    fn augment_args(command: Command) -> Command {
        with(command, &keys(EVERY))
    }

    fn augment_args_for_update(command: Command) -> Command {
        with(command, &keys(EVERY))
    }
}
