//! Where one writes: the text, and what it replies to or edits.

mod choices;
mod editing;
mod keys;

use std::sync::Arc;

use iced::{
    Center, Element, Fill, Padding, Task,
    widget::{
        column, container, operation, operation::AbsoluteOffset, row, space, text_editor, text_editor::Edit,
    },
};
use snug_core::{
    completion::Completion,
    format,
    rooms::{Draft, Purpose},
    timeline::OwnMessage,
    undo::Undo,
};
use snug_shared::{MessageText, Nickname, Seq, TextError, limits};
use unicode_segmentation::UnicodeSegmentation;

#[cfg(test)]
pub(super) use choices::COMMANDS;
pub use choices::Complete;
pub use editing::Mark;
use editing::Recalled;

use super::{
    Message,
    picker::{Pick, PickFor},
    selecting::Reach,
};
use crate::{
    icon::{Icon, icon},
    theme,
    widget::{
        Type, clipped, ellipsis, ellipsis_beside, follow_caret, hint, icon_button, idle_caret, label,
        nothing, reason, scroll,
    },
};

const ID: &str = "composer";
const SCROLL: &str = "composer-scroll";
/// The width of the button that closes a reply.
const CLOSE: f32 = 56.0;
const LINES: f32 = 8.0;
const LINE: f32 = 22.0;
/// Above and below the text.
const EDGE: f32 = 5.0;
/// From the box's left edge to the text.
pub(super) const LEFT: f32 = 14.0;
/// The room for its scroll bar.
const BAR: f32 = 12.0;
/// The height of the line above the box.
const ABOVE: f32 = 32.0;
/// How much of a quoted message is shown.
const QUOTE: usize = 120;
/// From so few characters that still fit on, their number is shown.
const FEW_LEFT: usize = 400;

/// See the [module](self).
#[derive(Debug, Default)]
pub struct Composer {
    content: text_editor::Content,
    purpose: Purpose,
    remark: Option<Remark>,
    undo: Undo<text_editor::Cursor>,
    completion: Option<Completion>,
    recalled: Option<Recalled>,
    /// How many characters still fit, or are too many, where that is worth a word.
    left: Option<Left>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    Fit(usize),
    TooMany(usize),
}

/// A sentence above the text, until the text changes.
#[derive(Debug)]
enum Remark {
    /// Why the text was not taken.
    Refusal(String),
    /// Something to know.
    Hint(String),
}

impl Composer {
    /// Goes on with a draft.
    pub fn new(draft: &Draft) -> Self {
        let mut composer = Self { purpose: draft.purpose.clone(), ..Self::default() };
        if !draft.text.is_empty() {
            composer.set(&draft.text);
        }
        composer
    }

    /// The text so far, and its purpose.
    pub fn draft(&self) -> Draft {
        let text = if self.is_empty() { String::new() } else { self.content.text() };
        Draft { text, purpose: self.purpose.clone() }
    }

    /// Puts the caret into it.
    pub fn focus<T: Send + 'static>() -> Task<T> {
        operation::focus(ID)
    }

    /// Scrolls the text, to so many pixels from its top.
    pub fn scroll<T: Send + 'static>(offset: f32) -> Task<T> {
        operation::scroll_to(SCROLL, AbsoluteOffset { x: None, y: Some(offset) })
    }

    /// The purpose of the text.
    pub fn purpose(&self) -> &Purpose {
        &self.purpose
    }

    /// The text to send, when there is one.
    pub fn text(&self) -> Option<String> {
        let text = self.content.text();
        let text = text.trim_matches('\n').trim_end();
        (!text.trim().is_empty()).then(|| text.to_owned())
    }

    /// Whether nothing is written.
    pub fn is_empty(&self) -> bool {
        self.content.is_empty()
    }

    /// A key, a click or a paste. Says whether the text changed.
    pub fn perform(&mut self, action: text_editor::Action) -> bool {
        let action = match action {
            text_editor::Action::Edit(Edit::Paste(pasted)) => {
                let pasted = format::expand_tabs(&pasted);
                if !self.fits(&pasted) {
                    self.refuse(TextError::TooLong(limits::MESSAGE_CLUSTERS).to_string());
                    return false;
                }
                text_editor::Action::Edit(Edit::Paste(Arc::new(pasted.into_owned())))
            }
            other => other,
        };
        let changes = action.is_edit();
        self.remember(&action);
        self.content.perform(action);
        if changes {
            self.changed();
        }
        changes
    }

    fn changed(&mut self) {
        (self.remark, self.completion) = (None, None);
        self.left = left(&self.content.text());
    }

    /// Checked before the editor lays it out: a pasted book would hold the window up.
    fn fits(&self, pasted: &str) -> bool {
        let together = self.content.text().len() + pasted.len();
        together <= limits::MESSAGE_BYTES
            && (together <= limits::MESSAGE_CLUSTERS || MessageText::parse(pasted.replace('\r', "")).is_ok())
    }

    /// Shows why the text was not taken.
    pub fn refuse(&mut self, sentence: String) {
        self.remark = Some(Remark::Refusal(sentence));
    }

    /// Shows something to know.
    pub fn hint(&mut self, sentence: &str) {
        self.remark = Some(Remark::Hint(sentence.to_owned()));
    }

    /// Begins a command, which can be completed by hand.
    pub fn begin(&mut self, command: &str) {
        let _ = self.cancel();
        let now = self.snapshot();
        self.undo.before(snug_core::undo::Change::Other, || now);
        self.set(command);
        self.changed();
    }

    /// Which own message was called back last, if one was.
    pub fn recalled(&self) -> Option<usize> {
        self.recalled.as_ref().map(|recalled| recalled.index)
    }

    /// Begins a reply; the text stays.
    pub fn reply(&mut self, seq: Seq, user: Nickname, text: &str) {
        let _ = self.cancel();
        self.purpose = Purpose::Reply { seq, user, quote: format::one_line(text, QUOTE) };
    }

    /// Begins to edit an own message; the text comes back afterwards.
    pub fn edit(&mut self, message: OwnMessage, text: &str) {
        let _ = self.cancel();
        let before = self.content.text();
        self.set(text);
        self.changed();
        self.purpose = Purpose::Edit { message, before };
    }

    /// Ends a reply or an edit. Says whether there was one.
    pub fn cancel(&mut self) -> bool {
        self.remark = None;
        match std::mem::take(&mut self.purpose) {
            Purpose::Message => false,
            Purpose::Reply { .. } => true,
            Purpose::Edit { before, .. } => {
                self.set(&before);
                self.changed();
                true
            }
        }
    }

    /// What is selected of the text.
    pub fn selected(&self) -> Option<String> {
        self.content.selection()
    }

    /// The text was taken: what is next begins empty, or goes on where it was before an edit.
    pub fn sent(&mut self) {
        if matches!(self.purpose, Purpose::Edit { .. }) {
            let _ = self.cancel();
        } else {
            *self = Self::default();
        }
    }

    /// The box at the bottom of the room, and a line above it: what the text is for, or else who is typing.
    pub(super) fn view(&self, placeholder: String, typing: String, reach: Reach) -> Element<'_, Message> {
        let has_choices = self.completion.is_some();
        let editor = text_editor(&self.content)
            .id(ID)
            .placeholder(placeholder)
            .size(Type::Body.size())
            .line_height(Type::Body.line_height())
            .font(Type::Body.font())
            .padding(Padding::ZERO.right(BAR))
            .min_height(LINE)
            .style(theme::composer_text)
            .key_binding(move |press| keys::binding(press, reach, has_choices))
            .on_action(Message::Write);
        // Whole lines are seen of it, so that none is cut; what is beyond has a scroll bar.
        let editor = scroll(follow_caret(idle_caret(editor), Message::Caret)).id(SCROLL);
        let editor = container(editor).padding([EDGE, 0.0]).max_height(LINES * LINE + 2.0 * EDGE);
        let ready = self.text().is_some();
        let glyph = if matches!(self.purpose, Purpose::Edit { .. }) { Icon::Check } else { Icon::Send };
        let send = icon_button(glyph)
            .style(if ready { theme::primary } else { theme::quiet })
            .on_press_maybe(ready.then_some(Message::Submit));
        let pick = Message::Pick(Pick::Toggle(PickFor::Text));
        let smile = hint(icon_button(Icon::Smile).on_press(pick), "Emoji");
        let buttons = row![smile, hint(send, "Send (Enter)")].spacing(2);
        let line = row![editor, buttons].spacing(8).align_y(iced::Bottom);
        let inside = container(line)
            .padding(Padding { top: 6.0, right: 6.0, bottom: 6.0, left: LEFT })
            .style(theme::composer);
        // Always there and equally high, so that nothing moves when a reply begins or somebody types.
        let typing = || container(label(typing, Type::Meta).style(theme::muted)).padding([0, 14]).into();
        let above = container(self.purpose_line().unwrap_or_else(typing)).center_y(ABOVE).width(Fill);
        let above = row![above].push(self.left.map(left_label)).align_y(Center);
        // Always the same children in the same order: the editor keeps its focus by its place among them.
        column![self.remark(), above, inside].into()
    }

    fn remark(&self) -> Element<'_, Message> {
        let sentence = match &self.remark {
            Some(Remark::Refusal(sentence)) => reason(sentence.as_str()),
            Some(Remark::Hint(sentence)) => label(sentence.as_str(), Type::Meta).style(theme::muted).into(),
            None => return nothing(),
        };
        container(sentence).padding(Padding { top: 4.0, right: 14.0, bottom: 2.0, left: 14.0 }).into()
    }

    fn purpose_line(&self) -> Option<Element<'_, Message>> {
        let (glyph, what, quote) = match &self.purpose {
            Purpose::Message => return None,
            Purpose::Reply { user, quote, .. } => {
                (Icon::CornerUpLeft, format!("Replying to {user}"), Some(quote.as_str()))
            }
            Purpose::Edit { .. } => (Icon::Pencil, "Editing your message".to_owned(), None),
        };
        let quote = quote.map(|quote| clipped(ellipsis(quote, Type::Meta, theme::muted), Fill));
        let line = row![
            icon(glyph, 14).style(theme::muted),
            ellipsis_beside(what, Type::Label, theme::muted, CLOSE)
        ];
        let fill = quote.is_none().then(space::horizontal);
        Some(
            line.push(quote)
                .push(fill)
                .push(icon_button(Icon::X).on_press(Message::Escape))
                .spacing(8)
                .align_y(Center)
                .padding(Padding { top: 0.0, right: 6.0, bottom: 0.0, left: 14.0 })
                .into(),
        )
    }
}

fn left(text: &str) -> Option<Left> {
    if text.len() + FEW_LEFT < limits::MESSAGE_CLUSTERS {
        return None;
    }
    let clusters = text.graphemes(true).count();
    let over = clusters
        .saturating_sub(limits::MESSAGE_CLUSTERS)
        .max(text.len().saturating_sub(limits::MESSAGE_BYTES));
    let fit = limits::MESSAGE_CLUSTERS
        .saturating_sub(clusters)
        .min(limits::MESSAGE_BYTES.saturating_sub(text.len()));
    match (over, fit) {
        (0, 0..=FEW_LEFT) => Some(Left::Fit(fit)),
        (0, _) => None,
        (over, _) => Some(Left::TooMany(over)),
    }
}

fn left_label<'a>(left: Left) -> Element<'a, Message> {
    let (words, style): (_, fn(&iced::Theme) -> iced::widget::text::Style) = match left {
        Left::Fit(count) => (format!("{count} left"), theme::muted),
        Left::TooMany(count) => (format!("{count} too many"), theme::bad),
    };
    container(label(words, Type::Meta).style(style)).padding([0, 14]).into()
}
