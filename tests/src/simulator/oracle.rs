//! What must hold, each in one sentence. They speak of entries, by id and bytes, never of what a status claims.

use std::fmt;

/// What is asked of every history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oracle {
    /// Every request gets an answer of a known kind, every file opens, nothing panics.
    Typed,
    /// 1.
    Kept,
    /// 2.
    SameReading,
    /// 3.
    Exact,
    /// 4.
    Replay,
    /// 5.
    Visible,
    /// 6.
    Log,
    /// 7.
    Projection,
    /// 8.
    Quiet,
    /// 9.
    Cheap,
    /// 10.
    Refused,
    /// 11.
    NeverFalse,
    /// 12.
    Once,
    /// 13.
    Author,
    /// 14.
    Seen,
    /// 15.
    Released,
    /// 16.
    Wiped,
    /// 17.
    Erased,
}

impl Oracle {
    /// All of them.
    pub const ALL: [Self; 18] = [
        Self::Typed,
        Self::Kept,
        Self::SameReading,
        Self::Exact,
        Self::Replay,
        Self::Visible,
        Self::Log,
        Self::Projection,
        Self::Quiet,
        Self::Cheap,
        Self::Refused,
        Self::NeverFalse,
        Self::Once,
        Self::Author,
        Self::Seen,
        Self::Released,
        Self::Wiped,
        Self::Erased,
    ];

    /// Its number; 0 is what holds before all others.
    pub fn number(self) -> usize {
        self as usize
    }

    /// What it promises.
    pub fn promise(self) -> &'static str {
        match self {
            Self::Typed => "whatever arrives, the answer is of a known kind and nothing panics",
            Self::Kept => {
                "an acknowledged entry is at rest on the server, byte for byte, as long as a device lives that holds it with its receipt"
            }
            Self::SameReading => {
                "who holds the same changes folds the same record, and with the same receipts, sheet and time reads the same"
            }
            Self::Exact => "a device holds exactly what was visible to it up to its cursor",
            Self::Replay => "a message that arrives again changes nothing",
            Self::Visible => {
                "nothing is delivered that is not visible at the time of the reply, and nothing shown to somebody who may not see it"
            }
            Self::Log => "the log is dense and every link of its chain holds",
            Self::Projection => "what pages read is what recomputing it gives",
            Self::Quiet => {
                "once faults stop, everything is sent and everybody is up to date within a bound, and nothing is held up by a refusal that is not its own"
            }
            Self::Cheap => "a reconnect with nothing new is one small request and one small answer",
            Self::Refused => {
                "what was refused stays with its author until somebody decided about it, and the server that keeps it still has it"
            }
            Self::NeverFalse => {
                "no screen says 'on the server' of a change that the server had not committed when it said so, or, after it asked to compare, before it said so again"
            }
            Self::Once => "an entry lies at most once before the reviewer",
            Self::Author => "nothing is accepted in the name of somebody who never wrote it",
            Self::Seen => "no accepted record is one that nobody can ever see",
            Self::Released => "what a person released is in the record",
            Self::Erased => {
                "of what was erased nothing is left on the server, whatever image is put back, nor at rest on any device"
            }
            Self::Wiped => {
                "a device that wiped itself holds nothing, and what the server had not taken is in a box that the server opens"
            }
        }
    }
}

impl fmt::Display for Oracle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oracle {} ({self:?})", self.number())
    }
}

/// An oracle that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which.
    pub oracle: Oracle,
    /// What was seen.
    pub says: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.oracle, self.says)
    }
}

/// Holds, or fails with what was seen.
pub fn holds(oracle: Oracle, is_so: bool, says: impl FnOnce() -> String) -> Result<(), Failure> {
    if is_so {
        Ok(())
    } else {
        Err(Failure {
            oracle,
            says: says(),
        })
    }
}
