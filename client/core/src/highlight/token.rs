//! What a word of code is: the few classes that have a colour, and which of a grammar's scopes belong to them.

/// What a word of code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Token {
    /// Nothing of the others.
    Plain,
    /// A remark for people.
    Comment,
    /// A text within the code; a line that a patch adds.
    Text,
    /// A number, or another constant.
    Number,
    /// A word of the language; a line that a patch takes away.
    Keyword,
    /// The name of a function, a type, a tag, a key.
    Name,
}

/// Scopes by how they begin, as TextMate's conventions name them; longer beginnings first. A scope that is not here says nothing,
/// and the one around it is asked.
const CLASSES: [(&str, Token); 39] = [
    ("comment", Token::Comment),
    ("constant.character.escape", Token::Text),
    ("constant.character", Token::Text),
    ("constant.other.symbol", Token::Text),
    ("constant", Token::Number),
    ("support.constant", Token::Number),
    ("string.unquoted.plain", Token::Plain),
    ("string.unquoted.argument", Token::Plain),
    ("string", Token::Text),
    ("markup.inserted", Token::Text),
    ("markup.inline.raw", Token::Text),
    ("markup.fenced_code", Token::Text),
    ("markup.deleted", Token::Keyword),
    ("markup.heading", Token::Name),
    ("markup.underline.link", Token::Name),
    ("meta.diff", Token::Name),
    ("keyword", Token::Keyword),
    ("storage", Token::Keyword),
    ("variable.language", Token::Keyword),
    ("entity.name.type.numeric", Token::Keyword),
    ("entity.name.type.primitive", Token::Keyword),
    ("entity.name", Token::Name),
    ("entity.other.attribute-name", Token::Name),
    ("entity.other.inherited-class", Token::Name),
    ("support.function", Token::Name),
    ("support.type.primitive", Token::Keyword),
    ("support.type", Token::Name),
    ("support.class", Token::Name),
    ("support", Token::Name),
    ("variable.object.property", Token::Name),
    ("variable.other.property.ts", Token::Plain),
    ("variable", Token::Plain),
    ("meta.embedded", Token::Plain),
    ("meta.template.expression", Token::Plain),
    ("meta.interpolation", Token::Plain),
    ("meta.fstring", Token::Plain),
    ("invalid", Token::Plain),
    ("source", Token::Plain),
    ("text", Token::Plain),
];

impl Token {
    /// A word in these scopes, the outermost first.
    pub(super) fn of<'a>(word: &str, scopes: impl Iterator<Item = &'a str>) -> Self {
        let scopes: Vec<&str> = scopes.collect();
        let known = scopes.iter().rev().find_map(|scope| Self::of_scope(word, scope));
        known.unwrap_or(Self::Plain)
    }

    fn of_scope(word: &str, scope: &str) -> Option<Self> {
        // Signs stay as they are; `and`, `new` and `sizeof` are words like others.
        if is_within(scope, "keyword.operator") && !word.contains(char::is_alphabetic) {
            return Some(Self::Plain);
        }
        // Java and C call every type this.
        if is_within(scope, "storage.type") && word.starts_with(|c: char| c.is_ascii_uppercase()) {
            return Some(Self::Name);
        }
        let class = CLASSES.iter().find(|(prefix, _)| is_within(scope, prefix));
        class.map(|(_, token)| *token)
    }
}

/// Whether a scope is this one, or one of those within it.
fn is_within(scope: &str, prefix: &str) -> bool {
    scope.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
