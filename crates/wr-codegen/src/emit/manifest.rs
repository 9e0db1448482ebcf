//! `Cargo.toml` of a crate that has none yet.

use wr_schema::Catalog;

use crate::Options;

/// The manifest: one dependency of ours, which brings the few others.
pub(crate) fn manifest(catalog: &Catalog, options: &Options) -> String {
    let domain = &catalog.domain;
    let wr_core = options.wr_core.replace('\\', "/").replace('"', "\\\"");
    format!(
        "# First written by `cargo xtask gen`, which leaves it alone from then on.\n\
         [package]\n\
         name = \"{domain}-events\"\n\
         description = \"The events of `{domain}`, generated from their schemas.\"\n\
         version = \"0.1.0\"\n\
         edition = \"2024\"\n\
         publish = false\n\
         \n\
         [dependencies]\n\
         # What generated events stand on.\n\
         wr-core = {{ path = \"{wr_core}\" }}\n\
         \n\
         [lints.clippy]\n\
         # The schemas decide names, sizes and depths.\n\
         large_enum_variant = \"allow\"\n\
         module_inception = \"allow\"\n\
         type_complexity = \"allow\"\n"
    )
}
