//! The times of decoding as a drawing: bars of ratios, a group for each message, ours before others.
//!
//! It is an SVG of a few shapes and words, whose colours follow the reader's light or dark.

use std::fmt::Write as _;

use super::results::Results;
use super::rows::{MESSAGES, OTHERS, OURS};

/// Where the bars begin, right of their names.
const LEFT: f64 = 330.0;
/// How wide the drawing is.
const WIDTH: f64 = 860.0;
/// What is kept for the number behind the longest bar.
const RIGHT: f64 = 60.0;
const BAR: f64 = 16.0;
const STEP: f64 = 22.0;

const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:#24292f}\
.title{font-weight:600}.number{font-size:12px}\
.ours{fill:#1a7f37}.other{fill:#8c959f}.one{stroke:#cf222e;stroke-dasharray:3 3}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.ours{fill:#3fb950}.other{fill:#6e7681}\
.one{stroke:#f85149}}";

/// The drawing; without bars where nothing was measured.
pub(super) fn of(results: &Results) -> String {
    // Encoding has another measure.
    let rows = || OURS.iter().filter(|row| row.base != "serde_encode").chain(OTHERS);
    let ratios = MESSAGES.iter().filter_map(|name| results.codec.get(*name)).flat_map(|message| {
        rows().filter_map(move |row| message.rows.get(row.id)).map(|row| row.ratio)
    });
    let most = ratios.fold(1.0, f64::max);
    let wide = |ratio: f64| ratio / most * (WIDTH - LEFT - RIGHT);

    let mut body = String::new();
    let mut y = 24.0;
    let _ = writeln!(
        body,
        r#"<text class="title" x="8" y="{y}">Time to decode, in times of serde_json into an unchecked derive</text>"#
    );
    y += 12.0;
    for name in MESSAGES {
        let Some(message) = results.codec.get(name) else { continue };
        y += STEP;
        let bytes = message.bytes;
        let _ = writeln!(body, r#"<text class="title" x="8" y="{y}">{name}, {bytes} bytes</text>"#);
        y += 8.0;
        let top = y;
        for row in rows() {
            let Some(measured) = message.rows.get(row.id) else { continue };
            let class = if row.time.is_some() { "ours" } else { "other" };
            let label = row.label.replace('`', "");
            let (width, ratio) = (wide(measured.ratio), measured.ratio);
            let (under, right) = (y + 13.0, LEFT - 8.0);
            let _ =
                writeln!(body, r#"<text x="{right}" y="{under}" text-anchor="end">{label}</text>"#);
            let _ = writeln!(
                body,
                r#"<rect class="{class}" x="{LEFT}" y="{y}" width="{width:.1}" height="{BAR}" rx="2"/>"#
            );
            let behind = LEFT + width + 6.0;
            let _ = writeln!(
                body,
                r#"<text class="number" x="{behind:.1}" y="{under}">{ratio:.2}</text>"#
            );
            y += STEP;
        }
        let one = LEFT + wide(1.0);
        let _ = writeln!(
            body,
            r#"<line class="one" x1="{one:.1}" y1="{top}" x2="{one:.1}" y2="{y}"/>"#
        );
    }
    let height = y + 12.0;
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" role=\"img\">\n<style>{STYLE}</style>\n{body}</svg>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::results::{Measured, Message};

    #[test]
    fn a_bar_for_each_row_that_was_measured() {
        let mut results = Results::default();
        let mut message = Message { bytes: 395, launches: 5, ..Message::default() };
        for (row, ratio) in [("decode_owned", 0.4), ("value_boon", 4.0), ("encode_proved", 9.0)] {
            message.rows.insert(row.to_owned(), Measured { ns: 1.0, ratio });
        }
        results.codec.insert("position.enqueued".to_owned(), message);
        insta::assert_snapshot!(of(&results));
        assert!(!of(&Results::default()).contains("<rect"));
    }
}
