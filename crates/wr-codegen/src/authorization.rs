//! Least privilege: the users of a NATS server, each with what topology.json says that it does.
//!
//! A service publishes its events, pulls from its consumers and settles what it is delivered, keeps
//! their dead letters, and hears answers under an inbox of its own. Nobody else may do that in its
//! name: what stands in no list is refused.

use std::collections::BTreeSet;

use wr_schema::Catalog;
use wr_schema::topology::{Consumer, ROLES, Service, Topology};

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
# A user receives answers under `_INBOX_{user}`: connect with that inbox prefix.";

fn service<'a>(topology: &Topology, name: &'a str, service: &'a Service) -> User<'a> {
    let mut publish: BTreeSet<String> = service.publishes.iter().cloned().collect();
    publish.insert(api("INFO"));
    for subject in &service.publishes {
        let streams = topology.streams_of(subject);
        publish.extend(streams.map(|stream| api(&format!("STREAM.INFO.{}", stream.name))));
    }
    let consumers = topology.consumers.iter();
    for consumer in consumers.filter(|it| service.consumes.contains(&it.name)) {
        publish.extend(consuming(&consumer.stream, &consumer.name));
        publish.insert(api(&format!("STREAM.INFO.{}", consumer.stream)));
        publish.insert(topology.dead_letters.subject_of(consumer));
        publish.extend(remembering(consumer));
    }
    User { name, description: &service.description, publish }
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
        api(&format!("STREAM.INFO.KV_{bucket}")),
        api(&format!("DIRECT.GET.KV_{bucket}.$KV.{bucket}.{name}.*")),
        format!("$KV.{bucket}.{name}.*"),
    ]
}

fn reconciler(topology: &Topology) -> User<'static> {
    let mut publish = BTreeSet::from([api("INFO")]);
    publish.extend(consuming(&topology.advisories.stream, RECONCILER));
    publish.insert(api(&format!("STREAM.INFO.{}", topology.advisories.stream)));
    for consumer in &topology.consumers {
        publish.insert(api(&format!("STREAM.MSG.GET.{}", consumer.stream)));
        publish.insert(topology.dead_letters.subject_of(consumer));
    }
    let description = "Makes dead letters of what the server gave up; one must run somewhere.";
    User { name: RECONCILER, description, publish }
}

fn provisioner(topology: &Topology) -> User<'static> {
    let mut publish = BTreeSet::from([api("INFO"), api("STREAM.NAMES")]);
    let streams = topology.streams.iter().map(|stream| stream.name.clone());
    let buckets = topology.consumers.iter().filter_map(|it| it.deduplication.as_ref());
    for stream in streams.chain(buckets.map(|it| format!("KV_{}", it.bucket))) {
        let verbs = ["INFO", "CREATE", "UPDATE"];
        publish.extend(verbs.map(|verb| api(&format!("STREAM.{verb}.{stream}"))));
    }
    let own = (topology.advisories.stream.as_str(), RECONCILER);
    let consumers = topology.consumers.iter();
    let consumers = consumers.map(|it| (it.stream.as_str(), it.name.as_str())).chain([own]);
    for (stream, consumer) in consumers {
        let verbs = ["INFO", "CREATE", "DELETE"];
        publish.extend(verbs.map(|verb| api(&format!("CONSUMER.{verb}.{stream}.{consumer}"))));
    }
    let description = "Makes streams, buckets and consumers what topology.json says.";
    User { name: PROVISIONER, description, publish }
}

/// Whoever reads a stream in order does so by consumers of their own, with names that nobody
/// knows before.
fn operator(catalog: &Catalog, topology: &Topology) -> User<'static> {
    let asks = ["INFO", "STREAM.NAMES", "STREAM.INFO.*", "CONSUMER.INFO.*.*", "STREAM.MSG.GET.*"];
    let mut publish: BTreeSet<String> = asks.iter().map(|ask| api(ask)).collect();
    let dead_letters = &topology.dead_letters.stream;
    publish.insert(api(&format!("STREAM.MSG.DELETE.{dead_letters}")));
    publish.insert(api(&format!("CONSUMER.DELETE.{dead_letters}.*")));
    for stream in &topology.streams {
        publish.insert(api(&format!("CONSUMER.CREATE.{}", stream.name)));
        publish.insert(api(&format!("CONSUMER.CREATE.{}.>", stream.name)));
        publish.insert(api(&format!("CONSUMER.MSG.NEXT.{}.*", stream.name)));
    }
    publish.extend(catalog.subjects.iter().map(|subject| subject.subject.to_string()));
    publish.extend(topology.consumers.iter().map(|it| topology.redrive.filter_of(it)));
    let description = "The person on call: looks at everything, publishes, redrives and purges.";
    User { name: OPERATOR, description, publish }
}

fn api(call: &str) -> String {
    format!("$JS.API.{call}")
}

impl User<'_> {
    fn text(&self) -> String {
        let User { name, description, publish } = self;
        let variable = name.to_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        let mut text = format!(
            "    # {description}\n    {{\n      user: {}, password: $NATS_PASSWORD_{variable}\n      \
             permissions: {{\n        publish: [\n",
            quoted(name)
        );
        for subject in publish {
            text += &format!("          {}\n", quoted(subject));
        }
        let inbox = quoted(&format!("_INBOX_{name}.>"));
        text += &format!("        ]\n        subscribe: [{inbox}]\n      }}\n    }}\n");
        text
    }
}

/// A string of the server's configuration; what `$` begins is a variable only without quotes.
fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_written() {
        let publish = ["$JS.API.INFO", "shop.order.placed.v1"].map(str::to_owned).into();
        let user = User { name: "web-shop", description: "Sells.", publish };
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
        assert_eq!(user.text(), expected);
    }
}
