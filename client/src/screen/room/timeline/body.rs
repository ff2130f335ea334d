//! What a message says: its paragraphs, quotes, lists and code, as they were read when it came.

use iced::{
    Bottom, Center, Element, Fill, Font, Padding, Theme,
    advanced::text::Wrapping,
    alignment::Horizontal,
    border,
    widget::{Column, column, container, rich_text, row, rule, span, text},
};
use snug_core::{
    format,
    markup::{Block, BlockKind, Markup, Run, RunKind, Style},
    timeline::{Delivery, MessageRow},
};

use super::{super::Message, Context};
use crate::{
    font,
    icon::{Icon, icon},
    theme,
    widget::{Type, hint, inherited, label, small},
};

/// A text made of pieces that look different; a link holds its address.
type Spans<'a> = Vec<text::Span<'a, String, Font>>;

/// Between paragraphs, and around quotes and code.
const GAP: f32 = 6.0;
/// How far a list within a list stands in.
const INDENT: f32 = 20.0;
/// The width of a bullet; each digit of a number adds to it.
const BULLET: f32 = 16.0;
const DIGIT: f32 = 9.0;

/// See the [module](self).
pub(super) fn view<'a>(message: &MessageRow<'a>, context: &Context<'_>) -> Element<'a, Message> {
    let Some(words) = message.text else {
        return label("This message was deleted.", Type::Body).style(theme::muted).into();
    };
    let pending = message.delivery == Delivery::Sending;
    let ink = if pending { theme::muted } else { inherited };
    let body = said(words, message.markup, ink, context);
    if pending {
        let clock = icon(Icon::Clock, 12).line_height(22.0 / 12.0).style(theme::muted);
        return row![body, clock].spacing(8).into();
    }
    if message.edited {
        let edited = label("(edited)", Type::Meta).line_height(Type::Body.line_height()).style(theme::muted);
        return row![body, edited].spacing(6).align_y(Bottom).into();
    }
    body
}

fn said<'a>(
    words: &'a str,
    markup: &'a Markup,
    ink: fn(&Theme) -> text::Style,
    context: &Context<'_>,
) -> Element<'a, Message> {
    // Most messages are words and nothing else.
    if markup.is_plain() {
        return label(format::expand_tabs(words), Type::Body)
            .wrapping(Wrapping::WordOrGlyph)
            .style(ink)
            .into();
    }
    let mut blocks = markup.blocks(words);
    if markup.is_jumbo() {
        let spans = blocks.flat_map(|block| spans(&block, context).collect::<Vec<_>>()).collect();
        return rich(spans, Type::Jumbo, ink, false);
    }
    match (blocks.next(), blocks.next()) {
        (Some(only), None) if only.quote == 0 => block(&only, ink, context),
        (first, second) => {
            let all: Vec<Block<'a>> = first.into_iter().chain(second).chain(blocks).collect();
            stack(&all, 0, ink, context).into()
        }
    }
}

/// Blocks below each other, those of a quote behind its bar.
fn stack<'a>(
    blocks: &[Block<'a>],
    depth: u8,
    ink: fn(&Theme) -> text::Style,
    context: &Context<'_>,
) -> Column<'a, Message> {
    let mut all = column![];
    let mut at = 0;
    while let Some(first) = blocks.get(at) {
        let below = if at == 0 { 0.0 } else { gap(&blocks[at - 1], first) };
        let quoted = blocks[at..].iter().take_while(|block| block.quote > depth).count();
        let part: Element<'a, Message> = if quoted > 0 {
            let inside = stack(&blocks[at..at + quoted], depth + 1, theme::muted, context);
            row![rule::vertical(3).style(theme::quote_bar), inside].spacing(10).into()
        } else {
            block(first, ink, context)
        };
        all = all.push(container(part).padding(Padding::ZERO.top(below)));
        at += quoted.max(1);
    }
    all
}

/// Items of one list stand close.
fn gap(above: &Block<'_>, below: &Block<'_>) -> f32 {
    let is_item = |block: &Block<'_>| matches!(block.kind, BlockKind::Item { .. });
    if above.quote == below.quote && is_item(above) && is_item(below) { 1.0 } else { GAP }
}

fn block<'a>(
    block: &Block<'a>,
    ink: fn(&Theme) -> text::Style,
    context: &Context<'_>,
) -> Element<'a, Message> {
    match block.kind {
        BlockKind::Paragraph => rich(spans(block, context).collect(), Type::Body, ink, block.is_rtl),
        BlockKind::Item { indent, number } => {
            let words = rich(spans(block, context).collect(), Type::Body, ink, block.is_rtl);
            item(words, indent, number, block.is_rtl)
        }
        BlockKind::Code { language } => code(block, language, context),
    }
}

fn item<'a>(
    words: Element<'a, Message>,
    indent: u8,
    number: Option<u32>,
    is_rtl: bool,
) -> Element<'a, Message> {
    let mark = number.map_or_else(|| "•".to_owned(), |number| format!("{number}."));
    let width = BULLET + if number.is_some() { DIGIT * (mark.len() - 1) as f32 } else { 0.0 };
    let mark = label(mark, Type::Body).style(theme::muted).width(width).align_x(Horizontal::Center);
    let inset = INDENT * f32::from(indent);
    if is_rtl {
        row![words, mark].spacing(4).padding(Padding::ZERO.right(inset)).into()
    } else {
        row![mark, words].spacing(4).padding(Padding::ZERO.left(inset)).into()
    }
}

/// Code as a card, with its language and a way to copy it.
fn code<'a>(block: &Block<'a>, language: &'a str, context: &Context<'_>) -> Element<'a, Message> {
    let copied = block.words();
    let name = if language.is_empty() { "Code" } else { language };
    let head = row![
        label(name, Type::Meta).style(theme::muted).width(Fill),
        hint(small("Copy", theme::quiet).padding([3, 8]).on_press(Message::Copy(copied)), "Copy the code"),
    ]
    .align_y(Center)
    .padding(Padding { top: 3.0, right: 4.0, bottom: 0.0, left: 12.0 });
    let words = rich(code_spans(block, context), Type::Code, inherited, false);
    let inside = container(words).padding(Padding { top: 2.0, right: 12.0, bottom: 10.0, left: 12.0 });
    container(column![head, inside]).width(Fill).style(theme::code_card).into()
}

fn code_spans<'a>(block: &Block<'a>, _context: &Context<'_>) -> Spans<'a> {
    block.runs().map(|run| span(format::expand_tabs(run.text))).collect()
}

/// The one place where a text of spans becomes a widget.
fn rich<'a>(
    spans: Spans<'a>,
    kind: Type,
    ink: fn(&Theme) -> text::Style,
    is_rtl: bool,
) -> Element<'a, Message> {
    let text = rich_text(spans)
        .on_link_click(Message::Open)
        .size(kind.size())
        .line_height(kind.line_height())
        .font(kind.font())
        .wrapping(Wrapping::WordOrGlyph)
        .style(ink);
    if is_rtl { text.width(Fill).align_x(Horizontal::Right).into() } else { text.into() }
}

fn spans<'a>(
    block: &Block<'a>,
    context: &Context<'_>,
) -> impl Iterator<Item = text::Span<'a, String, Font>> + use<'a> {
    let palette = context.look.palette;
    let mut runs = block.runs().peekable();
    std::iter::from_fn(move || {
        let run = runs.next()?;
        let next = runs.peek().and_then(|next| next.link).map(|link| link.index);
        let leads = run.link.filter(|link| next != Some(link.index)).and_then(|link| link.leads);
        let after = leads
            .map(|host| span(format!(" (leads to {host})")).size(Type::Meta.size()).color(palette.muted));
        Some([Some(drawn(&run, palette)), after])
    })
    .flatten()
    .flatten()
}

fn drawn<'a>(run: &Run<'a>, palette: &theme::Palette) -> text::Span<'a, String, Font> {
    let words = span(format::expand_tabs(run.text)).strikethrough(run.style.strike);
    let words = match run.kind {
        RunKind::Words => words.font_maybe(styled(run.style)),
        RunKind::Emoji => words.font(font::EMOJI),
        RunKind::Mention => words.font(font::SEMIBOLD).color(palette.accent),
        RunKind::Code => words
            .font(font::MONO)
            .size(Type::Code.size())
            .background(palette.text.scale_alpha(0.09))
            .border(border::rounded(4))
            .padding([1, 3]),
    };
    match run.link {
        Some(link) => words.color(palette.link).underline(true).link(link.to.to_owned()),
        None => words,
    }
}

/// The font of an emphasised text; none for the one of all others.
fn styled(style: Style) -> Option<Font> {
    match (style.bold, style.italic) {
        (false, false) => None,
        (true, false) => Some(font::SEMIBOLD),
        (false, true) => Some(font::ITALIC),
        (true, true) => Some(font::SEMIBOLD_ITALIC),
    }
}
