//! The names of the runtime's metrics, as alerts and the dashboard ask for them.

/// The name of a metric of a domain: `consumer_lag` of `shop` is `shop_consumer_lag`.
pub(crate) fn name(domain: &str, metric: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    format!("{}_{metric}", domain.replace(|c| !is_name(c), "_"))
}
