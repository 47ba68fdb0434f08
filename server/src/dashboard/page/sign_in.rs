//! The door: a name, a password, and one line when they do not fit together. It refuses to say which of the two was
//! wrong, and to know whether the name exists.

use askama::Template;

#[derive(Debug, Clone, Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage {
    pub organisation: String,
    pub csrf: String,
    /// What was typed before, kept for a second try.
    pub name: String,
    /// Where to go afterwards.
    pub next: String,
    pub error: Option<String>,
    /// Says how long to wait after too many tries; the form is shut meanwhile.
    pub wait: Option<String>,
}

impl SignInPage {
    pub fn sample() -> Self {
        Self {
            organisation: "Harbor County Home Visiting".into(),
            csrf: "nE4x-sample-token".into(),
            name: "maya".into(),
            next: "/".into(),
            error: Some("That name and password do not fit together. Try again.".into()),
            wait: None,
        }
    }

    /// After too many tries.
    pub fn shut() -> Self {
        Self {
            error: None,
            wait: Some(
                "Too many tries. You can sign in again in 4 minutes; nothing else has changed."
                    .into(),
            ),
            ..Self::sample()
        }
    }

    pub fn empty() -> Self {
        Self {
            name: String::new(),
            error: None,
            ..Self::sample()
        }
    }
}
