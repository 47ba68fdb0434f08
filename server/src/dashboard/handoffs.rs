//! Fills the list of handoffs and narrows it. Names a patient by her short code alone.

use super::page::handoffs::{HandoffFilter, HandoffRow, HandoffsPage};
use super::page::{ChoiceRow, Place};
use super::programme::{Programme, Visitor};
use super::words;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use warmhand_core::domain::code::{Mode, Stage};
use warmhand_core::domain::read::{ReviewReading, Summary};

const PAGE: usize = 50;

/// What the address asks for. Unknown values find nothing, and say so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Query {
    #[serde(skip_serializing_if = "String::is_empty")]
    pub site: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub owner: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub stage: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub mode: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub code: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub overdue: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub page: String,
}

impl Query {
    fn page(&self) -> usize {
        self.page.parse().unwrap_or(1).clamp(1, 10_000)
    }

    fn fits(&self, programme: &Programme, record: &Summary) -> bool {
        let either = |asked: &str, is: Option<&str>| asked.is_empty() || is == Some(asked);
        let owners = record.owners.iter().any(|o| o.as_str() == self.owner);
        either(
            &self.site,
            record
                .site
                .as_ref()
                .map(warmhand_core::domain::id::SiteId::as_str),
        ) && (self.owner.is_empty() || owners)
            && either(&self.stage, Some(record.stage.as_str()))
            && either(&self.mode, record.mode_intended.map(Mode::as_str))
            && words::code(record).contains(&self.code.trim().to_uppercase())
            && (self.overdue.is_empty() || record.overdue(programme.now).next().is_some())
    }

    /// The address of another page of the same list.
    fn address(&self, page: usize) -> String {
        let query = Self {
            page: if page > 1 {
                page.to_string()
            } else {
                String::new()
            },
            ..self.clone()
        };
        match serde_urlencoded::to_string(&query) {
            Ok(text) if !text.is_empty() => format!("/handoffs?{text}"),
            _ => "/handoffs".to_owned(),
        }
    }
}

/// The handoffs whose loop is open: whoever needs somebody first, then whoever waits longest.
pub fn open(programme: &Programme) -> Vec<&Summary> {
    let mut open: Vec<&Summary> = programme
        .records()
        .filter(|r| r.is_open() || r.has_open_flag() || r.review.iter().any(ReviewReading::is_open))
        .collect();
    sort(programme, &mut open);
    open
}

fn sort(programme: &Programme, records: &mut [&Summary]) {
    records.sort_by_key(|r| {
        let calm = !matches!(r.stage, Stage::Safety | Stage::NeedsAPerson);
        let on_time = r.overdue(programme.now).next().is_none();
        let closed = r.closed.is_some();
        (
            closed,
            calm,
            if calm { None } else { Some(r.stage) },
            on_time,
            r.next_due_at.is_none(),
            r.next_due_at,
            r.record,
        )
    });
}

/// One handoff in one line.
pub fn row(programme: &Programme, record: &Summary) -> HandoffRow {
    HandoffRow {
        code: words::code(record),
        href: format!("/handoffs/{}", record.record),
        site: programme.site(record.site.as_ref()),
        stage: words::stage(record, programme.now),
        next: words::next(
            record.next.as_ref(),
            &programme.sheet,
            programme.now,
            &programme.zone(),
        ),
        owner: programme.names(&record.owners),
        received: record
            .received_at
            .map(|at| programme.when(at))
            .unwrap_or_default(),
    }
}

/// The page of the list that the address asks for.
pub fn page(programme: &Programme, visitor: &Visitor, query: &Query) -> HandoffsPage {
    let mut fitting: Vec<&Summary> = programme
        .records()
        .filter(|r| query.fits(programme, r))
        .collect();
    sort(programme, &mut fitting);
    let page = query.page();
    let from = (page - 1) * PAGE;
    let shown: Vec<_> = fitting
        .iter()
        .skip(from)
        .take(PAGE)
        .map(|r| row(programme, r))
        .collect();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    HandoffsPage {
        frame: programme.frame(visitor, Place::Handoffs, &query.address(page)),
        filter: filter(programme, visitor, query),
        matching: count(fitting.len()),
        first: if shown.is_empty() { 0 } else { count(from + 1) },
        last: if shown.is_empty() {
            0
        } else {
            count(from + shown.len())
        },
        earlier: (page > 1).then(|| query.address(page - 1)),
        later: (from + shown.len() < fitting.len()).then(|| query.address(page + 1)),
        rows: shown,
    }
}

fn filter(programme: &Programme, visitor: &Visitor, query: &Query) -> HandoffFilter {
    let owners: BTreeSet<_> = programme.records().flat_map(|r| &r.owners).collect();
    HandoffFilter {
        sites: choices(
            "Every site",
            &query.site,
            visitor
                .sites
                .iter()
                .map(|s| (s.to_string(), programme.site(Some(s)))),
        ),
        owners: choices(
            "Everybody",
            &query.owner,
            owners
                .into_iter()
                .map(|o| (o.to_string(), programme.name(o))),
        ),
        stages: choices(
            "Everywhere",
            &query.stage,
            Stage::ALL
                .iter()
                .map(|s| (s.to_string(), words::stage_label(*s).to_owned())),
        ),
        modes: choices(
            "Every mode",
            &query.mode,
            Mode::ALL
                .iter()
                .map(|m| (m.to_string(), words::mode(*m).to_owned())),
        ),
        is_overdue_only: !query.overdue.is_empty(),
        code: query.code.clone(),
    }
}

fn choices(
    all: &str,
    chosen: &str,
    each: impl Iterator<Item = (String, String)>,
) -> Vec<ChoiceRow> {
    std::iter::once((String::new(), all.to_owned()))
        .chain(each)
        .map(|(value, label)| {
            let choice = ChoiceRow::new(&value, &label);
            if value == chosen {
                choice.chosen()
            } else {
                choice
            }
        })
        .collect()
}
