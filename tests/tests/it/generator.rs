//! The generator on schemas that are not ours: each folder of `cases/catalogues` is a catalogue.
//!
//! All of them become crates of one workspace, with warnings denied; `cases/driver` depends on
//! every one, tries each by the differential engine and one by hand, and is built and run once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use wr_codegen::{Options, generate};
use wr_schema::draft::{Draft, Role};
use wr_schema::keywords::{self, INTEGER_FORMATS, KEYWORDS, Kind, On, TEXT_FORMATS};
use wr_schema::{Catalog, Sources};

use crate::generator_defaults;
use crate::workspace::{Workspace, crate_of, dependency};

/// The cases of the differential engine for each catalogue.
const CASES: u64 = 2_000;

/// The catalogues, in the order of their names.
fn catalogues() -> BTreeMap<String, PathBuf> {
    let entries = fs::read_dir(wr_tests::cases("catalogues")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.map(|path| (path.file_name().unwrap().to_str().unwrap().to_owned(), path)).collect()
}

fn catalog(folder: &Path) -> Catalog {
    let sources = Sources::load(folder).unwrap();
    Catalog::build(&sources).map_err(|findings| (folder, findings)).unwrap()
}

#[test]
fn every_catalogue_gives_a_crate_that_keeps_its_schemas() {
    let workspace = workspace();
    let cases = CASES.to_string();
    let mut command = workspace.cargo("run", &["--package", "driver", "--", &cases]);
    let output = command.output().unwrap();
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");

    let mut seen = BTreeSet::new();
    for line in out.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [subject, documents, accepted, values, writable] = words.as_slice() else { continue };
        let [documents, accepted, values, writable] =
            [documents, accepted, values, writable].map(|count| count.parse::<u64>().unwrap());
        assert!(0 < accepted && accepted < documents, "{line}");
        assert!(0 < writable && writable <= values, "{line}");
        seen.insert((*subject).to_owned());
    }
    let subjects = catalogues().into_values().flat_map(|path| catalog(&path).subjects);
    let subjects: BTreeSet<String> = subjects.map(|history| history.subject.to_string()).collect();
    assert_eq!(seen, subjects, "{out}");
}

#[test]
fn a_catalogue_gives_the_same_crate_every_time() {
    for (name, schemas) in catalogues() {
        let generated = || generate(&catalog(&schemas), &Options::default()).unwrap();
        assert_eq!(generated(), generated(), "{name}");
    }
}

#[test]
fn what_a_minor_brought_says_so_at_every_depth() {
    let files = generate(&catalog(&wr_tests::cases("catalogues/shop")), &Options::default());
    let files = files.unwrap();
    let order = files.iter().find(|file| file.path == "src/order/placed/v1.rs").unwrap();
    let mut found = Vec::new();
    let (mut holder, mut since) = ("", None);
    for line in order.contents.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("pub struct ") {
            holder = rest.trim_end_matches(" {");
        } else if let Some(version) = line.strip_prefix("/// Since ") {
            since = Some(version);
        } else if let (Some(rest), Some(version)) = (line.strip_prefix("pub "), since.take()) {
            let field = rest.split(':').next().unwrap_or_default();
            found.push(format!("{holder}.{field} {version}"));
        }
    }
    insta::assert_snapshot!(found.join("\n"), @r"
    OrderPlacedV1.channel 1.1.
    OrderPlacedV1.tags 1.2.
    OrderPlacedV1.metadata 1.2.
    OrderPlacedV1Customer.language 1.1.
    OrderPlacedV1ItemsItem.gift 1.1.
    OrderPlacedV1ItemsItem.notes 1.2.
    OrderPlacedV1DiscountsValue.code 1.1.
    OrderPlacedV1ShippingDelivery.window 1.1.
    ");
}

/// The crates of all catalogues, and the driver.
fn workspace() -> Workspace {
    let mut workspace = Workspace::new("catalogues");
    let mut dependencies = dependency("wr-core", "crates/wr-core");
    dependencies += &dependency("wr-tests", "tests");
    let mut calls = String::new();
    for (name, schemas) in catalogues() {
        let package = format!("{name}-events");
        workspace.generated(&package, &crate_of(&package, &catalog(&schemas)));
        dependencies += &format!("{package} = {{ path = \"../{package}\" }}\n");
        calls += &format!("    run::<{name}_events::AnyEvent>(cases)?;\n");
    }
    let all = format!(
        "//! Every catalogue.\n\nuse crate::{{Outcome, run}};\n\n\
         pub fn all(cases: u64) -> Outcome {{\n{calls}    Ok(())\n}}\n"
    );
    let text = |file| fs::read_to_string(wr_tests::cases("driver").join(file)).unwrap();
    let sources = [
        ("catalogues.rs", all),
        ("defaults.rs", text("defaults.rs")),
        ("defaults_of_all.rs", defaults_of_all()),
        ("main.rs", text("main.rs")),
        ("shop.rs", text("shop.rs")),
    ];
    let sources = sources.each_ref().map(|(path, text)| (*path, text.as_str()));
    workspace.package("driver", &dependencies, &sources);
    workspace.finish();
    workspace
}

/// The driver's assertions about the defaults of all catalogues.
fn defaults_of_all() -> String {
    let calls = catalogues().into_iter().flat_map(|(name, schemas)| {
        generator_defaults::calls(&format!("{name}_events"), &catalog(&schemas))
    });
    let calls: String = calls.collect();
    format!(
        "//! Every default.\n\nuse wr_core::serde_json::to_value;\n\nuse crate::defaults::holds;\n\n\
         pub fn hold() {{\n{calls}}}\n"
    )
}

/// Where a schema stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Position {
    Root,
    Property,
    Items,
    MapValue,
    Branch,
    Definition,
}

use Position::{Branch, Definition, Items, MapValue, Property};

fn position(role: Role<'_>) -> Position {
    match role {
        Role::Root => Position::Root,
        Role::Property { .. } => Property,
        Role::Items => Items,
        Role::MapValue => MapValue,
        Role::Branch => Branch,
        Role::Definition { .. } => Definition,
    }
}

/// Whether a schema of a kind may stand there: a branch is an object, or a reference to one.
fn may_stand(kind: Kind, position: Position) -> bool {
    position != Branch || matches!(kind, Kind::Struct | Kind::Reference)
}

#[test]
fn every_keyword_stands_in_some_catalogue_wherever_it_can() {
    let mut found = BTreeSet::new();
    for folder in catalogues().into_values() {
        let sources = Sources::load(&folder).unwrap();
        let draft = Draft::of(&sources);
        for site in draft.files.iter().flat_map(|file| file.sites()) {
            let Some(kind) = keywords::kind(site.node) else { continue };
            let place = position(site.role);
            for member in site.node.members() {
                let word = member.key.as_str();
                found.insert(format!("{word} {place:?}"));
                found.insert(format!("{word} {kind:?} {place:?}"));
                if word == "format" {
                    let format = member.value.as_str().unwrap();
                    found.insert(format!("{word} {format} {place:?}"));
                }
            }
        }
    }
    let mut expected = BTreeSet::new();
    let inner = [Property, Items, MapValue, Branch, Definition];
    for keyword in KEYWORDS {
        let name = keyword.name;
        match keyword.on {
            On::Root => {
                expected.insert(format!("{name} {:?}", Position::Root));
            }
            On::Anywhere => {
                let places = inner
                    .iter()
                    .filter(|place| name != "default" || matches!(place, Property | Definition));
                expected.extend(places.map(|place| format!("{name} {place:?}")));
            }
            On::Kinds(kinds) => {
                for kind in kinds.iter().filter(|kind| (name, **kind) != ("type", Kind::Any)) {
                    let places = inner.iter().filter(|place| may_stand(*kind, **place));
                    expected.extend(places.map(|place| format!("{name} {kind:?} {place:?}")));
                }
            }
        }
    }
    let formats = INTEGER_FORMATS.iter().map(|(name, ..)| name).chain(TEXT_FORMATS);
    for format in formats {
        let places = [Property, Items, MapValue, Definition];
        expected.extend(places.map(|place| format!("format {format} {place:?}")));
    }
    let missing: Vec<_> = expected.difference(&found).collect();
    assert!(missing.is_empty(), "in no catalogue: {missing:#?}");
}
