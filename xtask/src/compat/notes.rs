//! What shows a finding, in words: the document, the reader's own error, the two meanings.

use serde_json::Value;
use wr_compat::{Evidence, Finding, Kind, Mode, Witness};

/// The notes below a finding.
pub(crate) fn notes(finding: &Finding, mode: Mode) -> Vec<String> {
    match &finding.evidence {
        Evidence::Witness(witness) => of_witness(finding.kind, witness, mode),
        Evidence::Meanings { document, old, new } => vec![
            format!("a document that everybody reads:\n{}", pretty(document)),
            format!("to old readers it means: {old}\nto new readers it means: {new}"),
        ],
        Evidence::RustTypes { path, old, new } => {
            let ty = |ty: &Option<String>| match ty {
                Some(ty) => format!("`{ty}`"),
                None => "not there".to_owned(),
            };
            vec![format!("in Rust, `{path}` was {} and is {}", ty(old), ty(new))]
        }
        Evidence::Reason(reason) if finding.message.contains(reason.as_str()) => Vec::new(),
        Evidence::Reason(reason) => vec![reason.clone()],
        Evidence::None => Vec::new(),
    }
}

fn of_witness(kind: Kind, witness: &Witness, mode: Mode) -> Vec<String> {
    let (what, who) = match (kind, mode) {
        (Kind::Forward, Mode::Raw) => ("a document of the new version", "the old one says"),
        (_, Mode::Raw) => ("a document of the old version", "the new one says"),
        (Kind::Forward, Mode::Languages) => {
            ("a new message that deployed readers refuse", "their error")
        }
        (_, Mode::Languages) => ("a stored message that new readers refuse", "their error"),
    };
    let errors: Vec<String> = witness
        .violations
        .iter()
        .map(|violation| {
            let place = match violation.pointer.as_str() {
                "" => "the root".to_owned(),
                pointer => format!("`{pointer}`"),
            };
            let names: Vec<String> =
                violation.properties.iter().map(|name| format!("`{name}`")).collect();
            let names =
                if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
            format!("`{}` refuses {place}{names}", violation.keyword)
        })
        .collect();
    vec![
        format!("{what}:\n{}", pretty(&witness.document)),
        format!("{who}: {}", if errors.is_empty() { "none".to_owned() } else { errors.join("; ") }),
    ]
}

/// A document over several lines, or in one where that is short.
fn pretty(document: &Value) -> String {
    let line = document.to_string();
    if line.chars().count() <= 60 {
        return line;
    }
    serde_json::to_string_pretty(document).unwrap_or(line)
}
