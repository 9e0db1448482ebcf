//! The pages of the site: facts into templates. Every value that stands in HTML is escaped by the
//! template engine, unless `text` has made HTML of it.

use minijinja::{AutoEscape, Environment, Value, context};
use serde_json::json;
use wr_schema::Catalog;

use crate::facts::Facts;
use crate::{Error, File, HEADER, Options, changes, flow, text};

const TEMPLATES: &[(&str, &str)] = &[
    ("alerts.html", include_str!("../templates/alerts.html")),
    ("base.html", include_str!("../templates/base.html")),
    ("compatibility.html", include_str!("../templates/compatibility.html")),
    ("dead-letters.html", include_str!("../templates/dead-letters.html")),
    ("envelope.html", include_str!("../templates/envelope.html")),
    ("event.html", include_str!("../templates/event.html")),
    ("index.html", include_str!("../templates/index.html")),
    ("parts.html", include_str!("../templates/parts.html")),
    ("topology.html", include_str!("../templates/topology.html")),
];

/// The pages that the head of every page leads to.
const LINKS: &[(&str, &str)] = &[
    ("index.html", "Events"),
    ("topology.html", "Streams"),
    ("dead-letters.html", "Dead letters"),
    ("alerts.html", "Alerts"),
    ("envelope.html", "Envelope"),
    ("compatibility.html", "Compatibility"),
];

/// Every file of the site, in the order of the paths.
///
/// # Errors
/// A name that makes no Rust, which the lint should not have let pass, or a template that is wrong.
pub fn site(catalog: &Catalog, options: &Options) -> Result<Vec<File>, Error> {
    let facts = Facts::of(catalog, options)?;
    let site = Site { environment: environment()?, facts: &facts };
    let letters = |is: fn(&crate::facts::Stream) -> bool| facts.streams.iter().find(|it| is(it));
    let mut files = vec![
        site.page(
            "index.html",
            context! {
                entities => facts.entities,
                counts => counts(&facts),
                flow => flow::flow(&facts),
            },
        )?,
        site.page(
            "topology.html",
            context! {
                services => facts.services,
                streams => facts.streams,
                consumers => facts.consumers,
            },
        )?,
        site.page(
            "dead-letters.html",
            context! {
                letters => facts.dead_letters,
                consumers => facts.consumers,
                stream => letters(|stream| stream.is_dead_letters),
                advisories => letters(|stream| stream.is_advisories).map(|stream| &stream.name),
            },
        )?,
        site.page("alerts.html", context! { alerts => facts.alerts })?,
        site.page("envelope.html", context! { envelope => facts.envelope })?,
        site.page("compatibility.html", context! { rules => facts.rules })?,
    ];
    for entity in &facts.entities {
        for event in &entity.events {
            let values = context! { event, entity => entity.name };
            files.push(site.render("event.html", &event.page, "../", values)?);
        }
    }
    files.extend([
        script("theme.js", include_str!("../templates/theme.js").to_owned()),
        script("site.js", include_str!("../templates/site.js").to_owned()),
        script("index.js", format!("window.searchIndex = {};\n", text::script(&index(&facts)))),
        File {
            path: "assets/style.css".to_owned(),
            contents: format!("/* {HEADER} */\n{}", include_str!("../templates/style.css")),
        },
    ]);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

struct Site<'a> {
    environment: Environment<'static>,
    facts: &'a Facts,
}

impl Site<'_> {
    fn page(&self, name: &str, values: Value) -> Result<File, Error> {
        self.render(name, name, "", values)
    }

    fn render(&self, template: &str, path: &str, root: &str, values: Value) -> Result<File, Error> {
        let all = context! {
            header => HEADER,
            domain => self.facts.domain,
            links => LINKS,
            page => path,
            // Ours, and full of slashes, which would be escaped.
            root => Value::from_safe_string(root.to_owned()),
            ..values
        };
        let template = self.environment.get_template(template)?;
        Ok(File { path: path.to_owned(), contents: template.render(all)? })
    }
}

fn environment() -> Result<Environment<'static>, Error> {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    environment.add_filter("html", |text: &str| Value::from_safe_string(text::html(text)));
    environment.add_filter("inline", |text: &str| Value::from_safe_string(text::inline(text)));
    environment.add_filter("anchor", |name: &str| text::anchor(name));
    environment.add_filter("tone", changes::tone);
    for (name, source) in TEMPLATES {
        environment.add_template(name, source)?;
    }
    Ok(environment)
}

fn script(name: &str, text: String) -> File {
    File { path: format!("assets/{name}"), contents: format!("// {HEADER}\n{text}") }
}

fn counts(facts: &Facts) -> String {
    let counts = [
        (facts.events().count(), "event"),
        (facts.services.len(), "service"),
        (facts.streams.len(), "stream"),
        (facts.consumers.len(), "consumer"),
    ];
    let present = counts.iter().filter(|(count, _)| *count > 0);
    let words: Vec<String> =
        present.map(|(count, name)| text::plural(*count as u64, name)).collect();
    if words.is_empty() { "No event yet".to_owned() } else { text::listed(&words) }
}

/// What can be searched: `t` the name, `k` the kind, `u` the page, `d` what it is, `w` further words
/// that lead to it, and `s` the subjects, all of which begin with the same word and so count only
/// for what has a dot.
fn index(facts: &Facts) -> serde_json::Value {
    let mut entries = Vec::new();
    for event in facts.events() {
        let major = event.majors.first();
        let fields = major.map(|major| major.rows.iter().map(|row| row.path.clone()));
        let mut words: Vec<String> = fields.into_iter().flatten().collect();
        let subjects = event.majors.iter().map(|major| major.subject.as_str());
        let subjects: Vec<&str> = subjects.collect();
        if let Some(major) = major {
            words.push(major.type_name.clone());
            words.extend(major.publishers.iter().cloned());
            words.extend(major.consumers.iter().map(|reader| reader.name.clone()));
            words.extend(major.stream.iter().map(|kept| kept.name.clone()));
        }
        entries.push(json!({
            "t": event.name, "k": "event", "u": event.page, "d": event.summary, "w": words,
            "s": subjects,
        }));
    }
    let mut other = |kind: &str, name: &str, page: String, description: &str| {
        entries
            .push(json!({ "t": name, "k": kind, "u": page, "d": description, "w": [], "s": [] }));
    };
    for service in &facts.services {
        let page = format!("topology.html#service-{}", text::anchor(&service.name));
        other("service", &service.name, page, &service.description);
    }
    for stream in &facts.streams {
        let page = format!("topology.html#stream-{}", text::anchor(&stream.name));
        other("stream", &stream.name, page, &stream.description);
    }
    for consumer in &facts.consumers {
        let page = format!("topology.html#consumer-{}", text::anchor(&consumer.name));
        other("consumer", &consumer.name, page, &consumer.description);
    }
    for alert in &facts.alerts {
        let page = format!("alerts.html#{}", text::anchor(alert.name));
        other("alert", alert.name, page, alert.to_do);
    }
    for rule in &facts.rules {
        other("rule", rule.id, format!("compatibility.html#{}", rule.id), rule.summary);
    }
    for (page, name) in LINKS.iter().skip(1) {
        other("page", name, (*page).to_owned(), "");
    }
    json!(entries)
}
