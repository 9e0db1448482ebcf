//! A folder of snapshots: one a case, and none of no case.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

/// The settings of snapshots in a folder below `tests/snapshots`.
pub(crate) fn settings(folder: &str) -> insta::Settings {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(path(folder));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings
}

/// Holds each text to the snapshot of its name, and the folder to these names.
pub(crate) fn of_cases(folder: &str, told: impl IntoIterator<Item = (String, String)>) {
    let _guard = settings(folder).bind_to_scope();
    let mut names = BTreeSet::new();
    for (name, text) in told {
        insta::assert_snapshot!(name.clone(), text);
        names.insert(format!("{name}.snap"));
    }
    let kept = fs::read_dir(path(folder)).unwrap().map(|entry| entry.unwrap().file_name());
    let kept = kept.map(|name| name.into_string().unwrap());
    let dead: BTreeSet<String> = kept.filter(|name| !names.contains(name)).collect();
    assert!(dead.is_empty(), "snapshots of no case; remove them: {dead:?}");
}

fn path(folder: &str) -> PathBuf {
    wr_tests::repository().join("tests/snapshots").join(folder)
}
