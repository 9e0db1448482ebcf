//! Patterns: what every engine reads alike, and what to write instead of the rest.
//!
//! The engines are ECMA-262 with the flag `u`, Python's `re`, Go's RE2 and Rust's `regex`.

use regex_syntax::ast::{
    self, AssertionKind, Ast, ClassPerlKind, ClassSet, ClassSetItem, ErrorKind, GroupKind, Literal,
    LiteralKind, RepetitionKind, RepetitionRange, SpecialLiteralKind, parse::Parser,
};

/// The largest a compiled pattern may be, in bytes.
pub const MAX_COMPILED_BYTES: usize = 256 * 1024;

/// The most repetitions that RE2 takes, nested ones multiplied.
const MAX_REPEAT: u64 = 1000;

/// What is wrong with a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What kind of fault.
    pub kind: FaultKind,
    /// The first byte of what is wrong, in the pattern.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// What is wrong, as a fragment.
    pub message: String,
    /// What to write instead.
    pub help: String,
}

/// What kind of fault a [`Fault`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// It is no regular expression, or a huge one.
    Invalid,
    /// It does not begin with `^` and end with `$`.
    Unanchored,
    /// Engines read it differently.
    NotPortable,
}

/// Everything that is wrong with a pattern, in the order of the text.
pub fn faults(pattern: &str) -> Vec<Fault> {
    let mut faults = faults_of_syntax(pattern);
    if faults.iter().all(|fault| fault.kind == FaultKind::Unanchored)
        && let Err(error) = compile(pattern)
    {
        faults.push(error);
    }
    faults
}

/// What is wrong with a pattern that is seen without compiling it, in the order of the text.
pub fn faults_of_syntax(pattern: &str) -> Vec<Fault> {
    let tree = match Parser::new().parse(pattern) {
        Ok(tree) => tree,
        Err(error) => return vec![syntax_fault(&error)],
    };
    let mut walk = Walk { pattern, faults: Vec::new() };
    walk.root(&tree);
    walk.faults
}

/// Whether nothing is wrong with a pattern.
pub fn is_sound(pattern: &str) -> bool {
    faults(pattern).is_empty()
}

/// The pattern for Rust's `regex`, where `\d` would be the digits of all scripts: `[0-9]`.
///
/// Of a pattern that [`faults`] finds something wrong with, the pattern itself.
pub fn to_rust(pattern: &str) -> String {
    match Parser::new().parse(pattern) {
        Ok(tree) => with_ascii_digits(pattern, &tree),
        Err(_) => pattern.to_owned(),
    }
}

fn with_ascii_digits(pattern: &str, tree: &Ast) -> String {
    let mut digits = Vec::new();
    collect_digits(tree, &mut digits);
    let mut text = String::with_capacity(pattern.len());
    let mut at = 0;
    for (start, end, negated) in digits {
        text.push_str(pattern.get(at..start).unwrap_or_default());
        text.push_str(if negated { "[^0-9]" } else { "[0-9]" });
        at = end;
    }
    text.push_str(pattern.get(at..).unwrap_or_default());
    text
}

fn collect_digits(tree: &Ast, digits: &mut Vec<(usize, usize, bool)>) {
    match tree {
        Ast::ClassPerl(class) => push_digit(class, digits),
        Ast::ClassBracketed(class) => {
            if let ClassSet::Item(item) = &class.kind {
                for item in items(item) {
                    if let ClassSetItem::Perl(class) = item {
                        push_digit(class, digits);
                    }
                }
            }
        }
        Ast::Repetition(repetition) => collect_digits(&repetition.ast, digits),
        Ast::Group(group) => collect_digits(&group.ast, digits),
        Ast::Alternation(parts) => parts.asts.iter().for_each(|ast| collect_digits(ast, digits)),
        Ast::Concat(parts) => parts.asts.iter().for_each(|ast| collect_digits(ast, digits)),
        _ => {}
    }
}

fn push_digit(class: &ast::ClassPerl, digits: &mut Vec<(usize, usize, bool)>) {
    if class.kind == ClassPerlKind::Digit {
        digits.push((class.span.start.offset, class.span.end.offset, class.negated));
    }
}

fn items(item: &ClassSetItem) -> &[ClassSetItem] {
    match item {
        ClassSetItem::Union(union) => &union.items,
        _ => std::slice::from_ref(item),
    }
}

fn compile(pattern: &str) -> Result<(), Fault> {
    let built = regex::RegexBuilder::new(&to_rust(pattern)).size_limit(MAX_COMPILED_BYTES).build();
    let message = match built {
        Ok(_) => return Ok(()),
        Err(regex::Error::CompiledTooBig(_)) => "this pattern is too large once it is compiled",
        Err(_) => "this pattern is no regular expression",
    };
    Err(Fault {
        kind: FaultKind::Invalid,
        start: 0,
        end: pattern.len(),
        message: message.to_owned(),
        help: "repeat less: check the length by `maxLength`, and the characters by the pattern"
            .to_owned(),
    })
}

/// Look-around, back-references and foreign escapes are no Rust but some other engine's.
fn syntax_fault(error: &ast::Error) -> Fault {
    let foreign = match error.kind() {
        ErrorKind::UnsupportedLookAround => {
            Some(("look-around is not in every engine", "write what the text is, without looking"))
        }
        ErrorKind::UnsupportedBackreference => Some((
            "back-references and octal escapes are not in every engine",
            "write the characters themselves",
        )),
        ErrorKind::RepetitionCountDecimalEmpty => Some((QUANTIFIER, QUANTIFIER_HELP)),
        ErrorKind::EscapeUnrecognized
        | ErrorKind::ClassEscapeInvalid
        | ErrorKind::EscapeHexEmpty
        | ErrorKind::EscapeHexInvalid
        | ErrorKind::EscapeHexInvalidDigit
        | ErrorKind::SpecialWordBoundaryUnclosed
        | ErrorKind::SpecialWordBoundaryUnrecognized
        | ErrorKind::SpecialWordOrRepetitionUnexpectedEof
        | ErrorKind::UnicodeClassInvalid => Some((ESCAPE, ESCAPE_HELP)),
        ErrorKind::FlagDanglingNegation
        | ErrorKind::FlagDuplicate { .. }
        | ErrorKind::FlagRepeatedNegation { .. }
        | ErrorKind::FlagUnexpectedEof
        | ErrorKind::FlagUnrecognized => Some((FLAGS, GROUP_HELP)),
        ErrorKind::GroupNameDuplicate { .. }
        | ErrorKind::GroupNameEmpty
        | ErrorKind::GroupNameInvalid
        | ErrorKind::GroupNameUnexpectedEof => Some((NAMED, GROUP_HELP)),
        _ => None,
    };
    let (kind, message, help) = match foreign {
        Some((message, help)) => (FaultKind::NotPortable, message.to_owned(), help.to_owned()),
        None => (
            FaultKind::Invalid,
            format!("this is no regular expression: {}", error.kind()),
            "mend it; a character that means something is escaped by `\\`".to_owned(),
        ),
    };
    let (start, mut end) = (error.span().start.offset, error.span().end.offset);
    if start == end {
        let next = error.pattern().get(start..).and_then(|rest| rest.chars().next());
        end += next.map_or(0, char::len_utf8);
    }
    Fault { kind, start, end, message, help }
}

const ESCAPE: &str = "this escape is not read alike by every engine";
const ESCAPE_HELP: &str = "write the character itself; only `\\d`, `\\D`, `\\t`, `\\n`, `\\r` and \
                           escaped punctuation such as `\\.` are read alike";
const QUANTIFIER: &str = "this quantifier is not read alike by every engine";
const QUANTIFIER_HELP: &str = "write `{n}`, `{m,n}` or `{m,}`, without spaces and leading zeros";
const FLAGS: &str = "inline flags are not read alike by every engine";
const NAMED: &str = "named groups are not written alike in every engine";
const GROUP_HELP: &str = "write `(?:...)`, and both cases as a class such as `[Aa]`";

struct Walk<'a> {
    pattern: &'a str,
    faults: Vec<Fault>,
}

impl Walk<'_> {
    fn fault(&mut self, span: &ast::Span, message: impl Into<String>, help: impl Into<String>) {
        self.faults.push(Fault {
            kind: FaultKind::NotPortable,
            start: span.start.offset,
            end: span.end.offset,
            message: message.into(),
            help: help.into(),
        });
    }

    fn root(&mut self, tree: &Ast) {
        let parts = match tree {
            Ast::Concat(concat) => concat.asts.as_slice(),
            other => std::slice::from_ref(other),
        };
        if let [first, middle @ .., last] = parts
            && is_assertion(first, &AssertionKind::StartLine)
            && is_assertion(last, &AssertionKind::EndLine)
        {
            middle.iter().for_each(|part| self.ast(part, 1, true));
            return;
        }
        let help = match tree {
            Ast::Alternation(branches) => {
                let bare = |branch: &Ast| {
                    let span = branch.span();
                    let text = self.pattern.get(span.start.offset..span.end.offset);
                    bare(text.unwrap_or_default()).to_owned()
                };
                let branches: Vec<String> = branches.asts.iter().map(bare).collect();
                format!("write `^(?:{})$`", branches.join("|"))
            }
            _ => "write `^` at its beginning and `$` at its end".to_owned(),
        };
        self.faults.push(Fault {
            kind: FaultKind::Unanchored,
            start: 0,
            end: self.pattern.len(),
            message: "this pattern does not begin with `^` and end with `$` as a whole".to_owned(),
            help,
        });
        self.ast(tree, 1, false);
    }

    /// `repeat` is how often what holds this is repeated; `anchors` says whether `^` and `$` are
    /// reported, which they are not where the pattern is not anchored as a whole.
    fn ast(&mut self, tree: &Ast, repeat: u64, anchors: bool) {
        match tree {
            Ast::Empty(_) => {}
            Ast::Flags(flags) => self.fault(&flags.span, FLAGS, GROUP_HELP),
            Ast::Literal(literal) => self.literal(literal, false),
            Ast::Dot(span) => self.fault(
                span,
                "`.` takes other characters in every engine",
                "write the characters that may stand here, such as `[ -~]`, or `[^\\n]` for any \
                 but a line feed",
            ),
            Ast::Assertion(assertion) => match assertion.kind {
                AssertionKind::StartLine | AssertionKind::EndLine if !anchors => {}
                AssertionKind::StartLine | AssertionKind::EndLine => self.fault(
                    &assertion.span,
                    "an anchor stands in the middle of the pattern",
                    "write `^` first and `$` last only: `^(?:...)$`",
                ),
                AssertionKind::StartText | AssertionKind::EndText => self.fault(
                    &assertion.span,
                    "`\\A` and `\\z` are not in every engine",
                    "write `^` and `$`",
                ),
                _ => self.fault(
                    &assertion.span,
                    "a word boundary depends on what an engine takes for a word",
                    "write the characters that stand on both sides",
                ),
            },
            Ast::ClassUnicode(class) => self.unicode(&class.span),
            Ast::ClassPerl(class) => self.perl(class),
            Ast::ClassBracketed(class) => match &class.kind {
                ClassSet::Item(item) => self.class(item),
                ClassSet::BinaryOp(op) => self.fault(
                    &op.span,
                    "`&&`, `--` and `~~` compute classes in some engines only",
                    "write the characters of the class one by one, or as ranges",
                ),
            },
            Ast::Repetition(repetition) => self.repetition(repetition, repeat, anchors),
            Ast::Group(group) => {
                match &group.kind {
                    GroupKind::CaptureIndex(_) => {}
                    GroupKind::CaptureName { name, .. } => {
                        self.fault(&name.span, NAMED, GROUP_HELP);
                    }
                    GroupKind::NonCapturing(flags) if flags.items.is_empty() => {}
                    GroupKind::NonCapturing(flags) => self.fault(&flags.span, FLAGS, GROUP_HELP),
                }
                self.ast(&group.ast, repeat, anchors);
            }
            Ast::Alternation(parts) => {
                parts.asts.iter().for_each(|part| self.ast(part, repeat, anchors));
            }
            Ast::Concat(parts) => {
                parts.asts.iter().for_each(|part| self.ast(part, repeat, anchors));
            }
        }
    }

    fn repetition(&mut self, repetition: &ast::Repetition, repeat: u64, anchors: bool) {
        let op = &repetition.op;
        if matches!(*repetition.ast, Ast::Repetition(_)) {
            self.fault(
                &op.span,
                "a quantifier stands on a quantifier, which some engines read as possessive",
                "write one quantifier, or a group: `(?:a+)*`",
            );
        }
        let most = match &op.kind {
            RepetitionKind::ZeroOrOne | RepetitionKind::ZeroOrMore | RepetitionKind::OneOrMore => 1,
            RepetitionKind::Range(RepetitionRange::Exactly(most)) => *most,
            RepetitionKind::Range(RepetitionRange::AtLeast(most)) => *most,
            RepetitionKind::Range(RepetitionRange::Bounded(_, most)) => *most,
        };
        if let RepetitionKind::Range(_) = op.kind {
            let text = self.pattern.get(op.span.start.offset..op.span.end.offset);
            let inner = text.unwrap_or_default().trim_end_matches('?');
            let inner = inner.trim_start_matches('{').trim_end_matches('}');
            let plain = inner.split(',').enumerate().all(|(at, number)| {
                number.bytes().all(|byte| byte.is_ascii_digit())
                    && (number.len() == 1 || !number.starts_with('0'))
                    && (at > 0 || !number.is_empty())
            });
            if !plain {
                self.fault(&op.span, QUANTIFIER, QUANTIFIER_HELP);
                return;
            }
        }
        let repeat = repeat.saturating_mul(u64::from(most.max(1)));
        if repeat > MAX_REPEAT {
            let help = "check the length by `maxLength`, and the characters by the pattern";
            self.fault(&op.span, "some engines repeat at most 1000 times", help);
            return;
        }
        self.ast(&repetition.ast, repeat, anchors);
    }

    fn class(&mut self, item: &ClassSetItem) {
        let items = items(item);
        for (at, item) in items.iter().enumerate() {
            let is_edge = at == 0 || at + 1 == items.len();
            match item {
                ClassSetItem::Empty(_) => {}
                ClassSetItem::Literal(literal) => {
                    let lone = literal.kind == LiteralKind::Verbatim && literal.c == '-';
                    let repeated = at.checked_sub(1).and_then(|before| items.get(before));
                    if lone && !is_edge {
                        let message = "a `-` in the middle of a class is not read alike";
                        self.fault(&literal.span, message, "write `\\-`");
                    } else if literal.c == '|' && is_verbatim(repeated, '|') {
                        let message = "`||` in a class is not read alike by every engine";
                        self.fault(&literal.span, message, "write `|` once");
                    } else {
                        self.literal(literal, true);
                    }
                }
                ClassSetItem::Range(range) => {
                    self.literal(&range.start, true);
                    self.literal(&range.end, true);
                }
                ClassSetItem::Ascii(class) => self.fault(
                    &class.span,
                    "POSIX classes are not in every engine",
                    "write the characters, such as `[0-9A-Za-z]`",
                ),
                ClassSetItem::Unicode(class) => self.unicode(&class.span),
                ClassSetItem::Perl(class) => self.perl(class),
                ClassSetItem::Bracketed(class) => self.fault(
                    &class.span,
                    "a class inside a class is not read alike by every engine",
                    "write all characters in one class, and `\\[` for the bracket itself",
                ),
                ClassSetItem::Union(_) => {}
            }
        }
    }

    fn unicode(&mut self, span: &ast::Span) {
        self.fault(
            span,
            "`\\p` depends on an engine's Unicode tables",
            "write the characters, such as `[A-Za-z]`",
        );
    }

    fn perl(&mut self, class: &ast::ClassPerl) {
        let (name, help) = match (&class.kind, class.negated) {
            (ClassPerlKind::Digit, _) => return,
            (ClassPerlKind::Space, false) => ("\\s", "write `[ \\t\\n\\r]`"),
            (ClassPerlKind::Space, true) => ("\\S", "write `[^ \\t\\n\\r]`"),
            (ClassPerlKind::Word, false) => ("\\w", "write `[0-9A-Za-z_]`"),
            (ClassPerlKind::Word, true) => ("\\W", "write `[^0-9A-Za-z_]`"),
        };
        let message = format!("`{name}` takes other characters in every engine");
        self.fault(&class.span, message, help);
    }

    fn literal(&mut self, literal: &Literal, in_class: bool) {
        let c = literal.c;
        match &literal.kind {
            LiteralKind::Verbatim if matches!(c, ']' | '[') || !in_class && "{}".contains(c) => {
                let message = format!("a bare `{c}` is not read alike by every engine");
                self.fault(&literal.span, message, format!("write `\\{c}`"));
            }
            LiteralKind::Verbatim => {}
            LiteralKind::Meta | LiteralKind::Superfluous => {
                let escapes = if in_class { "^$\\.*+?()[]{}|/-" } else { "^$\\.*+?()[]{}|/" };
                if !escapes.contains(c) {
                    let message = format!("`\\{c}` is no escape in every engine");
                    self.fault(&literal.span, message, format!("write `{c}`"));
                }
            }
            LiteralKind::Special(
                SpecialLiteralKind::Tab
                | SpecialLiteralKind::LineFeed
                | SpecialLiteralKind::CarriageReturn,
            ) => {}
            _ => self.fault(&literal.span, ESCAPE, ESCAPE_HELP),
        }
    }
}

fn is_verbatim(item: Option<&ClassSetItem>, c: char) -> bool {
    matches!(item, Some(ClassSetItem::Literal(literal)) if literal.c == c)
}

fn is_assertion(tree: &Ast, kind: &AssertionKind) -> bool {
    matches!(tree, Ast::Assertion(assertion) if assertion.kind == *kind)
}

/// The branches of an alternation without the anchors at its two ends.
fn bare(pattern: &str) -> &str {
    let pattern = pattern.strip_prefix('^').unwrap_or(pattern);
    pattern.strip_suffix('$').unwrap_or(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(pattern: &str) -> Vec<FaultKind> {
        faults(pattern).into_iter().map(|fault| fault.kind).collect()
    }

    #[test]
    fn what_all_engines_read_alike_passes() {
        for pattern in [
            "^$",
            r"^\d+\.\d+$",
            "^[a-z][a-z0-9_]{0,63}$",
            "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
            r"^(a|b\D)[^\d\-\]x]{2,}?$",
            r"^\t\r\n\/\\[a-][-a][a^]$",
            "^é[à-ü]$",
            "^(?:(?:a{10}){10}){10}$",
        ] {
            assert_eq!(faults(pattern), [], "{pattern}");
        }
    }

    #[test]
    fn what_engines_read_differently_is_refused() {
        for pattern in [
            "^.$",
            r"^\w$",
            r"^\S$",
            r"^[\s]$",
            r"^a\b$",
            r"^\p{L}$",
            r"^[\pL]$",
            "^[a&&b]$",
            "^[a--b]$",
            "^[a~~b]$",
            "^[a[b]]$",
            "^[[:alpha:]]$",
            "^(?i)a$",
            "^(?i:a)$",
            "^(?<n>a)$",
            "^(?P<n>a)$",
            "^(?=a)b$",
            r"^(a)\1$",
            r"^\Aa$",
            r"^a\z$",
            "^a*+$",
            "^a{2}{3}$",
            "^a{,3}$",
            "^a{$",
            "^a{ 2 }$",
            "^a{02}$",
            "^a{1001}$",
            "^(?:a{40}){40}$",
            r"^\x41$",
            r"^\u0041$",
            r"^\a$",
            r"^\-$",
            r"^\@$",
            r"^\c$",
            "^[]a]$",
            "^a]$",
            "^a}$",
            "^[a-c-e]$",
            "^[a||b]$",
            "^(?:^a)$",
            "^a$b$",
            "^(?>a)$",
        ] {
            assert_eq!(kinds(pattern), [FaultKind::NotPortable], "{pattern}");
        }
    }

    #[test]
    fn a_pattern_holds_the_whole_text() {
        for pattern in ["", "a", "^a", "a$", "^a|b$", "^", "(^a$)", "a|b"] {
            assert_eq!(kinds(pattern), [FaultKind::Unanchored], "{pattern}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        let deep = format!("^{}a{}$", "(".repeat(5000), ")".repeat(5000));
        for pattern in ["^(a$", "^a)$", "^[a$", "^[]$", "^a{3,2}$", "^[b-a]$", &deep] {
            assert_eq!(kinds(pattern), [FaultKind::Invalid], "{pattern}");
        }
        assert_eq!(kinds("^(?:[^a]{100}){10}$"), [FaultKind::Invalid]);
    }

    #[test]
    fn digits_are_ascii() {
        assert_eq!(to_rust(r"^\d[\d\D_]\D$"), "^[0-9][[0-9][^0-9]_][^0-9]$");
        assert_eq!(to_rust(r"^\\d[^\D]$"), r"^\\d[^[^0-9]]$");
        assert!(!regex::Regex::new(&to_rust(r"^\d$")).unwrap().is_match("٣"));
    }
}
