//! What may be meant by what was begun to be written: a member after `@`, an emoji after `:`, a command after `/`.

use snug_shared::Nickname;

use crate::emoji;

/// Choices offered at once, at most.
pub const CHOICES: usize = 8;

/// Letters after `:` before emoji are offered, so that `:)` stays what it is.
const EMOJI_LETTERS: usize = 2;

/// The longest beginning of a word that is looked at, in bytes.
const WORD: usize = 128;

/// A command as it is offered: how it is written, and what it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommandHint {
    /// The word after the slash.
    pub word: &'static str,
    /// What is typed after it; may be empty.
    pub argument: &'static str,
    /// What it does.
    pub does: &'static str,
}

/// What may be meant, and which of it would be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// Where in the line the word begins that would be replaced, in bytes.
    pub from: usize,
    /// At least one and at most [`CHOICES`].
    pub choices: Vec<Choice>,
    /// The index of the one that would be taken.
    pub chosen: usize,
}

/// Something that may be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// What is written in place of the word.
    pub text: String,
    /// What is shown.
    pub shown: String,
    /// What is said of it; may be empty.
    pub detail: String,
}

impl Completion {
    /// What may be meant by the word that ends at `column` of `line`.
    pub fn find(
        line: &str,
        column: usize,
        is_first_line: bool,
        people: &[&Nickname],
        commands: &[CommandHint],
    ) -> Option<Self> {
        let before = line.get(..column)?;
        let (from, choices) = of_command(before, commands)
            .filter(|_| is_first_line)
            .or_else(|| of_emoji(before))
            .or_else(|| of_member(before, people))?;
        // What is written in full already is not offered: Enter sends it.
        let is_whole = matches!(&choices[..], [only] if only.text.trim_end() == &before[from..]);
        (!choices.is_empty() && !is_whole).then_some(Self { from, choices, chosen: 0 })
    }

    /// The members whose names begin with the word that ends at `column`, without `@`.
    pub fn name(line: &str, column: usize, is_first_line: bool, people: &[&Nickname]) -> Option<Self> {
        let before = line.get(..column)?;
        let from = before.rfind(char::is_whitespace).map_or(0, |at| at + blank_length(&before[at..]));
        let word = &before[from..];
        let after = if from == 0 && is_first_line { ": " } else { " " };
        let choice =
            |name: &str| Choice { text: format!("{name}{after}"), shown: name.into(), detail: String::new() };
        let choices: Vec<_> = matching(word, people).map(choice).take(CHOICES).collect();
        (!word.is_empty() && !choices.is_empty()).then_some(Self { from, choices, chosen: 0 })
    }

    /// Goes to the next choice, or back.
    pub fn step(&mut self, forward: bool) {
        let count = self.choices.len().max(1);
        self.chosen = if forward { self.chosen + 1 } else { self.chosen + count - 1 } % count;
    }
}

fn blank_length(text: &str) -> usize {
    text.chars().next().map_or(0, char::len_utf8)
}

fn of_command(before: &str, commands: &[CommandHint]) -> Option<(usize, Vec<Choice>)> {
    let word = before.strip_prefix('/')?;
    let meant = commands.iter().filter(|command| command.word.starts_with(&word.to_lowercase()));
    let choice = |command: &CommandHint| Choice {
        text: format!("/{} ", command.word),
        shown: format!("/{} {}", command.word, command.argument).trim_end().to_owned(),
        detail: command.does.to_owned(),
    };
    Some((0, meant.map(choice).take(CHOICES).collect()))
}

fn of_emoji(before: &str) -> Option<(usize, Vec<Choice>)> {
    let from = before.rfind(':')?;
    let code = &before[from + 1..];
    let is_code = code.len() <= WORD && code.chars().all(|c| c.is_alphanumeric() || "_+-".contains(c));
    let begins_word = !before[..from].ends_with(|c: char| c.is_alphanumeric() || c == ':' || c == '/');
    if !is_code || !begins_word || code.chars().count() < EMOJI_LETTERS {
        return None;
    }
    let choice = |emoji: &'static emoji::Known| Choice {
        text: format!("{} ", emoji.as_str()),
        shown: emoji.as_str().to_owned(),
        detail: format!(":{}:", emoji::label(emoji)),
    };
    Some((from, emoji::search(code, CHOICES).into_iter().map(choice).collect()))
}

fn of_member(before: &str, people: &[&Nickname]) -> Option<(usize, Vec<Choice>)> {
    let from = before.rfind('@')?;
    let name = &before[from + 1..];
    let begins_word = !before[..from].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    if !begins_word || name.len() > WORD || name.starts_with(char::is_whitespace) {
        return None;
    }
    let choice = |name: &str| Choice { text: format!("@{name} "), shown: name.into(), detail: String::new() };
    Some((from, matching(name, people).map(choice).take(CHOICES).collect()))
}

/// Names that begin so, whatever the case.
fn matching<'a>(beginning: &str, people: &'a [&Nickname]) -> impl Iterator<Item = &'a str> + use<'a> {
    let beginning = beginning.to_lowercase();
    people.iter().map(|name| name.as_str()).filter(move |name| name.to_lowercase().starts_with(&beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMANDS: [CommandHint; 2] = [
        CommandHint { word: "help", argument: "", does: "Shows keys" },
        CommandHint { word: "nick", argument: "NAME", does: "Changes your nickname" },
    ];

    fn texts(line: &str) -> Vec<String> {
        let names = ["Maya", "maxim", "Zoë Lin"].map(|name| Nickname::parse(name).expect("a name"));
        let people: Vec<_> = names.iter().collect();
        let found = Completion::find(line, line.len(), true, &people, &COMMANDS);
        found.map_or_else(Vec::new, |found| {
            found
                .choices
                .into_iter()
                .map(|choice| format!("{}{}", &line[..found.from], choice.text))
                .collect()
        })
    }

    #[test]
    fn members_are_offered_after_an_at_sign() {
        assert_eq!(texts("hi @ma"), ["hi @Maya ", "hi @maxim "]);
        assert_eq!(texts("@MAY"), ["@Maya "]);
        assert_eq!(texts("@zoë l"), ["@Zoë Lin "]);
        assert_eq!(texts("@").len(), 3);
        for line in ["mail@ma", "@x", "@ ma", "ma", "@Maya", "@Maya hello"] {
            assert!(texts(line).is_empty(), "{line}");
        }
    }

    #[test]
    fn emoji_are_offered_after_two_letters_and_faces_are_left_alone() {
        assert_eq!(texts("so :tada")[0], "so 🎉 ");
        for line in [":", ":D", ":)", ":-)", "10:30", "https://ab", "a:bc", "::ab", ": ab"] {
            assert!(texts(line).is_empty(), "{line}");
        }
    }

    #[test]
    fn commands_are_offered_at_the_beginning_only() {
        assert_eq!(texts("/"), ["/help ", "/nick "]);
        assert_eq!(texts("/N"), ["/nick "]);
        for line in ["a /n", "/nick", "/nick ", "/nick Zoe", "/x", "/etc/ho"] {
            assert!(texts(line).is_empty(), "{line}");
        }
        assert!(Completion::find("/n", 2, false, &[], &COMMANDS).is_none());
    }

    #[test]
    fn tab_completes_a_nickname_and_addresses_it_at_the_beginning() {
        let maya = Nickname::parse("Maya").expect("a name");
        let text = |line: &str| {
            Completion::name(line, line.len(), true, &[&maya]).map(|found| found.choices[0].text.clone())
        };
        assert_eq!(text("ma").as_deref(), Some("Maya: "));
        assert_eq!(text("ask ma").as_deref(), Some("Maya "));
        assert_eq!(text("ask\u{3000}ma").as_deref(), Some("Maya "));
        assert_eq!((text(""), text("ask "), text("x")), (None, None, None));
    }

    #[test]
    fn choices_are_gone_through_in_a_circle_and_are_few() {
        let names: Vec<_> = (0..100).map(|n| Nickname::parse(&format!("n{n}")).expect("a name")).collect();
        let people: Vec<_> = names.iter().collect();
        let mut found = Completion::find("@n", 2, true, &people, &[]).expect("members");
        assert_eq!(found.choices.len(), CHOICES);
        found.step(false);
        assert_eq!(found.chosen, CHOICES - 1);
        found.step(true);
        assert_eq!(found.chosen, 0);
        assert!(Completion::find("é@", 1, true, &people, &[]).is_none(), "a column within a character");
    }
}
