//! A text as a square that a phone's camera reads. It refuses to know what the text opens.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};

/// Modules left free around the square, as the standard asks.
const QUIET: usize = 4;

/// The drawing, dark on light in every theme, since cameras expect that; `None` for a text that does not fit.
pub fn qr_svg(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width();
    let side = width + 2 * QUIET;
    let mut path = String::new();
    for (index, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Dark {
            let (x, y) = (index % width + QUIET, index / width + QUIET);
            write!(path, "M{x} {y}h1v1h-1z").ok()?;
        }
    }
    Some(format!(
        r##"<svg class="qr" viewBox="0 0 {side} {side}" role="img" aria-label="The code below, for the camera" shape-rendering="crispEdges"><rect width="{side}" height="{side}" fill="#fff"/><path d="{path}" fill="#000"/></svg>"##
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_square_keeps_its_quiet_margin_and_needs_no_style() {
        let svg = qr_svg("https://warmhand.example/enrol#K7QM").unwrap();
        assert!(
            svg.contains("M4 4h1v1h-1z"),
            "the first finder begins after the margin"
        );
        assert!(!svg.contains("style="));
    }

    #[test]
    fn a_text_that_does_not_fit_is_no_picture() {
        assert_eq!(qr_svg(&"x".repeat(5000)), None);
    }
}
