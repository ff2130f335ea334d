//! What a message says: its paragraphs, quotes, lists and code, as they were read when it came.

use iced::{
    Bottom, Center, Element, Fill, Font, Padding, Shrink, Theme,
    alignment::Horizontal,
    border,
    widget::{Column, column, container, row, rule, span, text},
};
use snug_core::{
    format,
    highlight::{self, Highlighted, Token},
    markup::{Block, BlockKind, Markup, Run, RunKind, Style},
    mention, selection,
    timeline::{Delivery, MessageRow},
};

use super::{super::Message, Context};
use crate::{
    font,
    icon::{Icon, icon},
    theme,
    widget::{Type, fold, hint, inherited, label, selectable, selectable_words, small},
};

/// A text made of pieces that look different; a link holds its address.
type Spans<'a> = Vec<text::Span<'a, String, Font>>;

/// Lines of a long message that are shown at first, and their height.
const LINES: usize = 20;
const LINE: f32 = 22.0;
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
    let body = folded(said(words, message.markup, ink, context), words, message, context);
    if pending {
        let clock = icon(Icon::Clock, 12).line_height(22.0 / 12.0).style(theme::muted);
        return row![body, clock].spacing(8).wrap().vertical_spacing(0.0).into();
    }
    if message.edited {
        let edited = label("(edited)", Type::Meta).line_height(Type::Body.line_height()).style(theme::muted);
        let edited = hint(edited, when_edited(message, context));
        // Below words that leave no room beside them.
        return row![body, edited].spacing(6).align_y(Bottom).wrap().vertical_spacing(0.0).into();
    }
    body
}

/// Who changed it, and when.
fn when_edited(message: &MessageRow<'_>, context: &Context<'_>) -> String {
    let who = if message.own { "you" } else { message.user.as_str() };
    match message.edited_at {
        Some(at) => format!("Edited by {who}, {}", format::stamp(at, &context.look.zone)),
        None => format!("Edited by {who}"),
    }
}

/// What is longer than [`LINES`] shows its beginning, until all of it is asked for.
fn folded<'a>(
    body: Element<'a, Message>,
    words: &str,
    message: &MessageRow<'_>,
    context: &Context<'_>,
) -> Element<'a, Message> {
    // As many letters fill the lines in the narrowest window; what is shorter is not even measured.
    const SHORT: usize = 500;
    if words.len() < SHORT && words.bytes().filter(|byte| *byte == b'\n').count() < LINES {
        return body;
    }
    let is_open = context.joined.is_unfolded(message.id);
    let words = if is_open { "Show less" } else { "Show more" };
    let button = small(words, theme::link).padding([3, 0]).on_press(Message::Fold(message.id));
    fold(body, button, LINES as f32 * LINE, is_open)
}

fn said<'a>(
    words: &'a str,
    markup: &'a Markup,
    ink: fn(&Theme) -> text::Style,
    context: &Context<'_>,
) -> Element<'a, Message> {
    // Most messages are words and nothing else.
    if markup.is_plain() {
        return selectable_words(format::expand_tabs(words), Type::Body)
            .style(ink)
            .selected(context.selected.clone())
            .into();
    }
    let mut blocks = placed(markup.blocks(words), context.highlighter.get(words));
    if markup.is_jumbo() {
        let lines = blocks.map(|Placed { block, before, .. }| {
            rich(&block, spans(&block, context), before, Type::Jumbo, ink, context)
        });
        return Column::with_children(lines).into();
    }
    match (blocks.next(), blocks.next()) {
        (Some(only), None) if only.block.quote == 0 => block(&only, ink, context),
        (first, second) => {
            let all: Vec<Placed<'a, '_>> = first.into_iter().chain(second).chain(blocks).collect();
            stack(&all, 0, ink, context).into()
        }
    }
}

/// A block in its message.
struct Placed<'a, 't> {
    block: Block<'a>,
    /// How many bytes of the message's words come before it.
    before: usize,
    /// Of code, what is known of its words.
    tokens: &'t [(u32, Token)],
}

fn placed<'a, 't>(
    blocks: impl Iterator<Item = Block<'a>>,
    highlighted: Option<&'t Highlighted>,
) -> impl Iterator<Item = Placed<'a, 't>> {
    blocks.scan(0, move |next, block| {
        let before = *next;
        *next += selection::len_of(&block) + 1;
        let tokens = highlighted.map(|highlighted| highlighted.tokens(before)).unwrap_or_default();
        Some(Placed { block, before, tokens })
    })
}

/// Blocks below each other, those of a quote behind its bar.
fn stack<'a>(
    blocks: &[Placed<'a, '_>],
    depth: u8,
    ink: fn(&Theme) -> text::Style,
    context: &Context<'_>,
) -> Column<'a, Message> {
    let mut all = column![];
    let mut at = 0;
    while let Some(first) = blocks.get(at) {
        let below = if at == 0 { 0.0 } else { gap(&blocks[at - 1].block, &first.block) };
        let quoted = blocks[at..].iter().take_while(|placed| placed.block.quote > depth).count();
        let part: Element<'a, Message> = if quoted > 0 {
            let inside = stack(&blocks[at..at + quoted], depth + 1, theme::muted, context);
            // As high as what it stands beside, not as high as there is room.
            row![rule::vertical(3).style(theme::quote_bar), inside].height(Shrink).spacing(10).into()
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
    placed: &Placed<'a, '_>,
    ink: fn(&Theme) -> text::Style,
    context: &Context<'_>,
) -> Element<'a, Message> {
    let Placed { block, before, .. } = placed;
    match block.kind {
        BlockKind::Paragraph => rich(block, spans(block, context), *before, Type::Body, ink, context),
        BlockKind::Item { indent, number } => {
            let words = rich(block, spans(block, context), *before, Type::Body, ink, context);
            item(words, indent, number, block.is_rtl)
        }
        BlockKind::Code { language } => code(placed, language, context),
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
fn code<'a>(placed: &Placed<'a, '_>, language: &'a str, context: &Context<'_>) -> Element<'a, Message> {
    let Placed { block, before, .. } = placed;
    let copied = block.words();
    let name = if language.is_empty() { "Code" } else { language };
    let copy = small("Copy", theme::quiet).padding([3, 8]);
    let head = row![
        label(name, Type::Meta).style(theme::muted).width(Fill),
        hint(copy.on_press(Message::Copy(copied)), "Copy the code"),
    ]
    .align_y(Center)
    .padding(Padding { top: 3.0, right: 4.0, bottom: 0.0, left: 12.0 });
    let spans = (code_spans(placed, context), Vec::new());
    let words = rich(block, spans, *before, Type::Code, inherited, context);
    let inside = container(words).padding(Padding { top: 2.0, right: 12.0, bottom: 10.0, left: 12.0 });
    container(column![head, inside]).width(Fill).style(theme::code_card).into()
}

/// Code, in the colours of its words where they are known.
fn code_spans<'a>(placed: &Placed<'a, '_>, context: &Context<'_>) -> Spans<'a> {
    let palette = context.look.palette;
    let colored = |(word, token)| span(word).color_maybe(palette.code(token));
    highlight::cut(&placed.block, placed.tokens).into_iter().map(colored).collect()
}

/// The one place where a text of spans becomes a widget. `before`: bytes of the message's words above it.
fn rich<'a>(
    block: &Block<'a>,
    (spans, asides): (Spans<'a>, Vec<usize>),
    before: usize,
    kind: Type,
    ink: fn(&Theme) -> text::Style,
    context: &Context<'_>,
) -> Element<'a, Message> {
    let text = selectable(spans, kind)
        .on_link_click(Message::Open)
        .style(ink)
        .after(before)
        .asides(asides)
        .selected(context.selected.clone());
    // Its lines are aligned within it already.
    if block.is_rtl && kind != Type::Code { container(text).align_right(Fill).into() } else { text.into() }
}

/// The runs of a block as they are drawn, and which of them are words of ours.
fn spans<'a>(block: &Block<'a>, context: &Context<'_>) -> (Spans<'a>, Vec<usize>) {
    let palette = context.look.palette;
    let (mut spans, mut asides): (Spans<'a>, Vec<usize>) = (Vec::new(), Vec::new());
    let mut runs = block.runs_naming(&context.names).peekable();
    while let Some(run) = runs.next() {
        let is_me = run.kind == RunKind::Mention && mention::is_mentioned(run.text, context.nickname);
        let drawn = drawn(&run, palette, is_me);
        if spans.last().is_some_and(|before| is_one_word(before, &drawn)) {
            asides.push(spans.len());
            spans.push(span(JOINER));
        }
        spans.push(drawn);
        let next = runs.peek().and_then(|next| next.link).map(|link| link.index);
        if let Some(host) = run.link.filter(|link| next != Some(link.index)).and_then(|link| link.leads) {
            asides.push(spans.len());
            let leads = format!(" (leads to {host})");
            spans.push(span(leads).size(Type::Meta.size()).color(palette.muted));
        }
    }
    (spans, asides)
}

/// Nothing to see, and no place to break a line. cosmic-text 0.15 draws a word of ASCII letters in the font it begins with, even
/// where another one begins within the word; with this in it, the word is none of these.
const JOINER: &str = "\u{2060}";

/// Whether two spans in different fonts meet within a word: where no line may break, that is also before such a sign.
fn is_one_word(before: &text::Span<'_, String, Font>, after: &text::Span<'_, String, Font>) -> bool {
    let is_blank = before.text.ends_with(char::is_whitespace);
    let begins = |c: char| if is_blank { ".,:;/!?)]}".contains(c) } else { !c.is_whitespace() };
    after.text.starts_with(begins) && (before.font, before.size) != (after.font, after.size)
}

fn drawn<'a>(run: &Run<'a>, palette: &theme::Palette, is_me: bool) -> text::Span<'a, String, Font> {
    let words = span(format::expand_tabs(run.text)).strikethrough(run.style.strike);
    let words = match run.kind {
        RunKind::Words => words.font_maybe(styled(run.style)),
        RunKind::Emoji => words.font(font::EMOJI),
        RunKind::Mention => {
            let ground = is_me.then(|| palette.accent.scale_alpha(0.2));
            let words = words.font(font::SEMIBOLD).color(palette.accent);
            words.background_maybe(ground).border(border::rounded(4)).padding([0, 2])
        }
        RunKind::Code => words
            .font(font::MONO)
            .size(Type::Code.size())
            .background(palette.text.scale_alpha(0.09))
            .border(border::rounded(4))
            .padding([1, 2]),
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
