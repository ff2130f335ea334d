//! Texts that begin like a command. They are never posted: what was meant for the app is nothing for the others.

use snug_shared::{Nickname, Topic};

/// The keys and commands of the composer, in a sentence. No line breaks after a “/”.
pub(super) const HELP: &str = "Enter sends, Shift+Enter starts a new line, ↑ edits your last message, Esc cancels. \
    “/\u{2060}nick NAME” changes your nickname here. “/\u{2060}topic WORDS” sets the room’s topic.";

/// The meaning of such a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Command {
    /// `/help`
    Help,
    /// `/nick NAME`
    Nick(Nickname),
    /// `/topic WORDS`; without words the room has none any more.
    Topic(Topic),
    /// Nothing that can be done; a sentence for a person.
    Wrong(String),
}

/// The command in a text; none in a path such as `/etc/hosts`, or after a space.
pub(super) fn parse(text: &str) -> Option<Command> {
    let rest = text.strip_prefix('/')?;
    let (word, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    if word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    Some(match word.to_ascii_lowercase().as_str() {
        "help" => Command::Help,
        "nick" if rest.trim().is_empty() => {
            Command::Wrong("Type the nickname as well, for example “/nick Maya”.".into())
        }
        "nick" => match Nickname::parse(rest.trim()) {
            Ok(nickname) => Command::Nick(nickname),
            Err(error) => Command::Wrong(error.to_string()),
        },
        "topic" => match Topic::parse(rest.trim()) {
            Ok(topic) => Command::Topic(topic),
            Err(error) => Command::Wrong(error.to_string()),
        },
        _ => Command::Wrong(format!(
            "There is no command “/{word}”. Put a space before it to send it as text."
        )),
    })
}

#[cfg(test)]
mod tests {
    use super::{super::composer::COMMANDS, *};

    #[test]
    fn commands_are_known_and_others_are_refused_with_the_way_out() {
        assert_eq!(parse("/help"), Some(Command::Help));
        assert_eq!(parse("/HELP me"), Some(Command::Help));
        assert_eq!(parse("/nick  Zoe "), Some(Command::Nick(Nickname::parse("Zoe").unwrap())));
        for text in ["/nick", "/nick a/b", "/shrug", "/tmp"] {
            assert!(matches!(parse(text), Some(Command::Wrong(_))), "{text}");
        }
    }

    #[test]
    fn every_command_that_is_offered_is_known() {
        for command in COMMANDS {
            let text = format!("/{} x", command.word);
            assert!(!matches!(parse(&text), None | Some(Command::Wrong(_))), "{text}");
        }
    }

    #[test]
    fn a_topic_is_set_or_taken_away() {
        assert_eq!(parse("/topic Tea  & cake "), Some(Command::Topic(Topic::parse("Tea  & cake").unwrap())));
        assert_eq!(parse("/topic"), Some(Command::Topic(Topic::default())));
        assert!(matches!(parse(&format!("/topic {}", "x".repeat(201))), Some(Command::Wrong(_))));
    }

    #[test]
    fn paths_fractions_and_texts_after_a_space_are_texts() {
        for text in ["/etc/hosts", "/2 of it", " /help", "//help", "/", "a /help", "/naïve"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
