//! Every link of every site leads somewhere inside of it, and nothing is loaded from elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use wr_docs::File;

use super::{folders, load, options, site, small};

/// The values of an attribute.
fn values<'a>(text: &'a str, attribute: &str) -> Vec<&'a str> {
    let key = format!(" {attribute}=\"");
    text.split(&key).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// The path that a link leads to from a page.
fn target(page: &str, link: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

fn broken(files: &[File]) -> Vec<String> {
    let ids: BTreeMap<&str, BTreeSet<&str>> = files
        .iter()
        .map(|file| (file.path.as_str(), values(&file.contents, "id").into_iter().collect()))
        .collect();
    let mut broken = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".html")) {
        let all = values(&file.contents, "id");
        if all.len() != ids[file.path.as_str()].len() {
            broken.push(format!("{}: an id stands twice", file.path));
        }
        let links = [values(&file.contents, "href"), values(&file.contents, "src")].concat();
        for link in links.into_iter().filter(|link| *link != "data:,") {
            let (path, id) = link.split_once('#').map_or((link, None), |(a, b)| (a, Some(b)));
            let path = if path.is_empty() { file.path.clone() } else { target(&file.path, path) };
            let leads = match (ids.get(path.as_str()), id) {
                (Some(ids), Some(id)) => ids.contains(id),
                (found, _) => found.is_some(),
            };
            if !leads {
                broken.push(format!("{}: {link}", file.path));
            }
        }
    }
    broken
}

#[test]
fn every_link_leads_somewhere_and_every_file_carries_the_header() {
    for folder in folders() {
        let catalog = load(&folder);
        let files = site(&catalog);
        assert_eq!(broken(&files), Vec::<String>::new(), "{}", folder.display());
        for file in files {
            assert!(wr_docs::is_generated(&file.contents), "{}", file.path);
        }
        assert!(wr_docs::is_generated(&wr_docs::asyncapi(&catalog)));
        assert!(wr_docs::is_generated(&wr_docs::markdown(&catalog, &options()).unwrap()));
    }
}

#[test]
fn the_check_sees_a_broken_link() {
    let file =
        |path: &str, contents: &str| File { path: path.to_owned(), contents: contents.to_owned() };
    let files = [
        file("index.html", r##"<a href="a/b.html#x"></a><a href="#y"></a><p id="y">"##),
        file("a/b.html", r#"<a href="../index.html#y"></a><a href="https://x.y/">"#),
    ];
    assert_eq!(broken(&files), ["index.html: a/b.html#x", "a/b.html: https://x.y/"]);
}

#[test]
fn a_catalogue_gives_the_same_files_every_time() {
    assert_eq!(site(&small()), site(&small()));
    assert_eq!(wr_docs::asyncapi(&small()), wr_docs::asyncapi(&small()));
    let markdown = || wr_docs::markdown(&small(), &options()).unwrap();
    assert_eq!(markdown(), markdown());
}
