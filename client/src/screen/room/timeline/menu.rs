//! What can be done with a message, as a menu.

use snug_core::timeline::{Delivery, MessageRow};
use snug_shared::Reaction;

use super::{
    super::{
        Act, Asked, Message, Select,
        picker::{Pick, PickFor},
    },
    Context,
    reaction::{QUICK, is_mine},
};
use crate::widget::Menu;

/// See the [module](self).
pub(super) fn view<'a>(
    asked: Asked,
    message: MessageRow<'a>,
    is_selecting: bool,
    context: &Context<'_>,
) -> Menu<'a, Message> {
    let close = Message::Select(Select::CloseMenu);
    let mut menu = Menu::new(asked.at, close.clone()).by_key(asked.by_key);
    let seq = message.seq.filter(|_| message.delivery == Delivery::Sent);
    if message.is_ignored {
        return menu.item(format!("Stop ignoring {}", message.user), "", ignore(message, false));
    }
    if let Some(seq) = seq.filter(|_| asked.confirms) {
        return menu.danger("Delete for everyone", Message::Act(Act::Delete(seq))).item("Keep", "Esc", close);
    }
    if let Some(seq) = seq.filter(|_| message.text.is_some()) {
        let react = |emoji: &'static str| {
            let is_it = |other: &&Reaction| other.emoji.as_str() == emoji;
            let set = message.reactions.iter().find(is_it);
            let is_set = set.is_some_and(|other| is_mine(other, context.me));
            (emoji, Message::Act(Act::React(seq, emoji.to_owned(), !is_set)))
        };
        let pick = Message::Pick(Pick::Toggle(PickFor::Reaction(seq)));
        menu = menu.strip(QUICK.map(react)).item("Another reaction…", "", pick).line();
    }
    if is_selecting {
        menu = menu.item("Copy selection", "Ctrl+C", Message::Select(Select::Copy));
    }
    if let Some(text) = message.text {
        let keys = if is_selecting { "" } else { "Ctrl+C" };
        menu = menu.item("Copy text", keys, Message::Copy(text.to_owned()));
    }
    if let Some(seq) = message.seq {
        let unread = Message::Act(Act::MarkUnread(seq));
        menu = menu.item("Copy link", "", Message::CopyLink(seq)).item("Mark unread from here", "", unread);
    }
    menu = menu.line();
    if let Some(seq) = seq.filter(|_| message.text.is_some()) {
        menu = menu.item("Reply", "", Message::Act(Act::Reply(seq)));
        if message.own {
            menu = menu
                .item("Edit", "", Message::Act(Act::Edit(seq)))
                .line()
                .danger("Delete…", Message::Select(Select::Confirm(asked)));
        }
    }
    if !message.own {
        menu = menu.line().item(format!("Ignore {}", message.user), "", ignore(message, true));
    }
    if let Delivery::Failed { send, can_retry, .. } = message.delivery {
        menu = menu.line();
        if can_retry {
            menu = menu.item("Retry", "", Message::Act(Act::Retry(send)));
        }
        menu = menu.danger("Delete", Message::Act(Act::Discard(send)));
    }
    menu
}

/// Hides what its author says, or shows it again.
pub(super) fn ignore(message: MessageRow<'_>, on: bool) -> Message {
    Message::Ignore(message.by.clone(), message.user.clone(), on)
}
