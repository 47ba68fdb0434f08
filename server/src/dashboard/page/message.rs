//! One sentence when there is no page to show, and a way out of it. It refuses to know what went wrong inside.

use askama::Template;

#[derive(Debug, Clone, Template)]
#[template(path = "message.html")]
pub struct MessagePage {
    pub title: String,
    pub sentence: String,
    pub link: String,
    pub href: String,
}

impl MessagePage {
    pub fn sample() -> Self {
        Self {
            title: "This page is not here".into(),
            sentence:
                "The address may be old, or the record may belong to a site that you do not see. \
                       Nothing has been lost."
                    .into(),
            link: "Go to the overview".into(),
            href: "/".into(),
        }
    }
}
