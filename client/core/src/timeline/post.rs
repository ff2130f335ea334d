//! One message as it is now, and how later entries change it.

use std::{
    collections::{HashMap, VecDeque, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    sync::Arc,
};

use jiff::civil::Date;
use snug_shared::{
    Author, Body, Emoji, Entry, Message, MessageText, Millis, Nickname, Present, Reaction, Seq, limits,
};
use uuid::Uuid;

use crate::{markup::Markup, mention};

/// Different reactions shown on one message; more are counted by nobody.
const REACTIONS: usize = 64;

/// The assumed size of an author of a reaction, and of a reaction itself.
const REACTION_BYTES: usize = 64;

/// Names remembered so that a message costs a pointer for its author instead of two strings.
const PEOPLE: usize = 4_096;

/// Names of several words that are looked for after each `@`.
const SEVERAL_WORDS: usize = 128;

/// Name and author, shared by all messages of one person.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Person {
    pub user: Nickname,
    pub by: Author,
}

#[derive(Debug, Default)]
pub(super) struct PersonCache {
    known: HashMap<u64, Arc<Person>>,
    /// The same by author alone: whoever changed their name is known by the one that was seen last.
    by_author: HashMap<Author, Arc<Person>>,
    /// Those whose names are several words, the latest last; at most [`SEVERAL_WORDS`].
    several_words: VecDeque<Arc<Person>>,
}

impl PersonCache {
    pub fn get(&mut self, entry: &Entry) -> Arc<Person> {
        let mut hasher = DefaultHasher::new();
        (&entry.user, &entry.by).hash(&mut hasher);
        let key = hasher.finish();
        if let Some(person) =
            self.known.get(&key).filter(|person| person.user == entry.user && person.by == entry.by)
        {
            return Arc::clone(person);
        }
        if self.known.len() >= PEOPLE {
            self.known.clear();
            self.by_author.clear();
        }
        let person = Arc::new(Person { user: entry.user.clone(), by: entry.by.clone() });
        let _ = self.known.insert(key, Arc::clone(&person));
        let _ = self.by_author.insert(entry.by.clone(), Arc::clone(&person));
        if mention::is_several_words(person.user.as_str()) {
            if self.several_words.len() >= SEVERAL_WORDS {
                let _ = self.several_words.pop_front();
            }
            self.several_words.push_back(Arc::clone(&person));
        }
        person
    }

    pub fn of_several_words(&self) -> impl Iterator<Item = &Nickname> {
        self.several_words.iter().map(|person| &person.user)
    }

    pub fn nickname(&self, by: &Author) -> Option<&Nickname> {
        self.by_author.get(by).map(|person| &person.user)
    }
}

/// A reaction that was folded in before all that came between it and its message.
#[derive(Debug)]
struct ReactionAhead {
    seq: Seq,
    by: Author,
    emoji: Emoji,
}

#[derive(Debug)]
pub(super) struct Post {
    pub id: Uuid,
    pub at: Millis,
    pub day: Date,
    pub person: Arc<Person>,
    pub text: Option<MessageText>,
    /// The same, read.
    pub markup: Markup,
    pub reply_to: Option<Seq>,
    /// The entry that last edited it; 0 for none.
    pub edited: Seq,
    /// When that was, where the entry itself was seen.
    pub edited_at: Option<Millis>,
    pub reactions: Vec<Reaction>,
    /// Up to here later entries are folded in already.
    as_of: Seq,
    /// Reactions folded in while a part of the history was missing: what the missing part says of them is older.
    reactions_ahead: Vec<ReactionAhead>,
}

impl Post {
    pub fn new(entry: &Entry, message: &Message, day: Date, person: Arc<Person>) -> Self {
        let mut post = Self {
            id: entry.id,
            at: entry.at,
            day,
            person,
            text: None,
            markup: Markup::default(),
            reply_to: message.reply_to,
            edited: 0,
            edited_at: None,
            reactions: Vec::new(),
            as_of: entry.seq,
            reactions_ahead: Vec::new(),
        };
        post.set(message);
        post
    }

    /// The size of its text, of what was read in it, and of its reactions' authors.
    pub fn bytes(&self) -> usize {
        let text = self.text.as_ref().map_or(0, |text| text.as_str().len());
        let authors: usize = self.reactions.iter().map(|reaction| 1 + reaction.by.len()).sum();
        text + self.markup.bytes() + REACTION_BYTES * (authors + self.reactions_ahead.len())
    }

    /// Takes over a later state whole. Right only when nothing after that state was folded in.
    pub fn refresh(&mut self, message: &Message) {
        if message.present.as_ref().is_some_and(|present| present.as_of > self.as_of) {
            self.set(message);
        }
    }

    fn set(&mut self, message: &Message) {
        let present = message.present.clone().unwrap_or_default();
        let Present { as_of, edited, deleted, mut reactions } = present;
        self.say(message.text.clone().filter(|_| !deleted));
        if edited != Some(self.edited) {
            (self.edited, self.edited_at) = (edited.unwrap_or(0), None);
        }
        self.as_of = self.as_of.max(as_of);
        reactions.truncate(REACTIONS);
        self.reactions = if self.text.is_some() { reactions } else { Vec::new() };
        self.reactions_ahead.clear();
    }

    fn say(&mut self, text: Option<MessageText>) {
        if self.text != text {
            self.markup = text.as_ref().map(|text| Markup::parse(text.as_str())).unwrap_or_default();
            self.text = text;
        }
    }

    /// Folds a later entry in. `ahead`: something between this message and that entry is still missing here.
    ///
    /// Entries may come in any order: the latest edit wins by its seq, a deletion stays, and of one person’s reactions the latest
    /// counts.
    pub fn fold(&mut self, entry: &Entry, ahead: bool) {
        let (seq, by, body) = (entry.seq, &entry.by, &entry.body);
        if seq <= self.as_of || self.text.is_none() {
            return;
        }
        match body {
            Body::Edited { text: Some(text), .. } if seq > self.edited => {
                self.say(Some(text.clone()));
                (self.edited, self.edited_at) = (seq, Some(entry.at));
            }
            // An edit without text is of a message that was deleted since.
            Body::Deleted { .. } | Body::Edited { text: None, .. } => {
                self.say(None);
                self.reactions = Vec::new();
                self.reactions_ahead = Vec::new();
            }
            Body::Reacted { emoji, on, .. } => {
                let same = |ahead: &ReactionAhead| ahead.by == *by && ahead.emoji == *emoji;
                let known = self.reactions_ahead.iter().position(same);
                match known {
                    Some(index) if self.reactions_ahead[index].seq > seq => return,
                    Some(index) => self.reactions_ahead[index].seq = seq,
                    None if ahead && self.reactions_ahead.len() < REACTIONS * limits::REACTION_AUTHORS => {
                        self.reactions_ahead.push(ReactionAhead {
                            seq,
                            by: by.clone(),
                            emoji: emoji.clone(),
                        });
                    }
                    None => {}
                }
                self.react(by, emoji, *on);
            }
            Body::Edited { .. } | Body::Message(_) | Body::Topic { .. } | Body::Act(_) => {}
        }
    }

    fn react(&mut self, by: &Author, emoji: &Emoji, on: bool) {
        let found = self.reactions.iter_mut().position(|reaction| reaction.emoji == *emoji);
        match (found, on) {
            (None, true) if self.reactions.len() < REACTIONS => {
                self.reactions.push(Reaction { emoji: emoji.clone(), count: 1, by: vec![by.clone()] });
            }
            (Some(index), true) => {
                let reaction = &mut self.reactions[index];
                if !reaction.by.contains(by) {
                    reaction.count = reaction.count.saturating_add(1);
                    if reaction.by.len() < limits::REACTION_AUTHORS {
                        reaction.by.push(by.clone());
                    }
                }
            }
            (Some(index), false) => {
                let reaction = &mut self.reactions[index];
                let listed = reaction.by.iter().position(|author| author == by);
                if let Some(author) = listed {
                    let _ = reaction.by.remove(author);
                }
                // An author who is not listed was one of those there was no room for.
                if listed.is_some() || reaction.count as usize > reaction.by.len() {
                    reaction.count = reaction.count.saturating_sub(1);
                }
                if reaction.count == 0 {
                    let _ = self.reactions.remove(index);
                }
            }
            (None, _) => {}
        }
    }
}
