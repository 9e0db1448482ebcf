//! `compat` and `diff` as a user calls them: files, pairs, repositories of git.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod diff;
mod files;
mod fixture;
mod repository;
mod waivers;

use serde_json::Value;
use xtask::Exit;

/// What a verb did.
struct Done {
    exit: Exit,
    out: String,
    err: String,
}

fn xtask(args: &[&str]) -> Done {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = xtask::run(std::iter::once("xtask").chain(args.iter().copied()), &mut out, &mut err);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Done { exit, out: text(out), err: text(err) }
}

impl Done {
    #[track_caller]
    fn is(self, exit: Exit) -> Done {
        assert_eq!(self.exit, exit, "{}\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    fn says(self, text: &str) -> Done {
        let all = format!("{}\n{}", self.out, self.err);
        assert!(all.contains(text), "`{text}` is not in:\n{all}");
        self
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}
