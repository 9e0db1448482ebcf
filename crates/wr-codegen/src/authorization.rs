//! Least privilege: the users of a NATS server, each with what topology.json says that it does.
//!
//! A service publishes its events, pulls from its consumers and settles what it is delivered, keeps
//! their dead letters, and hears answers under an inbox of its own. Nobody else may do that in its
//! name: what stands in no list is refused.

use std::collections::BTreeSet;

use wr_schema::Catalog;
use wr_schema::topology::{Consumer, ROLES, Service, Stream, Topology};

use crate::HEADER;

/// The users that are no services, in this order; the durable consumer of the advisories stream has
/// the name of the first.
const RECONCILER: &str = ROLES[0];
const PROVISIONER: &str = ROLES[1];
const OPERATOR: &str = ROLES[2];

/// A user, and what it may do.
struct User<'a> {
    name: &'a str,
    description: &'a str,
    publish: BTreeSet<String>,
    /// What it may not publish, though `publish` matches it.
    never: BTreeSet<String>,
}

/// The configuration.
pub(crate) fn file(catalog: &Catalog, topology: &Topology) -> String {
    let services = topology.services.iter();
    let mut users: Vec<User<'_>> = services.map(|(name, it)| service(topology, name, it)).collect();
    users.extend([reconciler(topology), provisioner(topology), operator(catalog, topology)]);
    let mut text = format!("# {HEADER}\n{INTRODUCTION}\nauthorization {{\n  users: [\n");
    for user in &users {
        text += &user.text();
    }
    text += "  ]\n}\n";
    text
}

const INTRODUCTION: &str = "\
#
# The users of a NATS server: what each service publishes and consumes by topology.json, and no more.
# `include` it in the server's configuration. Passwords come from the server's environment; who has
# nkeys or certificates keeps the permissions and replaces the passwords.
# A user receives answers under `_INBOX_{user}`: connect with that inbox prefix.
# With a JetStream domain, `hub` for example, who is connected outside of it asks elsewhere. Such
# users get this file after
# sed 's/[$]JS[.]API[.]/$JS.hub.API./; s/ \"[$]KV/ \"$JS.hub.API.$KV/'";

fn service<'a>(topology: &Topology, name: &'a str, service: &'a Service) -> User<'a> {
    let mut publish: BTreeSet<String> = service.publishes.iter().cloned().collect();
    publish.insert(api("INFO"));
    for subject in &service.publishes {
        let streams = topology.streams_of(subject);
        publish.extend(streams.map(|stream| about(&stream.name)));
    }
    let consumers = topology.consumers.iter();
    for consumer in consumers.filter(|it| service.consumes.contains(&it.name)) {
        publish.extend(consuming(&consumer.stream, &consumer.name));
        publish.insert(about(&consumer.stream));
        publish.extend(keeping(topology, consumer));
        publish.extend(remembering(consumer));
    }
    User { name, description: &service.description, publish, never: BTreeSet::new() }
}

/// To ask how a stream is.
fn about(stream: &str) -> String {
    api(&format!("STREAM.INFO.{stream}"))
}

/// To keep the dead letters of a consumer, and see that it can.
fn keeping(topology: &Topology, consumer: &Consumer) -> [String; 2] {
    let letters = &topology.dead_letters;
    [letters.subject_of(consumer), about(&letters.stream)]
}

/// To pull from a durable consumer, settle what it delivers, and ask how it is.
fn consuming(stream: &str, consumer: &str) -> [String; 3] {
    [
        api(&format!("CONSUMER.MSG.NEXT.{stream}.{consumer}")),
        api(&format!("CONSUMER.INFO.{stream}.{consumer}")),
        format!("$JS.ACK.{stream}.{consumer}.>"),
    ]
}

/// To remember which events were handled.
fn remembering(consumer: &Consumer) -> Vec<String> {
    let Some(memory) = &consumer.deduplication else { return Vec::new() };
    let (bucket, name) = (&memory.bucket, &consumer.name);
    vec![
        about(&format!("KV_{bucket}")),
        api(&format!("DIRECT.GET.KV_{bucket}.$KV.{bucket}.{name}.*")),
        format!("$KV.{bucket}.{name}.*"),
    ]
}

/// Every durable consumer, with its stream.
fn durables(topology: &Topology) -> impl Iterator<Item = (&str, &str)> {
    let consumers = topology.consumers.iter();
    let consumers = consumers.map(|it| (it.stream.as_str(), it.name.as_str()));
    consumers.chain([(topology.advisories.stream.as_str(), RECONCILER)])
}

/// The streams, those behind the buckets among them.
fn streams(topology: &Topology) -> impl Iterator<Item = String> {
    let streams = topology.streams.iter().map(|stream| stream.name.clone());
    let buckets = topology.consumers.iter().filter_map(|it| it.deduplication.as_ref());
    streams.chain(buckets.map(|it| format!("KV_{}", it.bucket)))
}

/// It also watches: how full the streams are, and what their consumers have not read.
fn reconciler(topology: &Topology) -> User<'static> {
    let mut publish = BTreeSet::from([api("INFO")]);
    publish.extend(consuming(&topology.advisories.stream, RECONCILER));
    publish.extend(topology.streams.iter().map(|stream| about(&stream.name)));
    for (stream, consumer) in durables(topology) {
        publish.insert(api(&format!("CONSUMER.INFO.{stream}.{consumer}")));
        publish.insert(api(&format!("STREAM.MSG.GET.{stream}")));
    }
    for consumer in &topology.consumers {
        publish.extend(keeping(topology, consumer));
    }
    let description = "Makes dead letters of what the server gave up, and watches the streams; one \
                       must run somewhere.";
    User { name: RECONCILER, description, publish, never: BTreeSet::new() }
}

fn provisioner(topology: &Topology) -> User<'static> {
    let mut publish = BTreeSet::from([api("INFO"), api("STREAM.NAMES")]);
    for stream in streams(topology) {
        let verbs = ["INFO", "CREATE", "UPDATE"];
        publish.extend(verbs.map(|verb| api(&format!("STREAM.{verb}.{stream}"))));
    }
    for (stream, consumer) in durables(topology) {
        let verbs = ["INFO", "CREATE", "DELETE"];
        publish.extend(verbs.map(|verb| api(&format!("CONSUMER.{verb}.{stream}.{consumer}"))));
    }
    let description = "Makes streams, buckets and consumers what topology.json says.";
    User { name: PROVISIONER, description, publish, never: BTreeSet::new() }
}

/// Whoever reads a stream in order does so by consumers of their own, with names that nobody
/// knows before. Those of the services are not theirs to change or to empty; so there is no
/// `CONSUMER.CREATE.{stream}`, where the name stands in the body alone.
fn operator(catalog: &Catalog, topology: &Topology) -> User<'static> {
    let mut publish = BTreeSet::from([api("INFO"), api("STREAM.NAMES")]);
    publish.extend(streams(topology).map(|stream| about(&stream)));
    for Stream { name, .. } in &topology.streams {
        publish.insert(api(&format!("STREAM.MSG.GET.{name}")));
        for call in ["CREATE.{}.>", "INFO.{}.*", "MSG.NEXT.{}.*"] {
            publish.insert(api(&format!("CONSUMER.{}", call.replace("{}", name))));
        }
    }
    let dead_letters = &topology.dead_letters.stream;
    publish.insert(api(&format!("STREAM.MSG.DELETE.{dead_letters}")));
    publish.insert(api(&format!("CONSUMER.DELETE.{dead_letters}.*")));
    publish.extend(catalog.subjects.iter().map(|subject| subject.subject.to_string()));
    publish.extend(topology.consumers.iter().map(|it| topology.redrive.filter_of(it)));
    let mut never = BTreeSet::new();
    for (stream, consumer) in durables(topology) {
        let place = format!("{stream}.{consumer}");
        for call in ["CREATE.{}", "CREATE.{}.>", "DELETE.{}", "MSG.NEXT.{}"] {
            never.insert(api(&format!("CONSUMER.{}", call.replace("{}", &place))));
        }
    }
    let description = "The person on call: looks at everything, publishes, redrives and purges.";
    User { name: OPERATOR, description, publish, never }
}

fn api(call: &str) -> String {
    format!("$JS.API.{call}")
}

impl User<'_> {
    fn text(&self) -> String {
        let User { name, description, publish, never } = self;
        let variable = name.to_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        let mut text = format!(
            "    # {}\n    {{\n      user: {}, password: $NATS_PASSWORD_{variable}\n      \
             permissions: {{\n",
            line(description),
            quoted(name)
        );
        text += &match never.is_empty() {
            true => format!("        publish: {}\n", list(publish, "        ")),
            false => format!(
                "        publish: {{\n          allow: {}\n          deny: {}\n        }}\n",
                list(publish, "          "),
                list(never, "          ")
            ),
        };
        let inbox = quoted(&format!("_INBOX_{name}.>"));
        text += &format!("        subscribe: [{inbox}]\n      }}\n    }}\n");
        text
    }
}

/// Subjects, one a line.
fn list(subjects: &BTreeSet<String>, indent: &str) -> String {
    let subjects = subjects.iter().map(|subject| format!("{indent}  {}\n", quoted(subject)));
    format!("[\n{}{indent}]", subjects.collect::<String>())
}

/// A text as one line: what follows the end of a comment would be configuration.
fn line(text: &str) -> String {
    text.split(char::is_control).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A string of the server's configuration; what `$` begins is a variable only without quotes.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(description: &str, never: &[&str]) -> String {
        let publish = ["$JS.API.INFO", "shop.order.placed.v1"].map(str::to_owned).into();
        let never = never.iter().map(|subject| (*subject).to_owned()).collect();
        User { name: "web-shop", description, publish, never }.text()
    }

    #[test]
    fn a_user_is_written() {
        let expected = r#"    # Sells.
    {
      user: "web-shop", password: $NATS_PASSWORD_WEB_SHOP
      permissions: {
        publish: [
          "$JS.API.INFO"
          "shop.order.placed.v1"
        ]
        subscribe: ["_INBOX_web-shop.>"]
      }
    }
"#;
        assert_eq!(user("Sells.", &[]), expected);
    }

    #[test]
    fn what_nobody_may_do_is_denied() {
        let expected = r#"        publish: {
          allow: [
            "$JS.API.INFO"
            "shop.order.placed.v1"
          ]
          deny: [
            "shop.>"
          ]
        }
"#;
        let text = user("Sells.", &["shop.>"]);
        assert!(text.contains(expected), "{text}");
    }

    /// The lint refuses such a description, and whoever calls the generator may not have asked it.
    #[test]
    fn a_description_is_a_comment_and_nothing_else() {
        let benign = user("Sells.", &[]);
        let without_comment = |text: &str| {
            let lines = text.split(['\n', '\r']).filter(|line| !line.trim().starts_with('#'));
            lines.collect::<Vec<_>>().join("\n")
        };
        for end in ["\n", "\r\n", "\r", "\u{b}", "\u{85}", "\0"] {
            let hostile = user(&format!("Sells.{end}{{ user: evil, password: x }}{end}"), &[]);
            assert_eq!(without_comment(&hostile), without_comment(&benign), "{end:?}");
        }
    }
}
