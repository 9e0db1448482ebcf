//! The table of rules. A rule is a module here, a row below, and a folder of cases in the tests.

use crate::lint::Rule;

macro_rules! rules {
    ($($id:ident),* $(,)?) => {
        $(mod $id;)*
        /// Every rule, in alphabetical order.
        pub static RULES: &[Rule] = &[
            $(Rule::new(stringify!($id), include_str!(concat!(stringify!($id), ".rs")), $id::CHECK)),*
        ];
    };
}

rules! {
    additional_items,
    all_of,
    closed_struct,
    const_without_type,
    contains,
    contract_too_large,
    contradictory_bound,
    dead_keyword,
    default_on_required,
    default_rejected,
    definition_changed,
    dependencies,
    duplicate_key,
    enum_values,
    envelope_mismatch,
    example_rejected,
    false_schema,
    file_too_large,
    id_mismatch,
    if_then_else,
    integer_range,
    invalid_json,
    invalid_utf8,
    keyword_value,
    minor_gap,
    missing_bounds,
    missing_description,
    missing_type,
    name_collision,
    nested_id,
    not,
    not_a_subject,
    not_a_version,
    pattern_invalid,
    pattern_not_portable,
    pattern_properties,
    pattern_unanchored,
    property_names,
    ref_cycle,
    ref_siblings,
    ref_unresolved,
    remote_ref,
    required_without_property,
    root_not_struct,
    struct_with_map,
    title_mismatch,
    too_few_examples,
    topology_consumers,
    topology_invalid,
    topology_limits,
    topology_services,
    topology_subjects,
    tuple_items,
    two_domains,
    type_union,
    unexpected_file,
    unknown_format,
    unknown_keyword,
    unreadable,
    untagged_union,
    version_mismatch,
    wrong_dialect,
}
