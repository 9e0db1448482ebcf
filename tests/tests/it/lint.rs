//! The lint: every rule on every case, and what a user reads.

use wr_schema::Sources;
use wr_schema::draft::Draft;
use wr_schema::finding::{Finding, LineColumn, Place};
use wr_schema::lint::lint;

/// The findings of a catalogue, one line each.
pub(crate) fn lines(sources: &Sources) -> Vec<String> {
    let findings = lint(&Draft::of(sources));
    findings.iter().map(|finding| line(sources, finding)).collect()
}

fn line(sources: &Sources, finding: &Finding) -> String {
    let Finding { rule, place, message, help } = finding;
    let path = sources.path(place);
    match place {
        Place::Path(_) => format!("{rule} {path} {message} / {help}"),
        Place::Span(span) => {
            let text = sources.file(span.file).map_or("", |file| &file.text);
            let at = LineColumn::of(text, span.start);
            let underlined = sources.text(*span);
            format!("{rule} {path}:{at} \"{underlined}\" {message} / {help}")
        }
    }
}

#[test]
fn this_repositorys_catalogue_is_clean() {
    let sources = Sources::load(&wr_tests::schemas()).unwrap();
    assert_eq!(lines(&sources), Vec::<String>::new());
}
