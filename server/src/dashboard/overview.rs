//! Fills the first page. Counts what its page shows; refuses to know how it looks.

use super::chart::funnel::FunnelRow;
use super::chart::run::{RunChart, RunPoint};
use super::page::overview::{CheckLine, NowCard, OverviewPage, SilentCard, SiteRow};
use super::page::{Place, SentenceRow, Tone};
use super::programme::{DeviceSeen, Programme, Visitor};
use super::{devices, handoffs, words, work};
use jiff::ToSpan;
use jiff::civil::Date;
use warmhand_core::domain::code::{AppointmentStatus, Mode};
use warmhand_core::domain::id::SiteId;
use warmhand_core::domain::read::Summary;
use warmhand_core::domain::time;

const ROWS: usize = 4;
const WEEKS: i32 = 16;
/// A week with fewer visits than this is joined to the next.
const LEAST_WEEK: u32 = 10;

/// The first page for one visitor, of one site or of all of hers.
pub fn page(programme: &Programme, visitor: &Visitor, site: Option<&SiteId>) -> OverviewPage {
    let open: Vec<&Summary> = handoffs::open(programme);
    let path = site.map_or_else(|| "/".to_owned(), |s| format!("/?site={s}"));
    let from = programme.today().saturating_sub(30.days());
    OverviewPage {
        frame: programme.frame(visitor, Place::Overview, &path),
        date: programme.today().strftime("%A, %-d %B").to_string(),
        sites: site.map_or_else(|| count(visitor.sites.len()), |_| 1),
        late_entries: late_since_yesterday(programme),
        site: site.map_or_else(|| "All sites".to_owned(), |s| programme.site(Some(s))),
        site_links: site_links(programme, visitor, site),
        safety: safety(programme),
        overdue: overdue(programme),
        silent: silent(programme),
        run: RunChart::of_weeks(&weeks(programme), LEAST_WEEK),
        funnel: funnel(programme, from),
        funnel_period: format!(
            "Offered {} – {}",
            from.strftime("%-d %b"),
            programme.today().strftime("%-d %b")
        ),
        open_count: count(open.len()),
        check: check(programme),
        unconfirmed: count(programme.devices.iter().filter(|d| d.waits()).count()),
        open: open
            .into_iter()
            .take(8)
            .map(|r| handoffs::row(programme, r))
            .collect(),
    }
}

fn check(programme: &Programme) -> CheckLine {
    let last = programme.checked.as_ref();
    let line = CheckLine::of(last.map(|checked| (programme.when(checked.at), checked.unsound())));
    if programme.missing.sentence().is_some() && !line.is_loud {
        return CheckLine::overtaken();
    }
    line
}

fn count(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn site_links(programme: &Programme, visitor: &Visitor, site: Option<&SiteId>) -> Vec<SiteRow> {
    if visitor.sites.len() < 2 {
        return Vec::new();
    }
    let all = SiteRow {
        label: "All sites".into(),
        href: "/".into(),
        is_current: site.is_none(),
    };
    let each = visitor.sites.iter().map(|s| SiteRow {
        label: programme.site(Some(s)),
        href: format!("/?site={s}"),
        is_current: site == Some(s),
    });
    std::iter::once(all).chain(each).collect()
}

/// Entries that came late, and came since yesterday: what was late in a record before is no news.
fn late_since_yesterday(programme: &Programme) -> u32 {
    let since = programme
        .now
        .saturating_sub(24.hours())
        .unwrap_or(programme.now);
    let late = programme.records().flat_map(|r| &r.arrived_late);
    count(late.filter(|at| **at >= since).count())
}

fn safety(programme: &Programme) -> NowCard {
    let rows = work::flag_rows(programme);
    NowCard {
        count: count(rows.len()),
        rows: rows.into_iter().take(ROWS).collect(),
    }
}

fn overdue(programme: &Programme) -> NowCard {
    let rows = work::overdue_rows(programme);
    NowCard {
        count: count(rows.len()),
        rows: rows.into_iter().take(ROWS).collect(),
    }
}

fn silent(programme: &Programme) -> SilentCard {
    let mut silent: Vec<&DeviceSeen> = programme
        .devices
        .iter()
        .filter(|d| d.is_silent(programme.now))
        .collect();
    // What is due first comes first, then whoever holds back most.
    silent.sort_by_key(|d| {
        (
            d.next_due_at.is_none(),
            d.next_due_at,
            std::cmp::Reverse(d.unsent),
            d.name.clone(),
        )
    });
    let (named, rest) = silent.split_at(silent.len().min(ROWS - 1));
    let mut rows: Vec<SentenceRow> = named
        .iter()
        .map(|d| devices::silent_row(programme, d))
        .collect();
    if !rest.is_empty() {
        let unsent: u32 = rest.iter().map(|d| d.unsent).sum();
        let tag = if unsent == 0 {
            "nothing unsent".to_owned()
        } else {
            format!("{unsent} unsent")
        };
        rows.push(
            SentenceRow::new("silent-rest", &format!("{} more", rest.len()), "")
                .tagged(&tag, Tone::Plain),
        );
    }
    SilentCard {
        unsent: silent.iter().map(|d| d.unsent).sum(),
        silent: count(silent.len()),
        enrolled: count(
            programme
                .devices
                .iter()
                .filter(|d| d.revoked_at.is_none())
                .count(),
        ),
        rows,
    }
}

/// Visits with a handoff under way that have ended, by week: in how many she spoke to the practice before leaving.
fn weeks(programme: &Programme) -> Vec<RunPoint> {
    let monday =
        |date: Date| date.saturating_sub(i64::from(date.weekday().to_monday_zero_offset()).days());
    let this = monday(programme.today());
    (0..WEEKS)
        .rev()
        .map(|back| this.saturating_sub((back * 7).days()))
        .map(|start| {
            let end = start.saturating_add(7.days());
            let agreed = programme.records().filter(|r| r.agreed_at.is_some());
            let visits: Vec<bool> = agreed
                .filter(|r| r.identified_on.is_some_and(|on| on >= start && on < end))
                .map(|r| r.encounters.iter().any(|e| e.direct_contact))
                .collect();
            RunPoint {
                label: start.strftime("%-d %b").to_string(),
                hits: count(visits.iter().filter(|spoke| **spoke).count()),
                all: count(visits.len()),
            }
        })
        .filter(|point| point.all > 0)
        .collect()
}

/// What became of those offered, by the mode first intended.
fn funnel(programme: &Programme, from: Date) -> Vec<FunnelRow> {
    let zone = programme.zone();
    let offered_since = |r: &&Summary| {
        r.offered_at
            .is_some_and(|at| time::date_in(at, &zone) >= from)
    };
    Mode::ALL
        .iter()
        .map(|mode| {
            let offered: Vec<&Summary> = programme
                .records()
                .filter(offered_since)
                .filter(|r| r.mode_intended == Some(*mode))
                .collect();
            let of = |holds: &dyn Fn(&Summary) -> bool| {
                Some(count(offered.iter().filter(|r| holds(r)).count()))
            };
            FunnelRow {
                mode: words::mode(*mode).to_owned(),
                offered: count(offered.len()),
                spoke: of(&|r| r.encounters.iter().any(|e| e.direct_contact)),
                booked: of(&|r| r.appointments.iter().any(|a| a.kept)),
                due: of(&|r| {
                    r.appointments
                        .iter()
                        .any(|a| a.kept && a.start <= programme.now)
                }),
                attended: of(&|r| {
                    r.appointments
                        .iter()
                        .any(|a| a.status == AppointmentStatus::Attended)
                }),
            }
        })
        .filter(|row| row.offered > 0)
        .collect()
}
