//! How `wr` connects: flags, variables, and the contexts of the `nats` tool.

use serde_json::json;
use wr_testkit::ServerOptions;

use crate::support::{Stage, wr};

/// A folder of contexts, of which one is selected.
fn contexts(
    stage: &Stage,
    contexts: &[(&str, serde_json::Value)],
    selected: Option<&str>,
) -> String {
    let nats = stage.folder.path().join("nats");
    std::fs::create_dir_all(nats.join("context")).unwrap();
    for (name, context) in contexts {
        std::fs::write(nats.join(format!("context/{name}.json")), context.to_string()).unwrap();
    }
    if let Some(selected) = selected {
        std::fs::write(nats.join("context.txt"), format!("{selected}\n")).unwrap();
    }
    stage.folder.path().to_str().unwrap().to_owned()
}

const HEALTH: &[&str] = &["health", "--json", "--timeout", "2s"];

#[test]
fn the_selected_context_is_used_unless_told_otherwise() {
    let stage = Stage::start();
    let url = stage.server.url();
    let nowhere = json!({ "url": "nats://127.0.0.1:1" });
    let here = json!({ "description": "here", "url": url });
    let home = contexts(&stage, &[("nowhere", nowhere), ("here", here)], Some("here"));
    let home = [("XDG_CONFIG_HOME", home.as_str())];
    wr(&home, HEALTH, "").expect(0);
    let told = [HEALTH, &["--context", "nowhere"]].concat();
    let ran = wr(&home, &told, "").expect(1);
    let error: serde_json::Value = serde_json::from_str(ran.err.trim()).unwrap();
    assert!(error["error"].as_str().unwrap().contains("127.0.0.1:1"), "{error}");
    // A flag comes before the context.
    let told = [HEALTH, &["--context", "nowhere", "--server", &url]].concat();
    wr(&home, &told, "").expect(0);
    let path = format!("{}/nats/context/here.json", home[0].1);
    wr(&[], &[HEALTH, &["--context", &path]].concat(), "").expect(0);
}

#[test]
fn a_context_that_cannot_be_honoured_is_refused() {
    let stage = Stage::start();
    let jwt = json!({ "url": stage.server.url(), "user_jwt": "x" });
    let home = contexts(&stage, &[("jwt", jwt), ("broken", json!("no object"))], None);
    let home = [("HOME", home.as_str()), ("XDG_CONFIG_HOME", home.as_str())];
    for (name, code, part) in [
        ("jwt", 2, "`user_jwt`"),
        ("broken", 1, "broken.json"),
        ("absent", 2, "no context `absent`"),
    ] {
        let ran = wr(&home, &["health", "--context", name], "").expect(code);
        assert!(ran.err.contains(part), "{}", ran.err);
        assert!(ran.err.contains("= help: "), "{}", ran.err);
    }
}

#[test]
fn logins_come_from_flags_variables_and_contexts() {
    let config = "authorization { users = [ { user: ann, password: secret } ] }";
    let server = ServerOptions::new().config(config).start().unwrap();
    let url = server.url();
    let apply: &[&str] = &["topology", "apply", "--replicas", "1", "--yes", "--server", &url];
    let ran = wr(&[], apply, "").expect(1);
    assert!(ran.err.contains("login failed"), "{}", ran.err);
    wr(&[], &[apply, &["--user", "ann", "--password", "secret"]].concat(), "").expect(0);
    let variables = [("NATS_USER", "ann"), ("NATS_PASSWORD", "secret"), ("NATS_URL", url.as_str())];
    wr(&variables, HEALTH, "").expect(0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ann.json");
    let context = json!({ "url": url, "user": "ann", "password": "secret" });
    std::fs::write(&path, context.to_string()).unwrap();
    let path = path.to_str().unwrap();
    wr(&[("NATS_CONTEXT", path)], HEALTH, "").expect(0);
    // No help page shows what stands in a variable.
    let ran = wr(&[("NATS_PASSWORD", "secret")], &["health", "--help"], "").expect(0);
    assert!(!ran.out.contains("secret"), "{}", ran.out);
}

#[test]
fn nobody_there_is_told_within_the_time() {
    let begun = std::time::Instant::now();
    let ran = wr(&[], &["health", "--server", "nats://127.0.0.1:1", "--timeout", "1s"], "");
    let ran = ran.expect(1);
    assert!(ran.err.starts_with("error: connect to nats://127.0.0.1:1"), "{}", ran.err);
    assert!(begun.elapsed().as_secs() < 10);
}

#[test]
fn a_completion_names_the_verbs() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = wr(&[], &["completion", shell], "").expect(0);
        assert!(ran.out.contains("redrive"), "{shell}");
    }
}

const USERS: &str = "authorization { users = [
    { user: ann, password: secret }
    { user: bob, password: other, permissions: { publish: [\"$JS.API.INFO\"] } } ] }";

/// Who ran it, as the server's permissions tell.
fn who(environment: &[(&str, &str)], arguments: &[&str]) -> Option<&'static str> {
    let told = [&["topology", "verify", "--json", "--timeout", "2s"], arguments].concat();
    let ran = wr(environment, &told, "");
    if ran.code == 100 {
        return Some("ann");
    }
    let is_bob = ran.err.contains("permission denied");
    assert!(is_bob || ran.err.contains("login failed"), "{ran:?}");
    is_bob.then_some("bob")
}

#[test]
fn a_flag_comes_first_then_its_context_then_variables() {
    let server = ServerOptions::new().config(USERS).start().unwrap();
    let url = server.url();
    let folder = tempfile::tempdir().unwrap();
    let context = |name: &str, context: serde_json::Value| {
        let path = folder.path().join(format!("{name}.json"));
        std::fs::write(&path, context.to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let ann = context("ann", json!({ "url": url, "user": "ann", "password": "secret" }));
    let open = context("open", json!({ "url": url, "user": "ann" }));
    let bob = [("NATS_USER", "bob"), ("NATS_PASSWORD", "other"), ("NATS_URL", url.as_str())];
    let as_ann = ["--user", "ann", "--password", "secret"];
    assert_eq!(who(&bob, &[]), Some("bob"));
    assert_eq!(who(&bob, &as_ann), Some("ann"));
    // A credentials file of a variable is not even looked for.
    let creds = [("NATS_CREDS", "/nowhere.creds"), ("NATS_URL", url.as_str())];
    assert_eq!(who(&creds, &as_ann), Some("ann"));
    assert_eq!(who(&bob, &["--context", &ann]), Some("ann"));
    // The password of a context goes to its server.
    let elsewhere = [("NATS_URL", "nats://127.0.0.1:1")];
    assert_eq!(who(&elsewhere, &["--context", &ann]), Some("ann"));
    let selected = [("NATS_CONTEXT", ann.as_str()), ("NATS_URL", url.as_str())];
    assert_eq!(who(&selected, &[]), None);
    assert_eq!(who(&selected[..1], &[]), Some("ann"));
    assert_eq!(who(&[selected[0], bob[0], bob[1]], &[]), Some("bob"));
    // A password of its own is for the user of the context, or of another source.
    assert_eq!(who(&[], &["--context", &open]), None);
    assert_eq!(who(&[], &["--context", &open, "--password", "secret"]), Some("ann"));
    assert_eq!(who(&[("NATS_PASSWORD", "secret")], &["--context", &open]), Some("ann"));
    assert_eq!(who(&[("NATS_PASSWORD", "secret"), selected[1]], &["--user", "ann"]), Some("ann"));
    // And never that of another user.
    assert_eq!(who(&bob, &["--user", "ann"]), None);
}

#[test]
fn several_logins_of_one_source_are_refused() {
    let login = ["--user", "ann", "--creds", "a.creds"];
    for (environment, arguments, part) in [
        (vec![], &login[..], "flags: `user` and `creds` are several logins"),
        (vec![("NATS_TOKEN", "t"), ("NATS_NKEY", "n")], &[], "variables: `nkey` and `token`"),
        (vec![], &["--password", "p"], "flags: a password is for a user"),
        (vec![("NATS_TOKEN", "t")], &["--password", "p"], "flags: a password is for a user"),
    ] {
        let server = ["health", "--server", "nats://127.0.0.1:1"];
        let ran = wr(&environment, &[&server[..], arguments].concat(), "").expect(2);
        assert!(ran.err.contains(part), "{}", ran.err);
    }
}

/// As the `nats` tool reads it: a user before credentials, and paths from the home directory on.
#[test]
fn a_context_means_what_it_means_to_the_nats_tool() {
    let server = ServerOptions::new().config(USERS).start().unwrap();
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("context.json");
    let context = json!({
        "url": server.url(), "user": "ann", "password": "secret", "creds": "~/absent.creds",
    });
    std::fs::write(&path, context.to_string()).unwrap();
    let (home, path) = (home.path().to_str().unwrap(), path.to_str().unwrap());
    assert_eq!(who(&[("HOME", home)], &["--context", path]), Some("ann"));
    let context = json!({ "url": server.url(), "nkey": "~/keys/$WHO.nk" });
    std::fs::write(path, context.to_string()).unwrap();
    let told = [HEALTH, &["--context", path]].concat();
    let ran = wr(&[("HOME", home), ("WHO", "ann")], &told, "").expect(1);
    assert!(ran.err.contains(&format!("{home}/keys/ann.nk")), "{}", ran.err);
}

#[test]
fn what_is_mistyped_is_no_all_clear() {
    let stage = Stage::start();
    for (arguments, note) in [
        (&["dlq", "list", "--reason", "schema-violation"][..], "no reason `schema-violation`"),
        (&["dlq", "list", "--consumer", "audit"], "there are analytics-processor, "),
        (&["dlq", "purge", "--stream", "QUEUES", "--yes"], "no stream `QUEUES` is known here"),
        (&["tail", "--no-follow", "--type", "queue.pausd"], "no event type `queue.pausd`"),
    ] {
        let ran = stage.wr(arguments).expect(0);
        assert!(ran.err.starts_with("note: ") && ran.err.contains(note), "{arguments:?}: {ran:?}");
    }
    let known = ["dlq", "list", "--reason", "schema_violation", "--consumer", "audit-logger"];
    assert_eq!(stage.wr(&known).expect(0).err, "");
    let ran = wr(&[], &["health", "--server", ""], "").expect(2);
    assert!(ran.err.starts_with("error: `--server` is empty\n"), "{}", ran.err);
}

#[test]
fn a_wrong_command_line_is_json_where_a_program_reads() {
    for (arguments, part) in [
        (&["--json", "health", "--bogus"][..], "unexpected argument '--bogus' found"),
        (&["get", "S", "0", "--json"], "invalid value '0' for '<SEQUENCE>'"),
        (&["frob", "--json"], "unrecognized subcommand 'frob'"),
    ] {
        let ran = wr(&[], arguments, "").expect(2);
        let told: serde_json::Value = serde_json::from_str(ran.err.trim()).unwrap();
        assert!(told["error"].as_str().unwrap().starts_with(part), "{told}");
        assert!(told["help"].as_str().unwrap().contains("--help"), "{told}");
    }
    assert!(wr(&[], &["--json", "--help"], "").expect(0).out.contains("Usage: "));
}

/// The users that `gen` writes hear nothing under `_INBOX`.
#[test]
fn who_needs_an_inbox_of_its_own_is_told() {
    let config = "authorization { users = [ { user: ann, password: s, permissions: {
        publish: [\"$JS.API.>\"], subscribe: [\"_INBOX_ann.>\"] } } ] }";
    let server = ServerOptions::new().config(config).start().unwrap();
    let url = server.url();
    let arguments = ["health", "--server", &url, "--user", "ann", "--password", "s"];
    let ran = wr(&[], &[&arguments[..], &["--timeout", "2s"]].concat(), "").expect(1);
    assert!(ran.err.contains("= help: this user hears answers under a prefix"), "{}", ran.err);
    wr(&[], &[&arguments[..], &["--inbox-prefix", "_INBOX_ann"]].concat(), "").expect(100);
}
