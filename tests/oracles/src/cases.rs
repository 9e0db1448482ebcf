//! The disagreements that were examined: what an oracle says wrongly, and why we are right.

use serde_json::Value;

use crate::checker::Checker;
use crate::oracles::{Oracle, Verdict, judge};
use crate::pairs::{Pair, entries, read, repository};

/// Holds every kept case to what is said today; how many there are.
pub(crate) fn check(checker: &mut Checker) -> Result<usize, String> {
    let paths = entries(&repository().join("tests/oracles/cases"))?;
    for path in &paths {
        held(&read(path)?, checker).map_err(|what| format!("{}: {what}", path.display()))?;
    }
    Ok(paths.len())
}

fn held(case: &Value, checker: &mut Checker) -> Result<(), String> {
    let field = |name: &str| case.get(name).ok_or_else(|| format!("no `{name}`"));
    let text = |name| field(name)?.as_str().ok_or_else(|| format!("`{name}` is no text"));
    let (writer, reader) = (field("writer")?, field("reader")?);
    let named = Oracle::EVERY.into_iter().find(|oracle| Ok(oracle.name()) == text("oracle"));
    let said = named.ok_or("no such oracle")?.ask(writer, reader);
    if said.word() != text("says")? {
        return Err(format!("the oracle says {} now: is this no case any more?", said.word()));
    }
    let pair = Pair { name: String::new(), old: writer.clone(), new: reader.clone() };
    let [ours, _] = checker.ask(&pair)?;
    if ours.word() != text("ours")? {
        return Err(format!("we say {} now", ours.word()));
    }
    match &ours {
        Verdict::Breaking(Some(witness)) if !is_witness(witness, writer, reader) => {
            Err(format!("{witness} is no witness"))
        }
        _ => Ok(()),
    }
}

/// Whether a document is one of the writer and none of the reader, as a validator sees it.
pub(crate) fn is_witness(document: &Value, writer: &Value, reader: &Value) -> bool {
    let accepts = |schema| judge(schema).map(|judge| judge.is_valid(document));
    accepts(writer) == Some(true) && accepts(reader) == Some(false)
}
