//! `diff`: what changed, in words.

use xtask::Exit;

use super::fixture::{ENQUEUED, Repository};
use super::xtask;

#[test]
fn a_diff_in_words() {
    let repository = Repository::new();
    let schemas = repository.schemas();
    let at = schemas.to_str().unwrap();
    xtask(&["new", "major", "position.enqueued", "--schemas", at]).is(Exit::Clean);
    for subject in ["position.enqueued", "waitingroom.position.enqueued", ENQUEUED] {
        for versions in [["1.0", "1.1"], ["1.1", "1.0"], ["1.0", "2.0"]] {
            let args = [&["diff", subject], &versions[..], &["--schemas", at]].concat();
            xtask(&args).is(Exit::Clean).says(versions[1]);
        }
    }
    let args = ["diff", "position.enqueued", "1.0", "1.1", "--format", "markdown", "--schemas", at];
    xtask(&args).is(Exit::Clean).says("### `position.enqueued` 1.0 to 1.1");
    for (args, help) in [
        (["position.enqueud", "1.0", "1.1"], "did you mean `position.enqueued`"),
        (["position.enqueued", "1.0", "1.7"], "it has `1.0`, `1.1`, `2.0`"),
        (["position.enqueued", "1", "1.1"], "name it as in `1.0`"),
    ] {
        let args = [&["diff"], &args[..], &["--schemas", at]].concat();
        xtask(&args).is(Exit::Usage).says(help);
    }
}
