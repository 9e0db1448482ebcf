//! What was measured, as it is kept in `tests/bench/results.json`.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use serde::{Deserialize, Serialize};

use crate::child::Cargo;
use crate::{Error, write};

/// What was measured.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub(super) struct Results {
    /// On what.
    pub(super) machine: Machine,
    /// Of each message, what the codec's benchmark gave.
    #[serde(default)]
    pub(super) codec: BTreeMap<String, Message>,
    /// Everything else, by name.
    #[serde(default)]
    pub(super) figures: BTreeMap<String, f64>,
}

/// What was measured on.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub(super) struct Machine {
    /// Processors.
    pub(super) cores: usize,
    /// The version of the toolchain.
    pub(super) toolchain: String,
    /// What it builds for.
    pub(super) target: String,
    /// The system, whose C library allocates and copies.
    #[serde(default)]
    pub(super) os: String,
}

/// A message that the codec was measured with.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
pub(super) struct Message {
    /// Its length.
    pub(super) bytes: usize,
    /// How often the benchmark was launched.
    pub(super) launches: usize,
    /// Its rows, by name.
    pub(super) rows: BTreeMap<String, Measured>,
}

/// A row, as the median over launches.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
pub(super) struct Measured {
    /// The time of one, in nanoseconds.
    pub(super) ns: f64,
    /// The time in times of the row that it is held against; 1 of such a row itself.
    pub(super) ratio: f64,
}

impl Results {
    /// Nothing yet, of this machine.
    pub(super) fn of_this_machine() -> Result<Results, Error> {
        Ok(Results { machine: Machine::this()?, ..Results::default() })
    }

    /// What was kept; nothing where there is no such file.
    pub(super) fn load(path: &Path) -> Result<Results, Error> {
        Ok(read(path)?.unwrap_or_default())
    }

    /// Keeps it.
    pub(super) fn save(&self, path: &Path) -> Result<(), Error> {
        save(self, path)
    }

    /// This, and over it what was measured now.
    pub(super) fn with(mut self, now: Results) -> Results {
        self.machine = now.machine;
        self.codec.extend(now.codec);
        self.figures.extend(now.figures);
        self
    }
}

impl Machine {
    /// What cargo says of itself.
    pub(super) fn this() -> Result<Machine, Error> {
        let text = Cargo::new(["-vV"]).text()?;
        let field = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.unwrap_or("unknown").to_owned()
        };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Machine { cores, toolchain: field("release"), target: field("host"), os: field("os") })
    }
}

/// A file of JSON; none where there is none.
pub(super) fn read<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<Option<T>, Error> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::file("read", path, &error)),
    };
    serde_json::from_str(&text).map(Some).map_err(|error| {
        Error::failed(
            format!("`{}` is not as this verb writes it: {error}", path.display()),
            "restore it with git, or remove it and measure again",
        )
    })
}

/// Writes a file of JSON.
pub(super) fn save(value: &impl Serialize, path: &Path) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(value).unwrap_or_default() + "\n";
    write::replace(path, &text).map_err(|error| Error::file("write", path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_measured_alone_leaves_the_rest() {
        let figures = |pairs: &[(&str, f64)]| Results {
            figures: pairs.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect(),
            ..Results::default()
        };
        let kept = figures(&[("publish", 0.8), ("consume", 0.9)]);
        let both = kept.with(figures(&[("consume", 0.95)]));
        assert_eq!(both, figures(&[("publish", 0.8), ("consume", 0.95)]));
    }
}
