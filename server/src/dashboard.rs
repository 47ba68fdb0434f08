//! The supervisors' web dashboard. A request is answered in three steps: a query loads the programme, a page struct is
//! filled from it, a template walks the page. Pages and charts know no database, no clock and no request.

pub mod chart;
pub mod devices;
pub mod handoffs;
pub mod overview;
pub mod page;
pub mod programme;
pub mod quarantine;
pub mod record;
pub mod route;
pub mod words;
pub mod work;
