//! The buttons at a message's right edge: all of them where they cover no words, else one that asks for them.

use iced::{
    Center, Element, Fill, Padding,
    widget::{Row as Line, button, container, row as line},
};
use snug_core::timeline::{Delivery, MessageRow};
use snug_shared::{Reaction, Seq};

use super::{
    super::{
        Act, Message,
        picker::{Pick, PickFor},
    },
    Context,
    reaction::{QUICK, is_mine},
};
use crate::{
    icon::Icon,
    theme,
    widget::{Type, ellipsis, hint, icon_button, inherited, label, small, virtual_list::Floating},
};

/// See the [module](self). None for what nothing can be done with yet.
pub(super) fn view<'a>(message: MessageRow<'a>, context: &Context<'_>) -> Option<Floating<'a, Message>> {
    let text = message.text.filter(|_| !message.is_ignored)?;
    let seq = message.seq.filter(|_| message.delivery == Delivery::Sent)?;
    if context.deleting == Some(seq) {
        return Some(Floating { whole: ask_delete(seq), small: None });
    }
    let small = (context.acting != Some(seq)).then(|| {
        let more = label("…", Type::Name).align_x(Center).width(Fill);
        let more = button(container(more).center_y(Fill)).padding(0).width(32).height(32).style(theme::quiet);
        bar(line![hint(more.on_press(Message::Act(Act::More(seq))), "React, reply and more")])
    });
    let act = |glyph, act, what| hint(icon_button(glyph).on_press(Message::Act(act)), what);
    let mut line = line![].extend(reactions(message, seq, context));
    let pick = Message::Pick(Pick::Toggle(PickFor::Reaction(seq)));
    line = line.push(hint(icon_button(Icon::Smile).on_press(pick), "Another reaction"));
    line = line.push(act(Icon::CornerUpLeft, Act::Reply(seq), "Reply"));
    if message.own {
        line = line.push(act(Icon::Pencil, Act::Edit(seq), "Edit"));
    }
    line = line.push(hint(icon_button(Icon::Copy).on_press(Message::Copy(text.to_owned())), "Copy text"));
    if message.own {
        line = line.push(act(Icon::Trash, Act::AskDelete(seq), "Delete"));
    }
    Some(Floating { whole: bar(line.align_y(Center)), small })
}

fn ask_delete<'a>(seq: Seq) -> Element<'a, Message> {
    let ask = line![
        label("Delete for everyone?", Type::Meta),
        small("Delete", theme::danger).on_press(Message::Act(Act::Delete(seq))),
        small("Keep", theme::quiet).on_press(Message::Escape),
    ];
    bar(ask.spacing(6).align_y(Center).padding(Padding::ZERO.left(10)))
}

fn reactions<'a>(
    message: MessageRow<'a>,
    seq: Seq,
    context: &Context<'_>,
) -> impl Iterator<Item = Element<'a, Message>> {
    QUICK.into_iter().map(move |emoji| {
        let is_it = |other: &&Reaction| other.emoji.as_str() == emoji;
        let set = message.reactions.iter().find(is_it).is_some_and(|other| is_mine(other, context.me));
        button(container(ellipsis(emoji, Type::Body, inherited)).center(Fill))
            .padding(0)
            .width(32)
            .height(32)
            .style(theme::plain)
            .on_press(Message::Act(Act::React(seq, emoji.to_owned(), !set)))
            .into()
    })
}

fn bar<'a>(line: Line<'a, Message>) -> Element<'a, Message> {
    container(line).id("message-actions").padding(2).style(theme::actions).into()
}
