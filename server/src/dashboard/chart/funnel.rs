//! What became of the handoffs that were offered, by the way first intended. It draws bars and a table from the same
//! counts; it refuses to know which handoffs they are.

use super::{Interval, percent, share, wilson};

/// One way of handing over. A count that is too small for this viewer to see is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunnelRow {
    pub mode: String,
    pub offered: u32,
    pub spoke: Option<u32>,
    pub booked: Option<u32>,
    /// The first visit lies in the past by now.
    pub due: Option<u32>,
    pub attended: Option<u32>,
}

/// One bar of a row: its share of those offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunnelBar {
    /// The bar's class in the style sheet.
    pub class: &'static str,
    pub count: String,
    /// Empty for a count that is hidden or a row of nobody.
    pub percent: String,
    /// As an attribute of the drawing, such as `67%`.
    pub width: String,
}

impl FunnelRow {
    pub fn bars(&self) -> [FunnelBar; 4] {
        [
            self.bar("bar-spoke", self.spoke),
            self.bar("bar-booked", self.booked),
            self.bar("bar-due", self.due),
            self.bar("bar-attended", self.attended),
        ]
    }

    /// The 95 percent interval of the share that attended, of those offered.
    pub fn attended_interval(&self) -> String {
        self.attended
            .and_then(|attended| wilson(attended, self.offered))
            .map_or_else(|| "–".to_owned(), Interval::text)
    }

    fn bar(&self, class: &'static str, count: Option<u32>) -> FunnelBar {
        let part = share(count.unwrap_or(0), self.offered).min(1.0);
        FunnelBar {
            class,
            count: count.map_or_else(|| "under 11".to_owned(), |count| count.to_string()),
            percent: count
                .filter(|_| self.offered > 0)
                .map(|_| percent(part))
                .unwrap_or_default(),
            width: percent(part),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(offered: u32, spoke: Option<u32>) -> FunnelRow {
        FunnelRow {
            mode: "Phone together".into(),
            offered,
            spoke,
            booked: Some(0),
            due: Some(0),
            attended: Some(0),
        }
    }

    #[test]
    fn a_bar_is_its_share_of_those_offered() {
        let [spoke, ..] = row(64, Some(58)).bars();
        assert_eq!(
            (spoke.count.as_str(), spoke.percent.as_str()),
            ("58", "91%")
        );
    }

    #[test]
    fn a_hidden_count_shows_neither_a_number_nor_a_width() {
        let [spoke, ..] = row(64, None).bars();
        assert_eq!((spoke.percent.as_str(), spoke.width.as_str()), ("", "0%"));
    }

    #[test]
    fn a_row_of_nobody_claims_nothing() {
        let [spoke, ..] = row(0, Some(0)).bars();
        assert_eq!(spoke.percent, "");
        assert_eq!(row(0, Some(0)).attended_interval(), "–");
    }
}
