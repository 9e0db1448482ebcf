//! What `cargo check` of the generated crate costs, against typify's plain output for the same
//! schemas: the processor time of cargo and rustc, with every dependency built before.
//!
//! Both are packages of the same edition, without incremental compilation. They are checked in
//! turn, and the one that begins a pair ends the next: what else the machine does meets both
//! alike. The ratio is the median of those of the pairs, since what a check costs changes from one
//! minute to the next by more than the two differ.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use typify::{TypeSpace, TypeSpaceSettings};
use wr_codegen::{Options, Root, generate};
use wr_schema::{Catalog, Sources};

const PAIRS: usize = 15;

/// Prints both, and their ratio; true, whatever it is.
pub(crate) fn run() -> Result<bool, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = root.canonicalize().map_err(|error| error.to_string())?;
    let sources = Sources::load(&root.join("schemas")).map_err(|error| error.to_string())?;
    let catalog = Catalog::build(&sources).map_err(|_| "the schemas are not clean".to_owned())?;
    let folder = root.join("target/check-cost");
    let ours = Package::ours(&catalog, &root, &folder)?;
    let theirs = Package::of_typify(&catalog, &folder)?;
    let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
    for pair in 0..PAIRS {
        if pair % 2 == 0 {
            our_times.push(ours.check()?);
            their_times.push(theirs.check()?);
        } else {
            their_times.push(theirs.check()?);
            our_times.push(ours.check()?);
        }
    }
    let ratio =
        median(our_times.iter().zip(&their_times).map(|(our, their)| our / their).collect());
    let (ours, theirs) = (median(our_times), median(their_times));
    let subjects = catalog.subjects.len();
    println!(
        "cargo check of {subjects} subjects: {ours:.2} s of processor time; typify's plain output \
         {theirs:.2} s; ratio {ratio:.2}"
    );
    crate::told("check_cpu", ratio);
    Ok(true)
}

/// A package of its own, whose library is checked again and again.
struct Package {
    folder: PathBuf,
}

impl Package {
    fn ours(catalog: &Catalog, root: &Path, folder: &Path) -> Result<Package, String> {
        let folder = folder.join("ours");
        let core = root.join("crates/wr-core").display().to_string();
        let files = generate(catalog, &Options { wr_core: core.clone() });
        for file in files.map_err(|error| error.to_string())? {
            if file.root == Root::Crate && file.path != "Cargo.toml" {
                write(&folder.join(&file.path), &file.contents)?;
            }
        }
        Package::new(folder, &format!("wr-core = {{ path = {core:?} }}\n"))
    }

    /// A module for each subject, as a build script that knows nothing else would write it.
    fn of_typify(catalog: &Catalog, folder: &Path) -> Result<Package, String> {
        let folder = folder.join("typify");
        let mut text = String::new();
        for (number, history) in catalog.subjects.iter().enumerate() {
            let Some(newest) = history.minors.last() else { continue };
            let mut schema = newest.schema.to_value();
            // Names that are no types of Rust are for typify to make.
            if let Value::Object(members) = &mut schema {
                members.insert("title".to_owned(), format!("Payload{number}").into());
            }
            let schema: schemars08::schema::RootSchema =
                serde_json::from_value(schema).map_err(|error| error.to_string())?;
            let mut space = TypeSpace::new(&TypeSpaceSettings::default());
            space.add_root_schema(schema).map_err(|error| error.to_string())?;
            let file = syn::parse2(space.to_stream()).map_err(|error| error.to_string())?;
            text += &format!("pub mod subject_{number} {{\n{}}}\n", prettyplease::unparse(&file));
        }
        write(&folder.join("src/lib.rs"), &text)?;
        let dependencies = "serde = { version = \"1\", features = [\"derive\"] }\n\
            serde_json = \"1\"\nregress = \"*\"\n\
            chrono = { version = \"0.4\", default-features = false, features = [\"serde\", \"std\"] }\n\
            uuid = { version = \"1\", features = [\"serde\"] }\n";
        Package::new(folder, dependencies)
    }

    fn new(folder: PathBuf, dependencies: &str) -> Result<Package, String> {
        let manifest = format!(
            "[package]\nname = \"checked\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [workspace]\n\n[dependencies]\n{dependencies}"
        );
        write(&folder.join("Cargo.toml"), &manifest)?;
        let package = Package { folder };
        package.check()?;
        Ok(package)
    }

    /// The processor time of rustc over the library, in seconds.
    fn check(&self) -> Result<f64, String> {
        let library = self.folder.join("src/lib.rs");
        let text = fs::read_to_string(&library).map_err(|error| error.to_string())?;
        write(&library, &text)?;
        let before = children_seconds()?;
        let status = Command::new(env!("CARGO"))
            .args(["check", "--quiet", "--offline"])
            .env("CARGO_INCREMENTAL", "0")
            .env("CARGO_TARGET_DIR", self.folder.join("target"))
            .current_dir(&self.folder)
            .status()
            .map_err(|error| error.to_string())?;
        match status.success() {
            true => Ok(children_seconds()? - before),
            false => Err(format!("`{}` does not compile", self.folder.display())),
        }
    }
}

/// The processor time of all children that have ended, theirs included.
fn children_seconds() -> Result<f64, String> {
    let stat = fs::read_to_string("/proc/self/stat")
        .map_err(|error| format!("this needs Linux's /proc: {error}"))?;
    // Behind the name, which is in parentheses, the 14th and 15th field; a hundredth of a second each.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(13).take(2);
    let ticks: Result<Vec<f64>, _> = fields.map(str::parse::<f64>).collect();
    Ok(ticks.map_err(|error| error.to_string())?.iter().sum::<f64>() / 100.0)
}

fn median(mut all: Vec<f64>) -> f64 {
    all.sort_unstable_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(f64::NAN)
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
