//! The W3C trace context: where it comes from, and how it travels in headers.

use std::future::Future;
use std::sync::Arc;

use async_nats::{HeaderMap, HeaderName, HeaderValue};
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::connection::Connection;

/// The header of the trace, as W3C names it.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// The header of what the vendors on the way add.
const TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

tokio::task_local! {
    /// The trace of what is being handled.
    static CURRENT: TraceContext;
}

/// A trace and a span of it, as they travel between services.
#[derive(Clone, Debug, PartialEq)]
pub struct TraceContext(Arc<SpanContext>);

impl TraceContext {
    /// The trace of headers; none where they name none, or not as W3C says.
    pub fn from_headers(headers: &HeaderMap) -> Option<TraceContext> {
        let [parent, state] = find(headers, [TRACEPARENT, TRACESTATE]);
        // Of two nobody knows which is meant.
        let [parent] = parent? else { return None };
        let state = match state {
            Some([one]) => one.as_str().parse().ok(),
            // Many are one list.
            Some(many) => {
                let many: Vec<&str> = many.iter().map(HeaderValue::as_str).collect();
                many.join(",").parse().ok()
            }
            None => None,
        };
        TraceContext::parse(parent.as_str(), state.unwrap_or_default())
    }

    /// The trace of a dead letter: its own, else that of the original.
    pub(crate) fn of_letter(headers: &HeaderMap, originals: &HeaderMap) -> Option<TraceContext> {
        let original = TraceContext::from_headers(originals);
        let Some(own) = TraceContext::from_headers(headers) else { return original };
        // A large dead letter has no room to say again what the vendors said.
        let same = original.filter(|original| original.0.trace_id() == own.0.trace_id());
        let state = match own.0.trace_state() == &TraceState::NONE {
            true => same.map(|original| original.0.trace_state().clone()),
            false => None,
        };
        let Some(state) = state else { return Some(own) };
        Some(TraceContext(Arc::new(SpanContext::new(
            own.0.trace_id(),
            own.0.span_id(),
            own.0.trace_flags(),
            true,
            state,
        ))))
    }

    /// The trace of a span where the service exports it; else of the span around it; else of what is
    /// being handled; else a new one.
    pub fn current(span: &Span) -> TraceContext {
        TraceContext::exported(span)
            .or_else(|| TraceContext::exported(&Span::current()))
            .or_else(|| CURRENT.try_with(TraceContext::child).ok())
            .unwrap_or_else(TraceContext::root)
    }

    /// The trace of a span, where the service exports it.
    pub(crate) fn exported(span: &Span) -> Option<TraceContext> {
        if span.is_disabled() {
            return None;
        }
        let exported = span.context().span().span_context().clone();
        exported.is_valid().then(|| TraceContext(Arc::new(exported)))
    }

    /// A new trace.
    pub fn root() -> TraceContext {
        // A trace id of zeros is none.
        let id = TraceId::from(fastrand::u128(1..));
        let state = TraceState::default();
        TraceContext(Arc::new(SpanContext::new(id, span_id(), TraceFlags::SAMPLED, false, state)))
    }

    /// Another span of the trace.
    #[must_use]
    pub fn child(&self) -> TraceContext {
        let parent = &self.0;
        TraceContext(Arc::new(SpanContext::new(
            parent.trace_id(),
            span_id(),
            parent.trace_flags(),
            false,
            parent.trace_state().clone(),
        )))
    }

    /// 32 lower-case hex digits.
    pub fn trace_id(&self) -> String {
        self.parent().trace_id().to_owned()
    }

    /// 16 lower-case hex digits.
    pub fn span_id(&self) -> String {
        self.parent().span_id().to_owned()
    }

    /// Writes the context into headers.
    pub fn write(&self, headers: &mut HeaderMap) {
        self.write_parent(headers);
        let state = self.0.trace_state().header();
        // OpenTelemetry lets an application put a line's end into it, and a header has none.
        if let (false, Ok(state)) = (state.is_empty(), state.parse::<HeaderValue>()) {
            headers.insert(TRACESTATE, state);
        }
    }

    /// Writes the context without what the vendors say, which may be long.
    pub(crate) fn write_parent(&self, headers: &mut HeaderMap) {
        headers.insert(TRACEPARENT, self.parent().0);
    }

    /// Whether a header is one of those of a trace, in any case.
    pub(crate) fn is_header(name: &str) -> bool {
        [TRACEPARENT, TRACESTATE].iter().any(|ours| name.eq_ignore_ascii_case(ours.as_ref()))
    }

    /// The context as text.
    pub(crate) fn parent(&self) -> Parent {
        let mut text = String::with_capacity(55);
        text.push_str("00-");
        push_hex(&mut text, &self.0.trace_id().to_bytes());
        text.push('-');
        push_hex(&mut text, &self.0.span_id().to_bytes());
        text.push('-');
        push_hex(&mut text, &[self.0.trace_flags().to_u8()]);
        Parent(text)
    }

    /// Makes a span part of this trace, as a child of and linked to the span that it names; it must
    /// not have been entered yet.
    pub(crate) fn adopt(&self, span: &Span) {
        if span.is_disabled() {
            return;
        }
        let parent =
            opentelemetry::Context::new().with_remote_span_context(SpanContext::clone(&self.0));
        // A disabled span has no parent to set.
        let _ = span.set_parent(parent);
        span.add_link(SpanContext::clone(&self.0));
    }

    /// Links a span to this one, and makes it its child unless the service exports a span around it;
    /// as [`TraceContext::adopt`].
    pub(crate) fn lead_to(&self, span: &Span) {
        match TraceContext::exported(&Span::current()) {
            Some(_) => self.link(span),
            None => self.adopt(span),
        }
    }

    /// Links a span to this one.
    pub(crate) fn link(&self, span: &Span) {
        span.add_link(SpanContext::clone(&self.0));
    }

    /// Runs what belongs to this trace.
    pub(crate) fn scope<F: Future>(self, work: F) -> impl Future<Output = F::Output> {
        CURRENT.scope(self, work)
    }

    /// Version 00 is `00-{32 hex}-{16 hex}-{2 hex}`; a later one may go on after that.
    fn parse(text: &str, state: TraceState) -> Option<TraceContext> {
        let text = text.trim();
        let part = |from, to| hex(text.get(from..to)?);
        let (version, trace) = (part(0, 2)?, (part(3, 19)?, part(19, 35)?));
        let (span, flags) = (part(36, 52)?, part(53, 55)?);
        let is_end = match text.get(55..)? {
            "" => true,
            rest => version > 0 && rest.starts_with('-'),
        };
        let is_parted = [2, 35, 52].iter().all(|place| text.as_bytes().get(*place) == Some(&b'-'));
        if !is_parted || !is_end || version == 0xff {
            return None;
        }
        let context = SpanContext::new(
            TraceId::from(u128::from(trace.0) << 64 | u128::from(trace.1)),
            SpanId::from(span),
            // Of the others nobody knows what they mean.
            TraceFlags::new(u8::try_from(flags).ok()?) & TraceFlags::SAMPLED,
            true,
            state,
        );
        context.is_valid().then(|| TraceContext(Arc::new(context)))
    }
}

/// The span of a message that is sent, by the OpenTelemetry conventions. Its id is recorded once it
/// is known.
pub(crate) fn send(connection: &Connection, subject: &str) -> Span {
    let span = tracing::info_span!(
        "send",
        otel.name = format!("send {subject}"),
        otel.kind = "producer",
        otel.status_code = Empty,
        messaging.system = "nats",
        messaging.operation.name = "send",
        messaging.operation.type = "send",
        messaging.destination.name = subject,
        messaging.message.id = Empty,
        server.address = Empty,
        server.port = Empty,
        error.type = Empty,
    );
    name_server(&span, connection);
    span
}

/// Tells a span which server it has to do with, if anybody listens.
pub(crate) fn name_server(span: &Span, connection: &Connection) {
    if !span.is_disabled()
        && let Some((host, port)) = connection.server()
    {
        span.record("server.address", host);
        span.record("server.port", port);
    }
}

/// Tells a span that what it stands for has failed, and the class of the failure.
pub(crate) fn failed(span: &Span, class: &'static str) {
    span.record("error.type", class);
    span.record("otel.status_code", "ERROR");
}

/// The text of the header `traceparent`: `00-{32 hex}-{16 hex}-{2 hex}`.
#[derive(Clone, Debug)]
pub(crate) struct Parent(String);

impl Parent {
    pub(crate) fn trace_id(&self) -> &str {
        self.0.get(3..35).unwrap_or_default()
    }

    pub(crate) fn span_id(&self) -> &str {
        self.0.get(36..52).unwrap_or_default()
    }
}

/// Every event has these digits, and a formatter takes its time.
fn push_hex(text: &mut String, bytes: &[u8]) {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 0xf));
    }
}

/// The number that up to 16 lower-case digits stand for.
fn hex(digits: &str) -> Option<u64> {
    let (mut number, mut all) = (0, 0);
    for digit in digits.bytes() {
        let value = VALUES.get(usize::from(digit)).copied().unwrap_or(NO_DIGIT);
        all |= value;
        number = number << 4 | u64::from(value);
    }
    (all < NO_DIGIT).then_some(number)
}

/// What is no digit, among the [`VALUES`].
const NO_DIGIT: u8 = 0x80;

/// The values of lower-case digits: looked up, for nobody can foretell which are letters, so that a
/// branch would cost more.
const VALUES: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut digits: &[u8] = b"0123456789abcdef";
    let mut value = 0;
    while let [digit, rest @ ..] = digits {
        if let Some((_, [place, ..])) = values.split_at_mut_checked(*digit as usize) {
            *place = value;
        }
        (digits, value) = (rest, value + 1);
    }
    values
};

fn span_id() -> SpanId {
    // A span id of zeros is none.
    SpanId::from(fastrand::u64(1..))
}

/// The values of headers, whatever the case of their names.
fn find<const N: usize>(
    headers: &HeaderMap,
    names: [HeaderName; N],
) -> [Option<&[HeaderValue]>; N] {
    let mut found = [None; N];
    for (other, values) in headers.iter() {
        let other: &str = other.as_ref();
        for (name, found) in names.iter().zip(&mut found) {
            let name: &str = name.as_ref();
            if other == name || (found.is_none() && other.eq_ignore_ascii_case(name)) {
                *found = Some(values.as_slice());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn read(parent: &str) -> Option<TraceContext> {
        let mut headers = HeaderMap::new();
        headers.insert("Traceparent", parent);
        headers.insert("TraceState", "vendor=1");
        TraceContext::from_headers(&headers)
    }

    #[test]
    fn what_is_read_is_written() {
        let context = read(PARENT).unwrap();
        let mut headers = HeaderMap::new();
        context.write(&mut headers);
        assert_eq!(headers.get(TRACEPARENT).unwrap().as_str(), PARENT);
        assert_eq!(headers.get(TRACESTATE).unwrap().as_str(), "vendor=1");
        assert_eq!(context.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(context.span_id(), "00f067aa0ba902b7");
    }

    #[test]
    fn a_child_keeps_the_trace() {
        let context = read(PARENT).unwrap();
        let child = context.child();
        assert_eq!(child.trace_id(), context.trace_id());
        assert_ne!(child.span_id(), context.span_id());
        assert_ne!(TraceContext::root().trace_id(), TraceContext::root().trace_id());
    }

    #[test]
    fn several_states_are_a_list_and_several_parents_none() {
        let mut headers = HeaderMap::new();
        headers.insert("Traceparent", PARENT);
        headers.append("tracestate", "one=1");
        headers.append("tracestate", "two=2,three=3");
        let context = TraceContext::from_headers(&headers).unwrap();
        assert_eq!(context.0.trace_state().header(), "one=1,two=2,three=3");
        headers.append("Traceparent", PARENT);
        assert_eq!(TraceContext::from_headers(&headers), None);
    }

    #[test]
    fn a_state_that_is_no_header_is_not_written() {
        for end in ["\r\n", "\r", "\n"] {
            let state =
                TraceState::from_key_value([("vendor", format!("1{end}Other: 2"))]).unwrap();
            let context = TraceContext::parse(PARENT, state).unwrap();
            let mut headers = HeaderMap::new();
            context.child().write(&mut headers);
            assert_eq!((headers.len(), headers.get(TRACESTATE)), (1, None));
        }
    }

    #[test]
    fn flags_that_nobody_knows_go_no_further() {
        let flags = |text: &str| {
            let context = read(&PARENT.replace("-01", text)).unwrap();
            context.parent().0.split_off(53)
        };
        assert_eq!([flags("-00"), flags("-ff"), flags("-02")], ["00", "01", "00"]);
    }

    #[test]
    fn a_letter_without_a_trace_is_in_that_of_its_original() {
        let headers = |parent: &str, state: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("traceparent", parent);
            headers.insert("tracestate", state);
            headers
        };
        let original = headers(PARENT, "vendor=1");
        let state = |context: TraceContext| (context.span_id(), context.0.trace_state().header());
        let found = TraceContext::of_letter(&HeaderMap::new(), &original).unwrap();
        assert_eq!(state(found), ("00f067aa0ba902b7".to_owned(), "vendor=1".to_owned()));
        let own = PARENT.replace("00f067aa0ba902b7", "00f067aa0ba902b8");
        for (own, other, expected) in [
            (own.clone(), "", "vendor=1"),
            (own.clone(), "vendor=2", "vendor=2"),
            (own.replace("4bf9", "4bfa"), "", ""),
        ] {
            let found = TraceContext::of_letter(&headers(&own, other), &original).unwrap();
            assert_eq!(state(found), ("00f067aa0ba902b8".to_owned(), expected.to_owned()));
        }
    }

    #[test]
    fn what_is_no_context_is_none() {
        let zero_trace = format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32));
        let zero_span = format!("00-4bf92f3577b34da6a3ce929d0e0e4736-{}-01", "0".repeat(16));
        let upper = PARENT.to_uppercase();
        let longer = format!("{PARENT}-extra");
        let later = format!("cc{}", longer.strip_prefix("00").unwrap());
        for text in ["", "trace-abc123", "00", &zero_trace, &zero_span, &upper, &longer] {
            assert_eq!(read(text), None, "{text}");
        }
        assert!(read(&later).is_some());
        assert_eq!(read(&PARENT.replace("00-4", "ff-4")), None);
    }
}
