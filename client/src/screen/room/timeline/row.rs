//! One row of the timeline: a message, a day, a gap.

use iced::{
    Center, Element, Fill, Font, Padding, Rectangle, Shrink,
    advanced::text::Wrapping,
    widget::{Row as Line, button, column, container, rich_text, row, rule, space, span, text},
};
use snug_core::{
    format::{self, Run},
    mention,
    timeline::{Delivery, HoleReason, MessageRow, Quote, Row},
};
use snug_shared::{Millis, Reaction};

use super::{
    super::{Act, Go, Message, Part, columns::Columns},
    Context, body, menu,
    reaction::is_mine,
};
use crate::{
    font,
    icon::{Icon, icon},
    theme,
    widget::{
        Type, clipped, ellipsis, ellipsis_beside, hint, inherited, label, nothing, small, tile,
        virtual_list::Beside,
    },
};

const TILE: f32 = 36.0;
/// The width of the time beside a name.
const TIME: f32 = 48.0;
/// The width of “automated” beside a name.
const AUTOMATED: f32 = 76.0;
/// The bar at the left of a message that speaks to the reader.
const BAR: f32 = 3.0;
/// How much of a quoted message is shown.
const QUOTE: usize = 120;

/// See the [module](self).
pub(super) fn view<'a>(row: Row<'a>, context: &Context<'_>) -> Element<'a, Message> {
    match row {
        Row::Beginning => aside(format!("This is where {} begins.", context.room), context),
        Row::Day(day) => {
            let today = jiff::Timestamp::from_millisecond(context.look.now)
                .map(|now| now.to_zoned(context.look.zone.clone()).date())
                .unwrap_or(day);
            divider(format::day(day, today), theme::muted, theme::hairline, context)
        }
        Row::Unread => divider("New messages".into(), theme::accented, theme::unread_line, context),
        Row::Hole { reason } => aside(hole(reason).to_owned(), context),
        Row::Damaged => {
            aside("Something here can’t be read: it’s damaged on the server’s disk.".to_owned(), context)
        }
        Row::Topic { user, topic, .. } => {
            let what = if topic.is_empty() {
                format!("{user} removed the topic.")
            } else {
                format!("{user} set the topic: {topic}")
            };
            aside(what, context)
        }
        Row::Message(message) => self::message(message, context),
    }
}

const fn hole(reason: HoleReason) -> &'static str {
    match reason {
        HoleReason::Missed => "Loading the messages in between…",
        HoleReason::Lost => "The server no longer keeps the messages that were here.",
        HoleReason::Anew => {
            "The server has started a new history. Messages above this line are from the old one."
        }
    }
}

fn aside<'a>(sentence: String, context: &Context<'_>) -> Element<'a, Message> {
    let inset = context.column.inset;
    container(self::sentence(&sentence))
        .padding(Padding { top: 8.0, right: inset + 24.0, bottom: 8.0, left: inset + Columns::GUTTER })
        .into()
}

fn divider<'a>(
    words: String,
    ink: fn(&iced::Theme) -> text::Style,
    line: fn(&iced::Theme) -> rule::Style,
    context: &Context<'_>,
) -> Element<'a, Message> {
    let inset = context.column.inset;
    row![
        rule::horizontal(1).style(line),
        label(words, Type::Label).style(ink),
        rule::horizontal(1).style(line),
    ]
    .spacing(12)
    .align_y(Center)
    .padding(Padding { top: 14.0, right: inset + 20.0, bottom: 6.0, left: inset + 16.0 })
    .into()
}

fn message<'a>(message: MessageRow<'a>, context: &Context<'_>) -> Element<'a, Message> {
    if message.is_ignored {
        return hidden(message, context);
    }
    let who = message.user.as_str();
    let head = message.starts_group.then(|| {
        let (mark, beside) = if message.is_automated() {
            (Some(label("automated", Type::Meta).style(theme::muted)), AUTOMATED + TIME)
        } else {
            (None, TIME)
        };
        row![ellipsis_beside(who, Type::Name, theme::member(who), beside)]
            .push(mark)
            .push(label(format::clock(message.at, &context.look.zone), Type::Meta).style(theme::muted))
            .spacing(8)
            .align_y(Center)
    });
    let column = column![]
        .push(head)
        // A message that was deleted says nothing any more, to nobody.
        .push(message.reply.filter(|_| message.text.is_some()).map(quote))
        .push(body::view(&message, context))
        .push((!message.reactions.is_empty()).then(|| reactions(&message, context)));
    let column = column.push(delivery(&message)).spacing(2).max_width(Columns::LINE);
    let face: Element<'a, Message> =
        if message.starts_group { tile(who, TILE) } else { space::horizontal().width(TILE).into() };
    let top = if message.starts_group { 10.0 } else { 1.0 };
    let inset = context.column.inset;
    let line = row![face, container(column).width(Fill)].spacing(12);
    if !speaks_to_reader(&message, context) {
        return line
            .padding(Padding { top, right: inset + Columns::BUTTON, bottom: 3.0, left: inset + 16.0 })
            .into();
    }
    // The bar takes its place from the space before the tile, so that nothing stands elsewhere than in other rows.
    let bar = rule::vertical(BAR).style(theme::mention_bar);
    // All of the row is tinted, so that the next one of the group leaves no gap.
    let words =
        line.padding(Padding { top: top + 1.0, right: Columns::BUTTON, bottom: 4.0, left: 16.0 - BAR });
    let line = row![bar, words].height(Shrink);
    let line = container(line).style(theme::mentioned);
    container(line).padding([0.0, inset]).into()
}

/// Whether somebody else speaks to the reader by name.
fn speaks_to_reader(message: &MessageRow<'_>, context: &Context<'_>) -> bool {
    !message.own && message.text.is_some_and(|text| mention::is_mentioned(text, context.nickname))
}

/// The time that is shown in place of a tile while the pointer is on the row.
pub(super) fn time_beside(at: Millis, part: Part<'_>) -> Beside {
    let kind = Type::Meta;
    Beside {
        words: format::clock(at, &part.look.zone),
        size: 11.0,
        // On the line of the words, whose row begins a pixel above them.
        place: Rectangle { x: part.column().inset + 16.0, y: 1.0, width: TILE, height: 22.0 },
        font: kind.font(),
        color: theme::muted,
    }
}

/// In place of what somebody says who is ignored: a line for a group of messages.
fn hidden<'a>(message: MessageRow<'a>, context: &Context<'_>) -> Element<'a, Message> {
    if !message.starts_group {
        return nothing();
    }
    let sentence = label(format!("{} is ignored.", message.user), Type::Meta).style(theme::muted);
    let show = small("Show", theme::link).padding([0, 0]).on_press(menu::ignore(message, false));
    let left = context.column.inset + Columns::GUTTER;
    row![sentence, show].spacing(8).padding(Padding { top: 8.0, right: 24.0, bottom: 2.0, left }).into()
}

/// A sentence with somebody else's words in it, with emoji in colour.
fn sentence<'a>(content: &str) -> Element<'a, Message> {
    let content = &*format::expand_tabs(content);
    if content.is_ascii() {
        return label(content.to_owned(), Type::Meta)
            .wrapping(Wrapping::WordOrGlyph)
            .style(theme::muted)
            .into();
    }
    let spans: Vec<text::Span<'a, (), Font>> = format::runs(content)
        .into_iter()
        .map(|run| match run {
            Run::Words(words) => span(words.to_owned()),
            Run::Emoji(emoji) => span(emoji.to_owned()).font(font::EMOJI),
        })
        .collect();
    rich_text(spans)
        .size(Type::Meta.size())
        .line_height(Type::Meta.line_height())
        .font(Type::Meta.font())
        .wrapping(Wrapping::WordOrGlyph)
        .style(theme::muted)
        .into()
}

fn quote<'a>(quote: Quote<'a>) -> Element<'a, Message> {
    let what: Element<'a, Message> = match (quote.user, quote.beginning(QUOTE)) {
        (Some(user), Some(said)) => row![
            ellipsis(user.as_str(), Type::Label, theme::member(user.as_str())),
            ellipsis(said, Type::Meta, theme::muted),
        ]
        .spacing(6)
        .into(),
        (Some(_), None) => label("A deleted message", Type::Meta).style(theme::muted).into(),
        _ => label("An earlier message", Type::Meta).style(theme::muted).into(),
    };
    let bar = container(space::vertical()).width(3).height(18).style(theme::quote);
    button(row![bar, clipped(what, Fill)].spacing(8))
        .padding([1, 0])
        .style(theme::link)
        .on_press(Message::Go(Go::To(quote.seq)))
        .into()
}

fn reactions<'a>(message: &MessageRow<'a>, context: &Context<'_>) -> Element<'a, Message> {
    let seq = message.seq;
    let pills = message.reactions.iter().map(|reaction| {
        let mine = is_mine(reaction, context.me);
        let label = row![
            ellipsis(reaction.emoji.as_str(), Type::Meta, inherited),
            label(reaction.count.to_string(), Type::Meta),
        ]
        .spacing(6)
        .align_y(Center);
        let react = |seq| Message::Act(Act::React(seq, reaction.emoji.to_string(), !mine));
        let pill = button(label).padding([3, 9]).style(theme::reaction(mine)).on_press_maybe(seq.map(react));
        hint(pill, who_reacted(reaction, context))
    });
    container(Line::with_children(pills).spacing(6).wrap().vertical_spacing(4.0)).padding([4, 0]).into()
}

fn who_reacted(reaction: &Reaction, context: &Context<'_>) -> String {
    let others = reaction.by.iter().filter(|by| Some(*by) != context.me);
    let names = others.filter_map(|by| context.timeline.nickname(by)).map(|name| name.as_str());
    let count = usize::try_from(reaction.count).unwrap_or(usize::MAX);
    format::names_and_others(is_mine(reaction, context.me), names, count)
}

fn delivery<'a>(message: &MessageRow<'a>) -> Option<Element<'a, Message>> {
    let Delivery::Failed { send, reason, can_retry } = message.delivery else { return None };
    let copy =
        message.text.map(|text| small("Copy text", theme::quiet).on_press(Message::Copy(text.to_owned())));
    let what = row![
        icon(Icon::CircleAlert, 14).line_height(18.0 / 14.0).style(theme::bad),
        label("Failed to send", Type::Label).style(theme::bad),
        label(reason, Type::Meta).style(theme::muted).width(Fill),
    ];
    let press = row![]
        .push(can_retry.then(|| small("Retry", theme::secondary).on_press(Message::Act(Act::Retry(send)))))
        .push(copy)
        .push(small("Delete", theme::quiet).on_press(Message::Act(Act::Discard(send))));
    Some(column![what.spacing(6), press.spacing(4)].spacing(4).padding([2, 0]).into())
}
