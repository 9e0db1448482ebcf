//! Texts of schemas that would be markup of ours, or end what they stand in.

use wr_schema::{Catalog, Sources};

use super::{TOPOLOGY, catalog, options, site};

/// What every text of the catalogue holds.
const HOSTILE: &str = "</script><script>alert(1)</script> | a|b `c|d` <img src=x onerror=alert(2)> \
                       [go](javascript:alert(3)) ![i](https://evil.example/i.png) --> *x* \" ' &";

fn hostile() -> Catalog {
    let text = serde_json::to_string(HOSTILE).unwrap();
    let event = format!(
        r#"{{"description": {text}, "type": "object", "required": ["id"], "properties": {{
            "id": {{"description": {text}, "type": "string", "enum": ["</pre><script>", "a|b"],
                    "x-wr-pii": {text}}},
            "size": {{"description": {text}, "type": "integer", "minimum": 0, "maximum": 9,
                      "x-wr-unit": {text}}},
            "<b>|": {{"description": {text}, "type": "string", "default": "</code>|"}}
        }}, "examples": [{{"id": "a|b"}}, {{"id": "</pre><script>", "size": 1, "<b>|": "</code>"}}]}}"#
    );
    let topology = TOPOLOGY
        .replace(r#", "demo.thing.made.v2""#, "")
        .replace(r#""Things.""#, &text)
        .replace(r#""Reads things.""#, &text)
        .replace(r#""Makes things.""#, &text);
    catalog(&Sources::from_texts([
        ("demo.thing.made.v1/1.0.json", event),
        ("topology.json", topology),
    ]))
}

#[test]
fn no_text_of_a_schema_is_markup() {
    for file in site(&hostile()) {
        let text = &file.contents;
        if file.path == "assets/index.js" {
            assert!(!text.contains('<'), "{}", file.path);
        }
        if !file.path.ends_with(".html") {
            continue;
        }
        // Our own: three scripts in the head.
        assert_eq!(text.matches("<script").count(), 3, "{}", file.path);
        assert_eq!(text.matches("</script").count(), 3, "{}", file.path);
        for markup in ["<img", "<b>", "\"javascript:", "\"https://evil", "</code>|"] {
            assert!(!text.contains(markup), "{}: {markup}", file.path);
        }
    }
}

#[test]
fn no_text_of_a_schema_ends_a_cell() {
    let text = wr_docs::markdown(&hostile(), &options()).unwrap();
    let mut columns = None;
    for line in text.lines() {
        if !line.starts_with('|') {
            columns = None;
            continue;
        }
        let bars = line.replace("\\|", "").matches('|').count();
        assert_eq!(bars, *columns.get_or_insert(bars), "{line}");
    }
    assert!(!text.contains("<img"), "{text}");
    assert!(!text.contains("[go]("), "{text}");
}

#[test]
fn the_document_is_json_whatever_the_texts_are() {
    let document: serde_json::Value = serde_json::from_str(&wr_docs::asyncapi(&hostile())).unwrap();
    let channel = &document["channels"]["demo.thing.made.v1"];
    assert_eq!(channel["description"], HOSTILE);
}
