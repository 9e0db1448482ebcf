//! The settings by which VS Code underlines, while one types, much of what the lint refuses.

use serde_json::json;
use wr_codegen::HEADER;
use wr_schema::dialect;

/// Where they lie in the repository.
pub(crate) const PATH: &str = ".vscode/settings.json";

/// The settings, as text.
///
/// A file that names its `$schema` is held to that and to no other, whatever its path is. So the
/// dialect stands here in the place of draft-07, which the schemas name and which it is a part of;
/// a reference to its file would be looked for beside draft-07, on the network.
pub(crate) fn settings() -> String {
    let folders = ["/schemas/*/*.json", "!/schemas/generated/*.json"];
    let bindings = [
        json!({ "fileMatch": folders, "url": "./schemas/generated/dialect.schema.json" }),
        json!({
            "fileMatch": ["/schemas/topology.json"],
            "url": "./schemas/generated/topology.schema.json",
        }),
        json!({ "url": "http://json-schema.org/draft-07/schema#", "schema": dialect::json_schema() }),
    ];
    let bindings: Vec<String> = bindings.iter().map(|it| format!("    {it}")).collect();
    format!("// {HEADER}\n{{\n  \"json.schemas\": [\n{}\n  ]\n}}\n", bindings.join(",\n"))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn they_are_json_behind_their_header() {
        let text = settings();
        let (header, json) = text.split_once('\n').unwrap();
        assert!(header.contains(HEADER));
        let settings: Value = serde_json::from_str(json).unwrap();
        let urls: Vec<_> =
            settings["json.schemas"].as_array().unwrap().iter().map(|it| &it["url"]).collect();
        assert_eq!(urls.len(), 3);
        for url in urls.iter().filter_map(|url| url.as_str()?.strip_prefix("./")) {
            let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
            assert!(root.join(url).is_file(), "{url}");
        }
    }
}
