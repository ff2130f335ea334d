//! Which words a window shows, and where.

use iced::{
    Rectangle, Vector,
    advanced::widget::{
        Id, Operation,
        operation::{Scrollable, TextInput},
    },
};

/// Finds every text that is to be seen. What a list or a container ends at its upper and lower edge is not.
pub struct Texts {
    /// The texts, and where they stand.
    pub found: Vec<(String, Rectangle)>,
    /// What is to be seen of the window here, and how far it is scrolled.
    seen: Rectangle,
    scrolled: Vector,
    /// The same within what was just entered.
    inside: (Rectangle, Vector),
}

impl Default for Texts {
    fn default() -> Self {
        let everything = Rectangle::INFINITE;
        Self {
            found: Vec::new(),
            seen: everything,
            scrolled: Vector::ZERO,
            inside: (everything, Vector::ZERO),
        }
    }
}

impl Texts {
    fn enter(&mut self, bounds: Rectangle, by: Vector) {
        let bounds = bounds - self.scrolled;
        let (top, end) =
            (bounds.y.max(self.seen.y), (bounds.y + bounds.height).min(self.seen.y + self.seen.height));
        let seen = Rectangle { y: top, height: (end - top).max(0.0), ..self.seen };
        self.inside = (seen, self.scrolled + by);
    }
}

impl Operation for Texts {
    fn traverse(&mut self, operate: &mut dyn FnMut(&mut dyn Operation)) {
        let before = (self.seen, self.scrolled);
        (self.seen, self.scrolled) = self.inside;
        operate(self);
        (self.seen, self.scrolled) = before;
        self.inside = before;
    }

    fn container(&mut self, _: Option<&Id>, bounds: Rectangle) {
        self.enter(bounds, Vector::ZERO);
    }

    fn scrollable(
        &mut self,
        _: Option<&Id>,
        bounds: Rectangle,
        _: Rectangle,
        translation: Vector,
        _: &mut dyn Scrollable,
    ) {
        self.enter(bounds, translation);
    }

    fn text(&mut self, _: Option<&Id>, bounds: Rectangle, text: &str) {
        let seen = (bounds - self.scrolled).intersection(&self.seen).unwrap_or_default();
        if !text.trim().is_empty() && seen.width > 1.0 && seen.height > 1.0 {
            self.found.push((text.to_owned(), seen));
        }
    }

    fn text_input(&mut self, id: Option<&Id>, bounds: Rectangle, input: &mut dyn TextInput) {
        let text = input.text().to_owned();
        self.text(id, bounds, &text);
    }
}
