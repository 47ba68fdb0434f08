//! The supervisors' web dashboard: what a page shows, and how it is drawn. It refuses to know where a figure comes
//! from: no database, no clock and no request appears below here; whoever fills a page asks those.

pub mod chart;
pub mod page;
