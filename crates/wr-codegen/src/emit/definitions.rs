//! The file of the shared objects, enums and unions.

use quote::quote;
use wr_schema::{Catalog, rust_names};

use super::subject::File;
use super::tokens;
use crate::{Error, model, render};

/// `src/definitions.rs`, where the catalogue shares any type.
pub(super) fn file(catalog: &Catalog) -> Result<Option<File>, Error> {
    if catalog.shared.is_empty() {
        return Ok(None);
    }
    let mut body = Vec::new();
    let mut all = Vec::new();
    for shared in &catalog.shared {
        // Older files hold the same definition, so a property has no version that brought it.
        let items = model::items(&rust_names::shared(&shared.name), &shared.ty, &[])?;
        // No type of this file is the one that it is about, so every rule has a prefix.
        body.extend(items.iter().flat_map(|item| super::item(item, "")));
        all.extend(items);
    }
    let own = all.iter().flat_map(super::public_types).collect();
    let body = tokens::with_imports(body, super::traits(&all), &own, quote!());
    let path = "src/definitions.rs".to_owned();
    let docs = ["Types that several events share.".to_owned()];
    let text = render::file(&path, &docs, body)?;
    Ok(Some((path, text)))
}
