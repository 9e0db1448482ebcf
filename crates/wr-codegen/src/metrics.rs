//! The names of the runtime's metrics, as alerts and the dashboard ask for them.

/// The name of a metric of a domain: `consumer_lag` of `shop` is `shop_consumer_lag`.
pub(crate) fn name(domain: &str, metric: &str) -> String {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    format!("{}_{metric}", domain.replace(|c| !is_name(c), "_"))
}

/// How much a counter rose in a while. Series begin at 0 with their process; one that has risen
/// before it was scraped for the first time begins above 0, which `increase` alone does not see. One
/// that was merely not scraped for some hours has not begun.
pub(crate) fn risen(counter: &str, by: &str, over: &str) -> String {
    format!(
        "sum by ({by}) (increase({counter}[{over}]) > 0 or {counter} unless \
         last_over_time({counter}[1d] offset {over}))"
    )
}
