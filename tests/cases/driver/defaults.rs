//! A default is what decoding makes of it.

use wr_core::Contract;
use wr_core::serde_json::{Value, to_value};

/// An accessor answers the same where its property is missing and where it is the default, and a
/// missing property is not written for it.
pub fn holds<T: Contract>(
    property: &str,
    missing: &str,
    written: &str,
    or_default: impl Fn(&T) -> Value,
) {
    let name = std::any::type_name::<T>();
    let value = T::decode(missing.as_bytes()).unwrap();
    let default = T::decode(written.as_bytes()).unwrap();
    assert_eq!(or_default(&value), or_default(&default), "{name} {property}");
    assert_eq!(to_value(&value).unwrap().get(property), None, "{name} {property}");
    assert!(to_value(&default).unwrap().get(property).is_some(), "{name} {property}");
}
