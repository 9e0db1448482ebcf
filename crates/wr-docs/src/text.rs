//! Texts of schemas as HTML and as Markdown: nothing in them is ever markup of ours, and numbers
//! are written as people read them.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html};

/// A text of a schema or of a rule as HTML: paragraphs, lists, emphasis and code are kept, and
/// everything else is the text that it is.
pub(crate) fn html(text: &str) -> String {
    let mut out = String::new();
    html::push_html(&mut out, Parser::new_ext(text, Options::empty()).filter_map(plain));
    out.trim_end().to_owned()
}

/// As [`html()`], for the middle of a line.
pub(crate) fn inline(text: &str) -> String {
    let is_edge = |event: &Event<'_>| {
        matches!(event, Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph))
    };
    let mut out = String::new();
    let events = Parser::new_ext(text, Options::empty()).filter_map(plain);
    html::push_html(&mut out, events.filter(|event| !is_edge(event)));
    out.trim().to_owned()
}

/// What is kept of Markdown. A link, an image or a heading of a description would lead out of the
/// site, load something, or break the outline of the page.
fn plain(event: Event<'_>) -> Option<Event<'_>> {
    let is_kept = |tag: &Tag<'_>| {
        matches!(
            tag,
            Tag::Paragraph
                | Tag::Emphasis
                | Tag::Strong
                | Tag::List(_)
                | Tag::Item
                | Tag::CodeBlock(_)
                | Tag::BlockQuote(_)
        )
    };
    let is_kept_end = |tag: &TagEnd| {
        matches!(
            tag,
            TagEnd::Paragraph
                | TagEnd::Emphasis
                | TagEnd::Strong
                | TagEnd::List(_)
                | TagEnd::Item
                | TagEnd::CodeBlock
                | TagEnd::BlockQuote(_)
        )
    };
    match event {
        Event::Start(Tag::Heading { .. }) => Some(Event::Start(Tag::Paragraph)),
        Event::End(TagEnd::Heading(_)) => Some(Event::End(TagEnd::Paragraph)),
        Event::Start(tag) => is_kept(&tag).then_some(Event::Start(tag)),
        Event::End(tag) => is_kept_end(&tag).then_some(Event::End(tag)),
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Text(_)
        | Event::Code(_)
        | Event::SoftBreak
        | Event::HardBreak
        | Event::Rule
        | Event::InlineMath(_)
        | Event::DisplayMath(_)
        | Event::FootnoteReference(_)
        | Event::TaskListMarker(_) => Some(event),
    }
}

/// The first sentence of a description.
pub(crate) fn first_sentence(text: &str) -> &str {
    let text = text.trim();
    let ends = [". ", ".\n", "\n\n"].iter().filter_map(|end| text.find(end));
    let end = ends.min().map_or(text.len(), |at| at + 1);
    text.get(..end).unwrap_or(text).trim_end()
}

/// A text of a schema as one line of Markdown that begins nothing and ends no cell of a table.
pub(crate) fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_code = false;
    // An open code span would swallow what follows.
    let has_code = text.matches('`').count().is_multiple_of(2);
    for c in text.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        match c {
            '`' if has_code => in_code = !in_code,
            '`' => out.push('\\'),
            // In a table it ends the cell even inside of code.
            '|' => out.push('\\'),
            '<' if !in_code => {
                out.push_str("&lt;");
                continue;
            }
            '&' if !in_code => {
                out.push_str("&amp;");
                continue;
            }
            '[' | ']' | '*' | '_' | '\\' | '#' | '~' if !in_code => out.push('\\'),
            _ => {}
        }
        out.push(c);
    }
    out
}

/// A text as Markdown's code, in a table too.
pub(crate) fn code(text: &str) -> String {
    let text = text.replace('|', "\\|").replace('\n', " ");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

/// A span of time in the largest unit that it is a whole number of.
pub(crate) fn duration(seconds: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    let unit = UNITS.iter().find(|(size, _)| seconds >= *size && seconds.is_multiple_of(*size));
    let (size, name) = unit.copied().unwrap_or((1, "second"));
    plural(seconds / size, name)
}

/// A number of bytes in the largest unit that it is a whole number of.
pub(crate) fn bytes(bytes: i64) -> String {
    const UNITS: [(i64, &str); 3] = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = UNITS.iter().find(|(size, _)| bytes >= *size && bytes % size == 0);
    let (size, name) = unit.copied().unwrap_or((1, "bytes"));
    format!("{} {name}", grouped(i128::from(bytes / size)))
}

/// A count of something.
pub(crate) fn plural(count: u64, name: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {name}{s}", grouped(i128::from(count)))
}

/// A number with its digits in groups of three.
pub(crate) fn grouped(number: i128) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if number < 0 { format!("-{out}") } else { out }
}

/// Names as people list them: with commas, and the last behind `and`.
pub(crate) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

/// A name as it may stand in an `id` of HTML and in an address.
pub(crate) fn anchor(name: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    name.chars().map(kept).collect()
}

/// JSON as the text of a script: nothing in it ends the script, or a line of it.
pub(crate) fn script(json: &serde_json::Value) -> String {
    json.to_string()
        .replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_schema_is_markup_of_ours() {
        for (text, expected) in [
            ("a <script>alert(1)</script> b", "a &lt;script&gt;alert(1)&lt;/script&gt; b"),
            ("`a<b` & *c*", "<code>a&lt;b</code> &amp; <em>c</em>"),
            ("[go](javascript:alert(1)) ![i](https://x.y/z.png)", "go i"),
            ("# big", "big"),
            ("<https://x.y>", "https://x.y"),
            ("192.168.1.***", "192.168.1.***"),
        ] {
            assert_eq!(inline(text), expected, "{text}");
        }
        assert_eq!(html("<img src=x onerror=alert(1)>"), "&lt;img src=x onerror=alert(1)&gt;");
    }

    #[test]
    fn markdown_of_a_schema_stays_in_its_cell() {
        for (text, expected) in [
            ("a|b `c|d`", "a\\|b `c\\|d`"),
            ("one\ntwo", "one two"),
            ("<b> & [x](y) snake_case", "&lt;b> &amp; \\[x\\](y) snake\\_case"),
            ("open ` tick", "open \\` tick"),
        ] {
            assert_eq!(markdown(text), expected, "{text}");
        }
        assert_eq!(code("a|b"), "`a\\|b`");
    }

    #[test]
    fn numbers_as_people_read_them() {
        assert_eq!(duration(604_800), "7 days");
        assert_eq!(duration(600), "10 minutes");
        assert_eq!(duration(90), "90 seconds");
        assert_eq!(bytes(1 << 29), "512 MiB");
        assert_eq!(bytes(1_000_000), "1,000,000 bytes");
        assert_eq!(grouped(-9_223_372_036_854_775_808), "-9,223,372,036,854,775,808");
        assert_eq!(first_sentence("One. Two."), "One.");
    }

    #[test]
    fn json_ends_no_script() {
        let json = serde_json::json!("</script><!--\u{2028}");
        assert_eq!(script(&json), "\"\\u003c/script>\\u003c!--\\u2028\"");
    }
}
