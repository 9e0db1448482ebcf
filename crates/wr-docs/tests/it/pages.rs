//! What a person reads, of one small catalogue.

use super::{catalog, options, site, small, text};

/// The text of a page as it is read: tags gone, one line a block.
fn read(html: &str) -> String {
    let main = html.split("<main").nth(1).unwrap().split("</main>").next().unwrap();
    let mut out = String::new();
    let mut in_tag = true;
    for c in main.chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => {
                in_tag = false;
                out.push(' ');
            }
            _ if in_tag => {}
            c => out.push(c),
        }
    }
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = out.lines().map(words).filter(|line| !line.is_empty()).collect();
    lines
        .join("\n")
        .replace("&quot;", "\"")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&#x2f;", "/")
}

#[test]
fn the_front_page() {
    let files = site(&small());
    insta::assert_snapshot!(read(text(&files, "index.html")));
}

#[test]
fn the_page_of_an_event() {
    let files = site(&small());
    insta::assert_snapshot!(read(text(&files, "events/thing.made.html")));
}

#[test]
fn the_picture_of_the_flow() {
    let files = site(&small());
    let picture = text(&files, "index.html").split("<svg role=\"group\"").nth(1).unwrap();
    let picture = picture.split("</svg>").next().unwrap();
    let lines: Vec<&str> = picture
        .lines()
        .filter(|line| line.contains("<path class") || line.contains("<a "))
        .collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn the_markdown() {
    insta::assert_snapshot!(wr_docs::markdown(&small(), &options()).unwrap());
}

#[test]
fn the_channels_and_operations_of_the_document() {
    let document: serde_json::Value = serde_json::from_str(&wr_docs::asyncapi(&small())).unwrap();
    let names =
        |of: &str| -> Vec<String> { document[of].as_object().unwrap().keys().cloned().collect() };
    let message = &document["components"]["messages"]["ThingMadeV1"];
    let payload = &message["payload"]["properties"];
    insta::assert_snapshot!(format!(
        "{}\n{}\n{} {}\n{}\n{:#}",
        names("channels").join(" "),
        names("operations").join("\n"),
        message["x-version"],
        message["x-versions"],
        payload.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" "),
        payload["data"]
    ));
}

#[test]
fn what_is_not_known_is_said() {
    let event = r#"{"description": "It happened.", "type": "object", "properties": {}, "examples": [{}, {}]}"#;
    let bare = catalog(&wr_schema::Sources::from_texts([("demo.a.b.v1/1.0.json", event)]));
    let files = site(&bare);
    let page = read(text(&files, "events/a.b.html"));
    for words in ["nobody is named", "nobody yet", "in no stream", "It has no fields"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!text(&files, "index.html").contains("<svg role"));
    for path in ["topology.html", "dead-letters.html", "envelope.html"] {
        assert!(text(&files, path).contains("class=\"none\""), "{path}");
    }
}

/// Each alert has its page: what it means, and what to do.
#[test]
fn every_alert_says_what_to_do() {
    let catalog = small();
    let topology = catalog.topology.as_ref().unwrap();
    let alerts = wr_codegen::alerts(&catalog.domain, topology);
    let files = site(&catalog);
    let page = text(&files, "alerts.html");
    let names: std::collections::BTreeSet<&str> = alerts.iter().map(|alert| alert.name).collect();
    assert_eq!(names.len(), alerts.len());
    for alert in &alerts {
        let begin = format!("id=\"{}\"", alert.name);
        let rest = page.split(&begin).nth(1).unwrap_or_else(|| panic!("{}", alert.name));
        let entry = rest.split("</article>").next().unwrap();
        assert!(entry.contains("To do:") && alert.to_do.len() > 40, "{entry}");
        assert!(!entry.contains("{{"), "{entry}");
    }
}
