//! A history: what a seed makes, and the text in which a failing one is kept.

use super::operation::Operation;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;
use serde::{Deserialize, Serialize};

/// Operations in their order, and what holds for all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// From which every random source of the history is seeded.
    pub seed: u64,
    /// A page of an answer has room for so many bytes.
    pub page_bytes: u32,
    /// What happens.
    pub operations: Vec<Operation>,
}

/// A kept history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// What went wrong when it was found.
    pub says: String,
    /// Why it is not played with the others: the rule that is not built yet. None if it must hold.
    pub waits_for: Option<String>,
    /// The history.
    pub history: History,
}

impl History {
    /// The history of a seed: 40 to 70 operations, most of them after everybody has something.
    pub fn of(seed: u64) -> Self {
        let mut rng = ChaCha12Rng::seed_from_u64(seed);
        let pages = [1, 1_500, 256 * 1024];
        let page_bytes = *pages.choose(&mut rng).expect("a size");
        let mut operations = Vec::new();
        if rng.random_bool(0.7) {
            operations.extend([Operation::Open(0), Operation::Sync(0)]);
            operations.extend((1..4).map(Operation::Sync));
        }
        let length = rng.random_range(40..=70);
        let length = operations.len() + length;
        while operations.len() < length {
            // What hardly ever comes together by chance.
            if rng.random_bool(0.03) {
                operations.extend(Operation::seldom(&mut rng));
            } else {
                operations.push(Operation::random(&mut rng));
            }
        }
        Self {
            seed,
            page_bytes,
            operations,
        }
    }
}

impl Kept {
    /// Reads what `to_text` wrote.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| format!("this is no kept history: {error}"))
    }

    /// One operation a line, so that it can be read and edited.
    pub fn to_text(&self) -> String {
        let one = |operation: &Operation| {
            format!("    {}", serde_json::to_string(operation).expect("JSON"))
        };
        let lines: Vec<_> = self.history.operations.iter().map(one).collect();
        let text = |value: &Option<String>| serde_json::to_string(value).expect("JSON");
        format!(
            "{{\n  \"says\": {},\n  \"waits_for\": {},\n  \"history\": {{\"seed\": {}, \"page_bytes\": {}, \"operations\": [\n{}\n  ]}}\n}}\n",
            serde_json::to_string(&self.says).expect("JSON"),
            text(&self.waits_for),
            self.history.seed,
            self.history.page_bytes,
            lines.join(",\n")
        )
    }
}
